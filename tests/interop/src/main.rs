//! Has generated deliveries judged by us and by the official SDKs, and holds the
//! verdicts against each other; see `scripts/interop`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test in a program's clothes: what goes wrong here is to fail, and its report is what it prints"
)]

mod delivery;
mod differences;
mod generate;
mod judges;
mod ours;
mod report;
mod scene;
mod signed;
mod token;
mod verdicts;

use std::ffi::OsStr;
use std::process::ExitCode;
use std::time::Instant;

use crate::differences::Differences;
use crate::report::Report;

/// The seed of a run that names none.
pub(crate) const SEED: u64 = 2026;

struct Options {
    seed: u64,
    /// The one delivery that is wanted, with all that is said of it.
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
                    "{name}: there are --seed and --show, and each takes a number"
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
            "a debug build takes the development server's keys: use scripts/interop".to_owned(),
        );
    }
    let options = options()?;
    let mut differences = Differences::read(differences::FILE)?;
    let started = Instant::now();
    let command = judges::nowhere().join("qstash-verify");
    println!("seed {}", options.seed);

    let mut cases = signed::captures();
    cases.extend(generate::cases(options.seed));
    cases.extend(signed::by_kit(options.seed));
    cases.extend(signed::by_command(&command, options.seed));
    if let Some(index) = options.show {
        let case = cases.get(index).ok_or("there is no such delivery")?.clone();
        cases = vec![case];
    }

    let lines: Vec<_> = cases
        .iter()
        .map(|case| case.delivery.for_judges())
        .collect();
    let (told, command_lines): (Vec<_>, Vec<_>) = cases
        .iter()
        .enumerate()
        .filter_map(|(index, case)| Some((index, case.delivery.for_command()?)))
        .unzip();
    let (answers, (ours, commands)) = judges::ask_both(&lines, || {
        let arguments = ["verify", "--batch"].map(OsStr::new);
        let asked = judges::ask(&command, &arguments, command_lines);
        let ours: Vec<_> = cases
            .iter()
            .map(|case| ours::verdict(&case.delivery))
            .collect();
        let answers = asked.answers(told.len());
        let commands = answers.iter().map(ours::of_command);
        (ours, told.iter().copied().zip(commands).collect::<Vec<_>>())
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
        let wrong = verdicts::check(case, ours, verdicts, &mut differences, &mut report);
        report.wrong(index, case, ours, &answers, wrong);
    }
    for (index, command) in commands {
        let wrong = verdicts::check_command(&ours[index], &command);
        report.command(index, &cases[index], &ours[index], &answers, wrong);
    }
    let dead = differences.dead();
    Ok(report.print(options.seed, &differences, &dead, started.elapsed()))
}
