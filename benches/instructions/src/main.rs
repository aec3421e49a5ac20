//! Counts the instructions of a verification, which vary less between runs than its
//! time:
//!
//! ```text
//! cargo run --profile bench -p qstash-verify-instructions              compares with counts.txt
//! cargo run --profile bench -p qstash-verify-instructions -- --update  rewrites counts.txt
//! cargo run --profile bench -p qstash-verify-instructions -- --time    the same work in seconds
//! ```
//!
//! A count is the difference of two runs under valgrind with different repeats, so that
//! startup and shutdown cancel out. The cryptography is counted separately and
//! subtracted, because valgrind lacks SHA instructions and it would dominate; so is the
//! same call of a service without verification.
#![allow(clippy::print_stdout, reason = "it prints a table")]
#![allow(clippy::print_stderr, reason = "it prints its error")]
#![allow(clippy::expect_used, reason = "a failed setup stops the measurement")]

mod cases;
mod count;
mod record;
mod request;
mod services;
mod time;
mod work;

use std::process::ExitCode;

const USAGE: &str = "without arguments: compare with counts.txt; --update: rewrite counts.txt; \
                     --time: measure the same work in nanoseconds";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [] => count::all().and_then(|counts| record::compare(&counts)),
        ["--update"] => count::all().and_then(|counts| record::write(&counts)),
        ["--time"] => time::all(),
        // A run under valgrind.
        [count::RUN, case, part, repeats] => count::run(case, part, repeats),
        ["--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::cases;

    #[test]
    fn each_case_has_its_code_and_status() {
        for case in cases::all() {
            let request = (case.request)();
            let code = request.verdict().err().map(|refused| refused.code());
            assert_eq!(code, case.code, "{}", case.name);
            let status = if code.is_some() { 401 } else { 200 };
            assert_eq!((case.work)(&request, 2).status, status, "{}", case.name);
            // The subtracted call has the same status.
            if let Some(without) = case.without {
                assert_eq!(without(&request, 2).status, status, "{}", case.name);
            }
        }
    }
}
