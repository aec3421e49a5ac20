//! The `qstash-verify` command, a diagnostic and development tool.
//!
//! All rules are the core's.
#![allow(
    clippy::doc_markdown,
    reason = "the docs of options are help texts, shown as they are"
)]

mod body;
mod check;
mod cli;
mod console;
mod environment;
mod generate;
mod input;
mod keys;
mod listen;
mod message;
mod output;
mod send;
mod sign;
mod tally;
mod time;
mod url;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::cli::{Cli, Command};
use crate::output::{Failure, Verdict};

fn main() -> ExitCode {
    let Cli { command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => cli::mask_secrets(error).exit(),
    };
    let outcome = match command {
        Command::Check(options) => check::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Sign(options) => sign::run(&options),
        Command::Send(options) => send::run(&options),
        Command::Listen(options) => listen::run(&options),
        Command::Keys(options) => console::run(&options),
        Command::Completions(options) => generate::completions(&options, Cli::command()),
        Command::Man(options) => generate::man(&options, Cli::command()),
    };
    match outcome {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Bad) => ExitCode::from(1),
        Err(Failure(reason)) => {
            output::error(&reason);
            ExitCode::from(2)
        }
    }
}
