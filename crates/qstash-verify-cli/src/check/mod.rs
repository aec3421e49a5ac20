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
Keys and tokens are shown as their first four and last two characters at most.

Exit status: 1 if there is an error or, with --strict, a warning; else 0; 2 if the
command was used wrongly or could not run.

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
    /// Print one line of JSON: ok, mode, region, env_file, outgoing, incoming,
    /// checks (level, code, message), errors, warnings, notes, passed
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
        output::print_json(&report.json())?;
    } else {
        output::print(&report)?;
    }
    Ok(Verdict::of(report.count(Level::Error) == 0))
}
