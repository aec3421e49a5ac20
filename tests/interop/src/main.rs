//! Compares our verdicts on generated deliveries with those of the official SDKs; see
//! `scripts/interop`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test as a program: a panic fails it, and it prints its report"
)]

mod compare;
mod delivery;
mod differences;
mod generate;
#[cfg(test)]
mod jsonwebtoken;
mod ours;
mod report;
mod scene;
mod sdks;
mod signed;
mod token;

use std::ffi::OsStr;
use std::process::ExitCode;
use std::time::Instant;

use crate::differences::Differences;
use crate::report::Report;

/// The default seed.
pub(crate) const SEED: u64 = 2026;

struct Options {
    seed: u64,
    /// The index of a delivery to print.
    show: Option<usize>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        seed: SEED,
        show: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse().ok());
        match (name.as_str(), value) {
            ("--seed", Some(seed)) => options.seed = seed,
            ("--show", Some(index)) => options.show = usize::try_from(index).ok(),
            _ => {
                return Err(format!(
                    "unknown option or missing number: {name}; use --seed NUMBER or --show NUMBER"
                ));
            }
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            println!("{message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, String> {
    if cfg!(debug_assertions) {
        return Err(
            "a debug build accepts the development server's keys; run scripts/interop".to_owned(),
        );
    }
    let options = options()?;
    let mut differences = Differences::read(differences::FILE)?;
    let started = Instant::now();
    let command = sdks::program_directory().join("qstash-verify");
    println!("seed {}", options.seed);

    let mut cases = signed::captures();
    cases.extend(generate::cases(options.seed));
    cases.extend(signed::by_kit(options.seed));
    cases.extend(signed::by_command(&command, options.seed));
    if let Some(index) = options.show {
        let case = cases
            .get(index)
            .ok_or("--show: no delivery has this number")?
            .clone();
        cases = vec![case];
    }

    let lines: Vec<_> = cases.iter().map(|case| case.delivery.sdk_input()).collect();
    let (indices, command_lines): (Vec<_>, Vec<_>) = cases
        .iter()
        .enumerate()
        .filter_map(|(index, case)| Some((index, case.delivery.command_input()?)))
        .unzip();
    let (answers, (ours, commands)) = sdks::ask_both(&lines, || {
        let arguments = ["verify", "--batch"].map(OsStr::new);
        let asked = sdks::ask(&command, &arguments, command_lines);
        let ours: Vec<_> = cases
            .iter()
            .map(|case| ours::verdict(&case.delivery))
            .collect();
        let answers = asked.answers(indices.len());
        let commands = answers.iter().map(ours::of_command);
        (
            ours,
            indices.iter().copied().zip(commands).collect::<Vec<_>>(),
        )
    });

    if options.show.is_some() {
        report::show(&cases[0], &ours[0], &commands, &answers);
        return Ok(true);
    }
    let mut report = Report::new(&answers);
    for (index, (case, ours)) in cases.iter().zip(&ours).enumerate() {
        let verdicts = answers
            .iter()
            .map(|(sdk, (_, verdicts))| (*sdk, &verdicts[index]));
        let wrong = compare::check(case, ours, verdicts, &mut differences, &mut report);
        report.wrong(index, case, ours, &answers, wrong);
    }
    for (index, command) in commands {
        let wrong = compare::check_command(&ours[index], &command);
        report.command(index, &cases[index], &ours[index], &answers, wrong);
    }
    let unused = differences.unused();
    Ok(report.print(options.seed, &differences, &unused, started.elapsed()))
}
