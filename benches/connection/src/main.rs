//! Measures whole hyper and actix-http connections over a socket in memory, so without a
//! kernel: bare, with the floor of [`qstash_verify_floor`], wrapped. The three alternate
//! in one process, and `--update` writes the ratios to `ratios.txt`, with which later
//! runs compare.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it prints its table and its error"
)]

mod comparison;
mod connection;
mod delivery;
mod plot;
mod protocol;
mod record;
mod service;
mod spawn;
mod traffic;
mod wire;

use std::error::Error;
use std::future::poll_fn;
use std::process::ExitCode;
use std::task::{Context, Poll};

use crate::comparison::{Comparison, Measured};
use crate::plot::Line;
use crate::record::{MAX_SPREAD, Record, Verdict};
use crate::traffic::Framework;

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

const USAGE: &str = "without arguments: compare with ratios.txt; --update: rewrite ratios.txt and \
                     the plot; another argument: only the comparisons whose name contains it";
const PLOT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/benchmarks-servers.svg"
);

/// Maximum number of repetitions of a comparison whose ratio varies.
const RETRIES: usize = 4;

async fn run() -> Result<(), Box<dyn Error>> {
    let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    let mut cx = Context::from_waker(&waker);
    let argument = std::env::args().nth(1);
    let argument = argument.as_deref();
    if matches!(argument, Some("--help" | "-h")) {
        println!("{USAGE}");
        return Ok(());
    }
    let update = argument == Some("--update");
    let only = argument.filter(|_| !update).unwrap_or_default();
    let record = Record::read();
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for comparison in comparison::all() {
        let name = comparison.name();
        if !name.contains(only) {
            continue;
        }
        let mut measured = comparison.measure(&mut cx).await?;
        for _ in 0..RETRIES {
            if measured.spread > MAX_SPREAD {
                let again = comparison.measure(&mut cx).await?;
                if again.spread < measured.spread {
                    measured = again;
                }
            }
        }
        let [bare, floor, wrapped] = measured.times;
        println!("{name}: bare {bare:.2} µs, floor {floor:.2} µs, wrapped {wrapped:.2} µs");
        println!(
            "  wrapped/floor, in memory: {:.2} (±{:.3}, aim {:.2})",
            measured.ratio,
            measured.spread,
            comparison.aim()
        );
        match record.judge(&name, &measured) {
            _ if update => {}
            Verdict::Within => {}
            Verdict::NotJudged(reason) => println!("  not judged: {reason}"),
            Verdict::Differs { committed } => {
                faults.push(format!("{name}: {:.2}, not {committed:.2}", measured.ratio));
            }
        }
        all.push((comparison, measured));
    }
    if update {
        record::write(&all)?;
        std::fs::write(PLOT, plot_of(&all))?;
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!(
        "ratios differ from ratios.txt: {}; if intended, run with --update and commit both files \
         with the reason",
        faults.join("; ")
    )
    .into())
}

/// Draws the genuine deliveries of axum and actix-web, over HTTP/1.
fn plot_of(all: &[(Comparison, Measured)]) -> String {
    let mut lines = Vec::new();
    for framework in [Framework::Axum, Framework::Actix] {
        for (at, variant) in ["bare", "floor", "wrapped"].into_iter().enumerate() {
            let of_line = all.iter().filter(|(comparison, _)| {
                comparison.framework == framework && !comparison.traffic.forged
            });
            let points = of_line.filter_map(|(comparison, measured)| {
                let size = u32::try_from(comparison.traffic.size).ok()?;
                Some((f64::from(size), *measured.times.get(at)?))
            });
            lines.push(Line {
                name: format!("{}, {variant}", framework.name()),
                points: points.collect(),
            });
        }
    }
    let ticks = [
        (1024.0, "1 KiB"),
        (65_536.0, "64 KiB"),
        (1_048_576.0, "1 MiB"),
    ];
    let title = "Time of a request over its body, connection in memory";
    plot::svg(title, &ticks, &lines)
}

#[cfg(test)]
mod tests {
    use qstash_verify_floor::Floor;

    use super::*;
    use crate::connection::Connection;
    use crate::service::Variant;

    #[test]
    fn every_connection_answers_with_its_status() {
        actix_web::rt::System::new().block_on(tokio::task::unconstrained(async {
            let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            let mut cx = Context::from_waker(&waker);
            for Comparison { framework, traffic } in comparison::all() {
                let floor = match traffic.forged {
                    true => Floor::Refuse,
                    false => Floor::Accept,
                };
                for variant in [Variant::Bare, Variant::Floor(floor), Variant::Wrapped] {
                    let opened = Connection::open(framework, traffic, variant, &mut cx);
                    let mut connection = opened.await.unwrap();
                    connection.run(3, &mut cx).unwrap();
                }
            }
        }));
    }
}
