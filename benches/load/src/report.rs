//! What is printed, and what is not good enough.

use std::time::Duration;

use crate::Variant;
use crate::measure::{Comparison, Memory, Plan, Results, Round, Traffic};

/// What a wrapped server must manage of the requests that a bare one does.
const LEAST: f64 = 0.93;
/// What a server's memory may grow by while it is measured, in KiB.
const GROWTH: u64 = 512;
/// For what share of the time a server must have had something to do; with less it is
/// the client that is measured.
const BUSY: f64 = 0.9;

/// One variant's figures.
struct Figures {
    per_second: f64,
    /// The 50th, 90th, 99th and 99.9th percentile, in milliseconds.
    latencies: [f64; 4],
    /// Of the server for a request, in microseconds.
    cpu: f64,
    /// Shares of the time.
    busy: f64,
    waiting: f64,
    closed: usize,
}

impl Figures {
    fn new(rounds: &[Round]) -> Self {
        let mut latencies: Vec<u32> = rounds
            .iter()
            .flat_map(|round| &round.tally.latencies)
            .copied()
            .collect();
        latencies.sort_unstable();
        let elapsed: Duration = rounds.iter().map(|round| round.elapsed).sum();
        let busy: Duration = rounds.iter().map(|round| round.usage.busy).sum();
        let waiting: Duration = rounds.iter().map(|round| round.usage.waiting).sum();
        let share = |time: Duration| time.as_secs_f64() / elapsed.as_secs_f64();
        Figures {
            per_second: Spread::new(rounds.iter().map(Round::per_second)).median,
            latencies: [500, 900, 990, 999].map(|per_mille| {
                let at = latencies.len() * per_mille / 1000;
                latencies
                    .get(at)
                    .map_or(f64::NAN, |nanos| f64::from(*nanos) / 1e6)
            }),
            cpu: busy.as_secs_f64() * 1e6 / count(latencies.len()),
            busy: share(busy),
            waiting: share(waiting),
            closed: rounds.iter().map(|round| round.tally.closed).sum(),
        }
    }
}

impl Round {
    fn per_second(&self) -> f64 {
        count(self.tally.latencies.len()) / self.elapsed.as_secs_f64()
    }

    fn cpu(&self) -> f64 {
        self.usage.busy.as_secs_f64() / count(self.tally.latencies.len())
    }
}

/// The middle and the ends of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn new(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let half = values.len() / 2;
        Spread {
            least: at(0),
            median: if values.len() % 2 == 0 {
                f64::midpoint(at(half.saturating_sub(1)), at(half))
            } else {
                at(half)
            },
            most: at(values.len().saturating_sub(1)),
        }
    }
}

impl Comparison {
    /// Wrapped to bare, pair by pair.
    fn ratio(&self, of: impl Fn(&Round) -> f64) -> Spread {
        let pairs = self.wrapped.iter().zip(&self.bare);
        Spread::new(pairs.map(|(wrapped, bare)| of(wrapped) / of(bare)))
    }
}

pub(crate) fn print(comparison: &Comparison) {
    let name = format!(
        "{}, {}",
        comparison.framework.name(),
        comparison.traffic.name()
    );
    println!(
        "\n{name:26} {:>10} {:>8} {:>8} {:>8} {:>8} {:>9} {:>6} {:>8}",
        "requests/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "CPU µs", "busy", "waiting"
    );
    for (name, rounds) in [("bare", &comparison.bare), ("wrapped", &comparison.wrapped)] {
        let figures = Figures::new(rounds);
        let [p50, p90, p99, p999] = figures.latencies;
        println!(
            "  {name:24} {:>10.0} {p50:>8.3} {p90:>8.3} {p99:>8.3} {p999:>8.3} {:>9.2} {:>4.0} % {:>6.0} %",
            figures.per_second,
            figures.cpu,
            figures.busy * 100.0,
            figures.waiting * 100.0,
        );
        if figures.closed > 0 {
            println!("    closed {} connections", figures.closed);
        }
    }
    let pairs = comparison.wrapped.len();
    for (name, ratio) in [
        ("requests/s", comparison.ratio(Round::per_second)),
        ("CPU", comparison.ratio(Round::cpu)),
    ] {
        println!(
            "  wrapped to bare: {:.3} of the {name} (median of {pairs} pairs, {:.3} to {:.3})",
            ratio.median, ratio.least, ratio.most
        );
    }
}

pub(crate) fn print_memory(memory: &Memory) {
    println!(
        "{} {}: {} KiB of memory after the warm-up, {} KiB {} requests later",
        memory.framework.name(),
        memory.variant.name(),
        memory.before,
        memory.after,
        memory.requests,
    );
}

/// What is not good enough, a sentence each.
pub(crate) fn complaints(results: &Results, plan: &Plan) -> Vec<String> {
    println!(
        "\n{} right answers of wrapped servers, {} wrong answers of any",
        results.answers, results.wrong
    );
    let mut complaints = Vec::new();
    if results.wrong > 0 {
        complaints.push(format!(
            "{} answers were wrong, such as {}",
            results.wrong,
            results.told.first().map_or("none", String::as_str)
        ));
    }
    if results.answers < plan.bounds.answers {
        complaints.push(format!(
            "only {} answers of wrapped servers were checked, and not {}: give it more --seconds",
            results.answers, plan.bounds.answers
        ));
    }
    for memory in &results.memory {
        // A bare server's is that of its framework.
        if memory.variant == Variant::Wrapped && memory.after > memory.before + GROWTH {
            complaints.push(format!(
                "the memory of {} wrapped grew by {} KiB, and {GROWTH} KiB are allowed",
                memory.framework.name(),
                memory.after - memory.before,
            ));
        }
    }
    if plan.timed {
        let genuine = |comparison: &&Comparison| comparison.traffic == Traffic::Genuine;
        for comparison in results.comparisons.iter().filter(genuine) {
            complaints.extend(slow(comparison));
        }
    }
    complaints
}

/// Whether wrapping costs this one too much, or nobody can know.
fn slow(comparison: &Comparison) -> Option<String> {
    let framework = comparison.framework.name();
    let ratio = comparison.ratio(Round::per_second).median;
    let bare = Figures::new(&comparison.bare);
    let had_to_do = bare.busy + bare.waiting;
    // What is no number is not good enough either.
    if !(ratio >= LEAST) {
        Some(format!(
            "{framework} wrapped manages {ratio:.3} of the requests that it does bare, and \
             {LEAST} is the least"
        ))
    } else if !(had_to_do >= BUSY) {
        Some(format!(
            "{framework} bare had something to do for {:.0} % of the time only, so its requests \
             per second are those of the client: run this on two cores that nobody else uses",
            had_to_do * 100.0
        ))
    } else {
        None
    }
}

/// As a number to calculate with; none here is so large that it would be rounded.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn count(number: usize) -> f64 {
    number as f64
}
