//! `check`: checks the configuration for publishing and receiving.

mod checks;
mod development;
mod finding;
mod keys;
mod known_names;
mod names;
mod online;
mod publishing;
mod report;
mod values;

use std::time::Duration;

use clap::Args;

use crate::environment::EnvironmentOptions;
use crate::output::{self, Outcome, Verdict};
use crate::time;
use finding::Level;
use report::Report;

/// Check QStash's variables, in the environment and a file .env
#[derive(Args, Debug)]
#[command(after_help = "\
At most the first four and last two characters of keys and tokens are printed.

Exit status: 1 if there is an error or, with --strict, a warning; else 0; 2 if the \
command was used wrongly or could not run.

Examples:
  qstash-verify check
  As a step of a deployment, with only the variables of a file:
    env -i \"$(command -v qstash-verify)\" check --env-file production.env --strict
  With the signing keys of the QStash console:
    qstash-verify check --online
  For programs:
    qstash-verify check --json")]
pub(crate) struct Options {
    #[command(flatten)]
    environment: EnvironmentOptions,
    /// Fetch the signing keys of the QStash console, and report other keys as errors
    #[arg(long)]
    online: bool,
    /// Time limit for the responses with --online
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "10",
        requires = "online",
        value_parser = time::parse_seconds
    )]
    timeout: Duration,
    /// Report warnings as errors
    #[arg(long)]
    strict: bool,
    /// Print one line of JSON: ok, mode, region, env_file, outgoing, incoming,
    /// checks (level, code, message), errors, warnings, notes, passed
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let environment = options.environment.read()?;
    let online = options.online.then_some(options.timeout);
    let mut report = Report::new(&environment, checks::run(&environment, online));
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
