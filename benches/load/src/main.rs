//! What verification costs a whole server under load.
//!
//! `cargo run --release --locked -p qstash-verify-load` starts axum and actix-web on
//! loopback, each bare and wrapped, and sends them the same deliveries of 1 KiB on
//! keep-alive connections: genuine ones alone, then mixed with as many forgeries. Bare
//! and wrapped alternate every tenth of a second, so that other load hits both. For
//! genuine traffic there is a third variant, the floor: the bare server with a handler
//! that computes the MAC and the hash that every verifier needs, and ignores them. The
//! test checks every answer and the servers' memory, prints the results, and ends with
//! status 1 and a sentence if they miss a limit.
//!
//! Each server is a process with one worker, pinned to one core, and the client is
//! pinned to another, so that the server is the bottleneck and its overhead shows in
//! full. With `--shared` nothing is pinned and a server has a worker per core, which
//! the client shares with bare and wrapped alike. The client sends the next request as
//! soon as it has its answer, so that the latencies are those of a saturated server and
//! mostly time in a queue.
//!
//! `memory` measures something else: what a connection takes whose client sends an
//! endless body to a refused route, and to an open one.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it prints a table and a verdict"
)]

mod client;
mod cores;
mod delivery;
mod failure;
mod floor;
mod limits;
mod measure;
mod memory;
mod plan;
mod process;
mod report;
mod results;
mod server;
mod statistics;
mod target;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::plan::{Bounds, Plan};
use crate::target::Target;

/// What verification costs a whole server under load.
#[derive(Debug, Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// How long each of the four comparisons takes
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How many answers of wrapped servers are to be checked in all; a comparison may take up to
    /// three times as long for it
    #[arg(long, default_value_t = 1_000_000)]
    answers: usize,
    /// How many connections are kept open to each server
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// Lets client and servers share all cores, with a worker for each, instead of giving the client
    /// one and the server one
    #[arg(long)]
    shared: bool,
    /// Lets the servers write their log, at level info and to nowhere
    #[arg(long)]
    log: bool,
    /// Only checks answers and memory, with a few thousand requests, in a few seconds; times
    /// nothing, so it does for any build and any machine
    #[arg(long)]
    smoke: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Measures the memory of connections whose clients send endless bodies to a refused
    /// and to an open route
    Memory {
        /// How many connections are opened at once
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(1..=1000))]
        connections: u16,
    },
    /// A server, until its standard input ends.
    #[command(hide = true)]
    Serve(Target),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let exit = match arguments.role {
        Some(Role::Serve(target)) => server::run(target).map(|never| match never {}),
        Some(Role::Memory { connections }) => memory::run(connections).map(|missed| judge(&missed)),
        None => load(&arguments),
    };
    exit.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn load(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if cfg!(debug_assertions) && !arguments.smoke {
        return Err("this build is not optimised: add --release, or --smoke".into());
    }
    let plan = Plan {
        bounds: bounds(arguments),
        connections: usize::from(arguments.connections),
        shared: arguments.shared,
        log: arguments.log,
        timed: !arguments.smoke,
    };
    let results = measure::run(plan)?;
    report::print_answers(&results);
    Ok(judge(&limits::violations(&results, &plan)))
}

/// Prints the verdict.
fn judge(violations: &[String]) -> ExitCode {
    for violation in violations {
        println!("FAILED: {violation}");
    }
    if violations.is_empty() {
        println!("passed");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn bounds(arguments: &Arguments) -> Bounds {
    if arguments.smoke {
        // Ends after a number of answers, on any machine.
        Bounds {
            comparison: Duration::ZERO,
            round: Duration::from_secs(60),
            round_answers: 2000,
            answers: 0,
        }
    } else {
        Bounds {
            comparison: Duration::from_secs(arguments.seconds),
            round: Duration::from_millis(100),
            round_answers: usize::MAX,
            answers: arguments.answers,
        }
    }
}
