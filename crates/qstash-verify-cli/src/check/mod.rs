//! `check`: checks the configuration of one region or two, for publishing and
//! receiving.

mod checks;
mod development;
mod finding;
mod keys;
mod known_names;
mod names;
mod publishing;
mod report;
mod values;

use clap::Args;

use crate::environment::EnvironmentOptions;
use crate::output::{self, Outcome, Verdict};
use finding::Level;
use report::Report;

/// Check the variables of QStash, of this process and of a file .env
#[derive(Args, Debug)]
#[command(after_help = "\
Keys and tokens are shown as their first four and last two characters at most. The
exit status is 1 if there is an error.

Examples:
  qstash-verify check
  As a step of a deployment, with the variables of a file alone:
    env -i \"$(command -v qstash-verify)\" check --env-file production.env --strict
  For a program:
    qstash-verify check --json")]
pub(crate) struct Options {
    #[command(flatten)]
    environment: EnvironmentOptions,
    /// Make warnings errors
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let environment = options.environment.read()?;
    let mut report = Report::new(&environment, checks::run(&environment));
    if options.strict {
        report.make_strict();
    }
    if options.json {
        output::print(format_args!("{:#}\n", report.json()))?;
    } else {
        output::print(&report)?;
    }
    Ok(Verdict::of(report.count(Level::Error) == 0))
}
