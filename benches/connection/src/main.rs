//! Measures whole hyper and actix-http connections over a socket in memory, so without a
//! kernel: bare, with the floor of [`qstash_verify_floor`], wrapped. The three alternate
//! in one process.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it prints its table and its error"
)]

mod comparison;
mod connection;
mod delivery;
mod protocol;
mod service;
mod spawn;
mod wire;

use std::error::Error;
use std::future::poll_fn;
use std::process::ExitCode;
use std::task::{Context, Poll};

fn main() -> ExitCode {
    let outcome = actix_web::rt::System::new().block_on(tokio::task::unconstrained(run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    let mut cx = Context::from_waker(&waker);
    let only = std::env::args().nth(1);
    for comparison in comparison::all() {
        let name = comparison.name();
        if only.as_ref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        let measured = comparison.measure(&mut cx).await?;
        let [bare, floor, wrapped] = measured.times;
        println!(
            "{name:22} bare {bare:8.2} us, floor {floor:8.2} us, wrapped {wrapped:8.2} us; wrapped/floor, in memory: {:.3} +-{:.3} ({:+.0} ns)",
            measured.ratio,
            measured.spread,
            (wrapped - floor) * 1000.0
        );
    }
    Ok(())
}
