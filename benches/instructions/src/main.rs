//! What a verification costs, in instructions, which are the same from run to
//! run where seconds are not:
//!
//! ```text
//! cargo run --profile bench -p qstash-verify-instructions              compares with counts.txt
//! cargo run --profile bench -p qstash-verify-instructions -- --update  rewrites counts.txt
//! cargo run --profile bench -p qstash-verify-instructions -- --time    the same work in seconds
//! ```
//!
//! A count is taken as the difference of two runs under valgrind, of which one
//! does the work so many times more often: what comes before and after it is
//! in both. The cryptography that no verifier can do without is counted by
//! itself and taken off, since valgrind knows no SHA instructions and it would
//! hide everything else; so is the same call of a service that isn't wrapped.
#![allow(clippy::print_stdout, reason = "the table is what it is run for")]
#![allow(clippy::print_stderr, reason = "it says why it fails")]
#![allow(
    clippy::expect_used,
    reason = "a measurement that can't be set up should stop"
)]

mod cases;
mod count;
mod record;
mod services;
mod time;

use std::process::ExitCode;

const USAGE: &str = "without arguments it compares with counts.txt, with --update it rewrites \
                     counts.txt, with --time it measures the same work in seconds";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [] => count::all().and_then(|counts| record::compare(&counts)),
        ["--update"] => count::all().and_then(|counts| record::write(&counts)),
        ["--time"] => time::all(),
        // What runs under valgrind.
        [count::PLAY, case, part, repeats] => count::play(case, part, repeats),
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
    fn each_case_is_what_it_is_called() {
        for case in cases::all() {
            let request = (case.request)();
            let code = request.verdict().err().map(|refused| refused.code());
            assert_eq!(code, case.code, "{}", case.name);
            let status = if code.is_some() { 401 } else { 200 };
            assert_eq!((case.work)(&request, 2).status, status, "{}", case.name);
            // What is compared gives the same answer.
            if let Some(without) = case.without {
                assert_eq!(without(&request, 2).status, status, "{}", case.name);
            }
        }
    }
}
