//! Measures the cost of verification in servers under load.
//!
//! `cargo run --release --locked -p qstash-verify-load` starts axum and actix-web on
//! loopback, each bare and wrapped, and sends them the same deliveries of 1 KiB on
//! keep-alive connections: genuine only, then mixed with as many forgeries. Bare and
//! wrapped alternate every tenth of a second, so that other load affects both. For
//! genuine traffic there is a third variant, the floor: the middleware of
//! `qstash-verify-floor`, which computes a MAC and a hash and ignores them. The test checks every response and the
//! servers' memory, prints the results, and exits with status 1 and a message if they
//! violate a limit.
//!
//! Each server is a process with one worker, pinned to one core, and the client is
//! pinned to another, so that the server is the bottleneck. With `--shared` nothing is
//! pinned and a server has a worker per core. The client sends the next request as soon
//! as it has a response, so the latencies are those of a saturated server and mostly
//! queueing time.
//!
//! `memory` instead measures the memory of connections with endless bodies, to a
//! refused and to an open route.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it prints tables and results"
)]

mod client;
mod cores;
mod delivery;
mod failure;
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

/// Measures the cost of verification in servers under load.
#[derive(Debug, Parser)]
#[command(max_term_width = 80)]
struct Arguments {
    /// Duration of each of the four comparisons
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Minimum number of checked responses of wrapped servers; a comparison may take up to
    /// three times as long to reach it
    #[arg(long, default_value_t = 1_000_000)]
    answers: usize,
    /// Number of connections to each server
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// Lets client and servers share all cores, with a worker per core, instead of pinning
    /// each to one
    #[arg(long)]
    shared: bool,
    /// Enables logging in the servers, at level info into a sink
    #[arg(long)]
    log: bool,
    /// Only checks responses and memory with a few thousand requests, without times, for any
    /// build and machine
    #[arg(long)]
    smoke: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Measures the memory of connections with endless bodies, to a refused and to an open
    /// route
    Memory {
        /// Number of concurrent connections
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(1..=1000))]
        connections: u16,
    },
    /// Runs a server until EOF on standard input.
    #[command(hide = true)]
    Serve(Target),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let exit = match arguments.role {
        Some(Role::Serve(target)) => server::run(target).map(|never| match never {}),
        Some(Role::Memory { connections }) => {
            memory::run(connections).map(|missed| conclude(&missed))
        }
        None => load(&arguments),
    };
    exit.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn load(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if cfg!(debug_assertions) && !arguments.smoke {
        return Err("unoptimised build: use --release, or --smoke".into());
    }
    let plan = Plan {
        bounds: bounds(arguments),
        connections: usize::from(arguments.connections),
        shared: arguments.shared,
        log: arguments.log,
        timed: !arguments.smoke,
    };
    let results = measure::run(plan)?;
    for comparison in &results.comparisons {
        if let Some(reason) = limits::unreliable(comparison, &plan) {
            println!("not judged: {reason}");
        }
    }
    report::print_answers(&results);
    Ok(conclude(&limits::violations(&results, &plan)))
}

/// Prints the violated limits, and returns the exit status.
fn conclude(violations: &[String]) -> ExitCode {
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
        // Bounded by the number of responses, for any machine.
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
