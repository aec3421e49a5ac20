//! Compares the time of `verify` with the official SDKs, the crate `qstash-rs` and the
//! crypto floor, and prints tables of ratios; `scripts/peers` installs and runs all.
//!
//! Each contender is a process for the whole run, with one receiver, keys from its
//! environment and the system clock. It receives what a handler has: the token (ours:
//! all headers), the body and the expected URL. Before the measurement it must accept
//! genuine deliveries and refuse others; each measured verification must accept.
//! Contenders alternate, one at a time, so that other load affects all alike.

mod captures;
mod contenders;
mod deliveries;
#[path = "../../connection/src/plot.rs"]
mod plot;
mod process;
mod table;

use std::path::Path;
use std::process::ExitCode;

use contenders::Contender;
use peers::{Delivery, Measure, Measured, Verdict};

/// The result of an operation, with an error message to print.
type Result<T> = std::result::Result<T, String>;

/// Body sizes, with their names in the table.
const SIZES: [(&str, usize); 4] = [
    ("0 B", 0),
    ("1 KiB", 1024),
    ("16 KiB", 16 * 1024),
    ("1 MiB", 1024 * 1024),
];
/// Number of rounds, odd so that the median is a sample.
const ROUNDS: usize = 101;
/// Seconds per sample, short so that some are uninterrupted on a busy machine.
const SAMPLE: f64 = 0.005;
/// Seconds of warm-up per size, for Node's compilers.
const WARM_UP: f64 = 0.6;

/// Written with `--plot`.
const PLOT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/benchmarks-verifiers.svg"
);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut contenders = contenders::all(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    table::machine(&contenders);
    let mut accepts = Vec::new();
    for contender in &mut contenders {
        contender.prove()?;
        accepts.push(contender.accepts_production()?);
    }
    let captures = captures::with_qstash_rs()?;

    let mut samples = vec![Vec::new(); contenders.len()];
    for (_, size) in SIZES {
        let of_size = measure(&mut contenders, size)?;
        for (all, new) in samples.iter_mut().zip(of_size) {
            all.push(new);
        }
    }
    table::print(&contenders, &samples, &accepts);
    if std::env::args().any(|argument| argument == "--plot") {
        let chart = chart(&contenders, &samples);
        std::fs::write(PLOT, chart).map_err(|error| format!("can't write: {PLOT}: {error}"))?;
    }
    println!("{}", table::notes(&captures));
    Ok(())
}

/// Draws the fastest rounds over the size of the body, except for the empty one, which
/// has no place on a logarithmic axis.
fn chart(contenders: &[Contender], samples: &[Vec<Vec<f64>>]) -> String {
    let ticks: Vec<(f64, &str)> = SIZES[1..]
        .iter()
        .map(|(name, size)| (*size as f64, *name))
        .collect();
    let lines: Vec<plot::Line> = contenders
        .iter()
        .zip(samples)
        .map(|(contender, of_size)| plot::Line {
            name: contender.name.to_string(),
            points: ticks
                .iter()
                .zip(&of_size[1..])
                .map(|((x, _), samples)| (*x, samples[0] * 1e6))
                .collect(),
        })
        .collect();
    plot::svg(
        "Time of a verification over its body, fastest round",
        &ticks,
        &lines,
    )
}

/// Returns the sorted seconds per verification of each contender, one per round.
fn measure(contenders: &mut [Contender], size: usize) -> Result<Vec<Vec<f64>>> {
    let mut ready = Vec::new();
    for contender in &mut *contenders {
        let delivery = contender.shape.delivery(size);
        let id = contender.expect(&delivery, true, "a genuine delivery")?;
        ready.push((id, contender.warm_up(id)?));
    }
    let mut samples = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for round in 0..ROUNDS {
        // The order rotates, so that CPU caches favour no contender.
        for turn in 0..contenders.len() {
            let who = (round + turn) % contenders.len();
            let (id, repeats) = ready[who];
            samples[who].push(contenders[who].measure(id, repeats)?);
        }
    }
    for samples in &mut samples {
        samples.sort_by(f64::total_cmp);
    }
    Ok(samples)
}

impl Contender {
    /// Sends a delivery, asserts the result and returns the delivery's index.
    fn expect(&mut self, delivery: &Delivery, accepted: bool, what: &str) -> Result<usize> {
        let verdict: Verdict = self.process.ask(delivery)?;
        self.deliveries += 1;
        match verdict.refused {
            None if accepted => {}
            Some(_) if !accepted => {}
            None => return Err(format!("{} accepts {what}", self.name)),
            Some(reason) => return Err(format!("{} refuses {what}: {reason}", self.name)),
        }
        Ok(self.deliveries - 1)
    }

    /// Checks that it accepts a genuine delivery and refuses faulty ones.
    fn prove(&mut self) -> Result<()> {
        let genuine = self.shape.delivery(1024);
        self.expect(&genuine, true, "a genuine delivery")?;
        for (what, delivery) in self.shape.to_be_refused(self.knows_claims) {
            self.expect(&delivery, false, what)?;
        }
        Ok(())
    }

    /// Returns whether it accepts QStash's current tokens; `None` if not checked.
    fn accepts_production(&mut self) -> Result<Option<bool>> {
        if !self.knows_claims {
            return Ok(None);
        }
        let delivery = deliveries::Shape::Production.delivery(1024);
        let verdict: Verdict = self.process.ask(&delivery)?;
        self.deliveries += 1;
        Ok(Some(verdict.refused.is_none()))
    }

    /// Returns the seconds per verification.
    fn measure(&mut self, delivery: usize, repeats: u32) -> Result<f64> {
        let Measured { seconds } = self.process.ask(&Measure { delivery, repeats })?;
        Ok(seconds / f64::from(repeats))
    }

    /// Warms up and returns the number of verifications per sample.
    fn warm_up(&mut self, delivery: usize) -> Result<u32> {
        let (mut repeats, mut taken) = (1, 0.0);
        loop {
            let once = self.measure(delivery, repeats)?;
            taken += once * f64::from(repeats);
            repeats = ((SAMPLE / once) as u32).clamp(1, repeats.saturating_mul(2));
            if taken >= WARM_UP {
                return Ok(repeats);
            }
        }
    }
}
