//! What verification costs a whole server under load.
//!
//! `cargo run --release --locked -p qstash-verify-load` starts axum and actix-web on
//! loopback, each bare and wrapped, and sends them the same deliveries of 1 KiB on
//! connections that are kept open: genuine ones alone, then as many forgeries among
//! them. Bare and wrapped take turns every tenth of a second, so that whatever else the
//! machine does hits both. With genuine ones, a third has its turn as well: the bare
//! one with a handler that makes the MAC and the hash and looks at neither, which is
//! what no verifier can do without. It checks every answer and the servers' memory, prints
//! what it measured, and ends with status 1 and a sentence if that is not good
//! enough; `--help` has the numbers.
//!
//! Each server is a process of its own with one worker, on a core of its own, and the
//! client is on another, so that it is the server that sets the pace and whatever it
//! does besides shows in full. With `--shared` nobody is given a core, and a server has
//! as many workers as there are cores: there the client takes its part of them, of bare
//! and wrapped alike. The client sends as soon as it has its answer: what it sees of
//! latency is that of a server with no time to spare, and most of it is spent waiting
//! for a turn.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a table and a verdict are what this is run for"
)]

mod client;
mod cores;
mod delivery;
mod floor;
mod measure;
mod process;
mod report;
mod server;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::measure::{Bounds, Plan};

/// Anything that stops a run.
type Failure = Box<dyn Error + Send + Sync>;

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
    /// A server, until its standard input ends.
    #[command(hide = true)]
    Serve(Server),
}

/// Which server.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Server {
    framework: Framework,
    variant: Variant,
    /// The core to stay on, with one worker.
    #[arg(long)]
    core: Option<usize>,
    #[arg(long)]
    log: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Framework {
    Axum,
    Actix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Variant {
    Bare,
    /// Bare, with a handler that makes the MAC and the hash.
    Floor,
    Wrapped,
}

impl Framework {
    fn name(self) -> &'static str {
        match self {
            Framework::Axum => "axum",
            Framework::Actix => "actix",
        }
    }
}

impl Variant {
    const ALL: [Variant; 3] = [Variant::Bare, Variant::Floor, Variant::Wrapped];

    fn name(self) -> &'static str {
        match self {
            Variant::Bare => "bare",
            Variant::Floor => "floor",
            Variant::Wrapped => "wrapped",
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.role {
        Some(Role::Serve(server)) => server::run(server).map(|never| match never {}),
        None => load(&arguments),
    };
    done.unwrap_or_else(|error| {
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
    let complaints = report::complaints(&results, &plan);
    for complaint in &complaints {
        println!("FAILED: {complaint}");
    }
    if complaints.is_empty() {
        println!("passed");
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::FAILURE)
    }
}

fn bounds(arguments: &Arguments) -> Bounds {
    if arguments.smoke {
        // A count ends it, not a clock.
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
