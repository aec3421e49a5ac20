//! `keys`: the signing keys of QStash's console beside those of the environment.

mod ask;
mod compare;
mod report;
mod roll;
mod write;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::environment::EnvironmentOptions;
use crate::keys::require_readable;
use crate::output::{self, Failure, Outcome, Verdict};
use crate::time;
pub(crate) use ask::ask;
pub(crate) use compare::{PairState, compare};
use report::Report;

/// Compare the signing keys with those of the QStash console, update or roll them
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "\
The console's keys are fetched from QStash's API, with the token of each pair: QSTASH_TOKEN \
and, with QSTASH_REGION, US_EAST_1_QSTASH_TOKEN and EU_CENTRAL_1_QSTASH_TOKEN. At most the \
first four and last two characters of keys are printed.

Exit status: 0 if each key is that of the console, or was written; 1 if one is stale; 2 if \
the API could not be asked or FILE could not be written, or the command was used wrongly.

--json prints one line: ok, pairs (region, host, state, message, error; current and next, \
each with variable, environment, source, console, state; before --write), written (file, \
variables, hidden).

A state is up_to_date, not_set, incomplete, swapped, rolled_once, wrong_next, other_region, \
stale or not_asked; that of a key also is_current or is_next.

Examples:
  qstash-verify keys
  Update a file of variables, after a roll:
    qstash-verify keys --write .env
  Roll the keys of a region:
    qstash-verify keys roll --region US_EAST_1"
)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Option<KeysCommand>,
    #[command(flatten)]
    environment: EnvironmentOptions,
    /// Set the variables of the signing keys in this file to the console's keys; all else
    /// stays as it is
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Time limit for the responses
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = time::parse_seconds)]
    timeout: Duration,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    Roll(roll::Options),
}

pub(crate) fn run(options: &Options) -> Outcome {
    match &options.command {
        Some(KeysCommand::Roll(options)) => roll::run(options),
        None => show(options),
    }
}

fn show(options: &Options) -> Outcome {
    let environment = options.environment.read()?;
    require_readable(&environment)?;
    let pairs = ask(&environment, options.timeout)?;
    let failures: Vec<_> = pairs
        .iter()
        .filter_map(|pair| pair.keys.as_ref().err())
        .collect();
    let written = match &options.write {
        Some(path) if failures.is_empty() => Some(write::write(path, &pairs, &environment)),
        _ => None,
    };
    let mut report = Report::new(&environment, &pairs);
    report.written = written.as_ref().and_then(|written| written.as_ref().ok());
    if options.json {
        output::print_json(&report.json())?;
    } else {
        output::print(&report)?;
    }
    if let Some((last, others)) = failures.split_last() {
        for failure in others {
            output::error(failure);
        }
        let aside = options
            .write
            .as_ref()
            .map_or("", |_| "; nothing was written");
        return Err(Failure::new(format!("{last}{aside}")));
    }
    let is_up_to_date = report.is_up_to_date();
    let Some(written) = written else {
        return Ok(Verdict::of(is_up_to_date));
    };
    let written = written?;
    for name in &written.hidden {
        output::note(format_args!(
            "{name} is another key in the environment of this process, which takes precedence \
             over {}: change it there, too",
            written.path.display()
        ));
    }
    Ok(Verdict::of(written.hidden.is_empty()))
}

/// Returns a runtime for requests.
fn runtime() -> Result<Runtime, Failure> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
