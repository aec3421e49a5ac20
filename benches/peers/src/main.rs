//! Measures `verify` beside the official SDKs, the published Rust crate and the
//! crypto floor, and prints a table of ratios; `run` builds and installs them all.
//!
//! Each contender is a process of its own that lives through the whole run, with a
//! receiver made once, keys from its environment and the system's clock. It is
//! given what a handler has: the token (ours: all headers), the whole body, the
//! URL to expect. Before it is measured it has to accept what is genuine and to
//! refuse what isn't, and each measured verification has to accept. Samples are
//! taken in turn, one contender at work at a time, so that whatever else the
//! machine does hits all.

mod captures;
mod contenders;
mod deliveries;
mod process;
mod table;

use std::path::Path;
use std::process::ExitCode;

use contenders::Contender;
use peers::{Delivery, Measure, Measured, Verdict};

/// What all that can go wrong here is for: to be read.
type Result<T> = std::result::Result<T, String>;

/// Bodies by their names in the table.
const SIZES: [(&str, usize); 4] = [
    ("0 B", 0),
    ("1 KiB", 1024),
    ("16 KiB", 16 * 1024),
    ("1 MiB", 1024 * 1024),
];
/// Odd, so that the median is a sample.
const ROUNDS: usize = 101;
/// Seconds. Short, so that on a busy machine some of them are not interrupted.
const SAMPLE: f64 = 0.005;
/// Seconds before the first sample of each size. Node's compilers take that long.
const WARM_UP: f64 = 0.6;

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
    println!("{}", table::notes(&captures));
    Ok(())
}

/// For each contender the seconds that one verification took, in each round, in
/// ascending order.
fn measure(contenders: &mut [Contender], size: usize) -> Result<Vec<Vec<f64>>> {
    let mut ready = Vec::new();
    for contender in &mut *contenders {
        let delivery = contender.shape.delivery(size);
        let id = contender.expect(&delivery, true, "a genuine delivery")?;
        ready.push((id, contender.warm_up(id)?));
    }
    let mut samples = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for round in 0..ROUNDS {
        // Whoever comes first pays for what the last one left in the caches.
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
    /// Gives it a delivery, which is then known by the number returned.
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

    /// Sees to it that it is a verifier.
    fn prove(&mut self) -> Result<()> {
        let genuine = self.shape.delivery(1024);
        self.expect(&genuine, true, "a genuine delivery")?;
        for (what, delivery) in self.shape.to_be_refused(self.knows_claims) {
            self.expect(&delivery, false, what)?;
        }
        Ok(())
    }

    /// Whether it accepts a delivery as QStash makes them today, where that is asked
    /// of it.
    fn accepts_production(&mut self) -> Result<Option<bool>> {
        if !self.knows_claims {
            return Ok(None);
        }
        let delivery = deliveries::Shape::Production.delivery(1024);
        let verdict: Verdict = self.process.ask(&delivery)?;
        self.deliveries += 1;
        Ok(Some(verdict.refused.is_none()))
    }

    /// Seconds for one verification.
    fn measure(&mut self, delivery: usize, repeats: u32) -> Result<f64> {
        let Measured { seconds } = self.process.ask(&Measure { delivery, repeats })?;
        Ok(seconds / f64::from(repeats))
    }

    /// Verifies until it is warm, and says how many make a sample.
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
