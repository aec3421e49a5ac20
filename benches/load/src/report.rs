//! What is printed, and what is not good enough.

use std::time::Duration;

use crate::Variant;
use crate::measure::{Comparison, Memory, Plan, Results, Round, Traffic};

/// What a wrapped server must manage of the requests that a bare one does.
const LEAST: f64 = 0.93;
/// What a server's memory may grow by while it is measured, in KiB.
const GROWTH: u64 = 256;
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
    /// The same in the cheapest tenth of the rounds, which is close to what it takes
    /// on an idle machine: a busy one makes everything slower, even by that measure.
    idle: f64,
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
            idle: Spread::new(rounds.iter().map(Round::cpu)).tenth * 1e6,
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
    tenth: f64,
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
            tenth: at(values.len() / 10),
            median: if values.len().is_multiple_of(2) {
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
        ratio(&self.wrapped, &self.bare, of)
    }

    /// The MAC and the hash alone to bare, in requests per second; no number where
    /// that was not measured.
    fn floor(&self) -> Spread {
        ratio(&self.floor, &self.bare, Round::per_second)
    }
}

fn ratio(these: &[Round], those: &[Round], of: impl Fn(&Round) -> f64) -> Spread {
    let pairs = these.iter().zip(those);
    Spread::new(pairs.map(|(this, that)| of(this) / of(that)))
}

pub(crate) fn print(comparison: &Comparison) {
    let name = format!(
        "{}, {}",
        comparison.framework.name(),
        comparison.traffic.name()
    );
    println!(
        "\n{name:26} {:>10} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>6} {:>8}",
        "requests/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "CPU µs", "idle", "busy", "waiting"
    );
    let [bare, floor, wrapped] = [&comparison.bare, &comparison.floor, &comparison.wrapped]
        .map(|rounds| Figures::new(rounds));
    for (name, figures) in [
        ("bare", &bare),
        ("MAC and hash", &floor),
        ("wrapped", &wrapped),
    ] {
        if figures.cpu.is_nan() {
            continue;
        }
        let [p50, p90, p99, p999] = figures.latencies;
        println!(
            "  {name:24} {:>10.0} {p50:>8.3} {p90:>8.3} {p99:>8.3} {p999:>8.3} {:>7.2} {:>7.2} {:>4.0} % {:>6.0} %",
            figures.per_second,
            figures.cpu,
            figures.idle,
            figures.busy * 100.0,
            figures.waiting * 100.0,
        );
        if figures.closed > 0 {
            println!("    closed {} connections", figures.closed);
        }
    }
    let pairs = comparison.wrapped.len();
    for (name, ratio) in [
        (
            "wrapped/bare, requests/s",
            comparison.ratio(Round::per_second),
        ),
        ("wrapped/bare, CPU", comparison.ratio(Round::cpu)),
        ("MAC and hash/bare, requests/s", comparison.floor()),
    ] {
        if !ratio.median.is_nan() {
            println!(
                "  {name}: {:.3}, the median of {pairs} pairs from {:.3} to {:.3}",
                ratio.median, ratio.least, ratio.most
            );
        }
    }
    println!(
        "  wrapped/bare, CPU when idle: {:.3}",
        wrapped.idle / bare.idle
    );
}

impl Memory {
    fn growth(&self) -> u64 {
        self.after.saturating_sub(self.before)
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
        let mut others = results.memory.iter();
        let bare = others
            .find(|other| other.framework == memory.framework && other.variant == Variant::Bare);
        if memory.variant == Variant::Wrapped && memory.growth() > GROWTH {
            complaints.push(format!(
                "the memory of {} wrapped grew by {} KiB, and {GROWTH} KiB are allowed; that of \
                 bare by {} KiB",
                memory.framework.name(),
                memory.growth(),
                bare.map_or(0, Memory::growth),
            ));
        }
    }
    if plan.timed {
        let genuine = |comparison: &&Comparison| comparison.traffic == Traffic::Genuine;
        for comparison in results.comparisons.iter().filter(genuine) {
            complaints.extend(unjudged(comparison, plan).or_else(|| slow(comparison)));
        }
    }
    complaints
}

/// Why nobody can know what wrapping costs this one.
fn unjudged(comparison: &Comparison, plan: &Plan) -> Option<String> {
    let bare = Figures::new(&comparison.bare);
    let had_to_do = bare.busy + bare.waiting;
    // Where they share the cores, so do they the work.
    if plan.shared || had_to_do >= BUSY {
        return None;
    }
    Some(format!(
        "{} bare had something to do for {:.0} % of the time only, so that its requests per second \
         are those of the client: run this on two cores that nobody else uses",
        comparison.framework.name(),
        had_to_do * 100.0
    ))
}

/// Whether wrapping costs this one too much.
fn slow(comparison: &Comparison) -> Option<String> {
    let ratio = comparison.ratio(Round::per_second).median;
    // What is no number is not good enough either.
    let enough = ratio >= LEAST;
    (!enough).then(|| {
        format!(
            "{} wrapped manages {ratio:.3} of the requests that it does bare, and {LEAST} is the \
             least; with the MAC and the hash alone it manages {:.3}",
            comparison.framework.name(),
            comparison.floor().median
        )
    })
}

/// As a number to calculate with; none here is so large that it would be rounded.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Framework;
    use crate::client::Tally;
    use crate::measure::Bounds;
    use crate::process::Usage;

    /// A second in which so many requests were answered and the server was on its
    /// core for so many milliseconds, and waited for it as long as is asked.
    fn round(answers: usize, busy: u64, waiting: u64) -> Round {
        Round {
            tally: Tally {
                latencies: vec![1_000_000; answers],
                ..Tally::default()
            },
            elapsed: Duration::from_secs(1),
            usage: Usage {
                busy: Duration::from_millis(busy),
                waiting: Duration::from_millis(waiting),
            },
        }
    }

    fn plan() -> Plan {
        Plan {
            bounds: Bounds {
                comparison: Duration::from_secs(1),
                round: Duration::from_secs(1),
                round_answers: 0,
                answers: 3000,
            },
            connections: 1,
            shared: false,
            log: false,
            timed: true,
        }
    }

    /// Bare 1000 requests a second, wrapped these.
    fn results(traffic: Traffic, wrapped: [usize; 3]) -> Results {
        let comparison = Comparison {
            framework: Framework::Axum,
            traffic,
            bare: vec![
                round(1000, 990, 5),
                round(1000, 980, 5),
                round(1000, 900, 99),
            ],
            floor: vec![round(950, 990, 5); 3],
            wrapped: wrapped.map(|answers| round(answers, 990, 5)).into(),
        };
        Results {
            comparisons: vec![comparison],
            answers: 3000,
            ..Results::default()
        }
    }

    fn complaint(results: &Results, plan: &Plan) -> String {
        complaints(results, plan).join("; ")
    }

    #[test]
    fn the_median_of_genuine_traffic_is_judged() {
        let good = results(Traffic::Genuine, [500, 930, 2000]);
        assert_eq!(complaint(&good, &plan()), "");
        let slow = results(Traffic::Genuine, [500, 929, 2000]);
        let said = complaint(&slow, &plan());
        assert!(said.contains("axum wrapped manages 0.929"), "{said}");
        assert!(said.contains("alone it manages 0.950"), "{said}");
        let untimed = Plan {
            timed: false,
            ..plan()
        };
        assert_eq!(complaint(&slow, &untimed), "");
        let forged = results(Traffic::HalfForged, [500, 929, 2000]);
        assert_eq!(complaint(&forged, &plan()), "");
        let nothing = results(Traffic::Genuine, [0, 0, 0]);
        assert_ne!(complaint(&nothing, &plan()), "");
    }

    #[test]
    fn a_server_that_waits_for_its_client_is_not_judged() {
        let mut idle = results(Traffic::Genuine, [1000, 1000, 1000]);
        for comparison in &mut idle.comparisons {
            comparison.bare = vec![round(1000, 700, 50); 3];
        }
        let said = complaint(&idle, &plan());
        assert!(said.contains("75 % of the time only"), "{said}");
        let shared = Plan {
            shared: true,
            ..plan()
        };
        assert_eq!(complaint(&idle, &shared), "");
    }

    #[test]
    fn wrong_and_missing_answers_fail() {
        let mut results = results(Traffic::Genuine, [1000; 3]);
        results.answers = 2999;
        results.wrong = 1;
        results.told = vec!["this one".to_owned()];
        let said = complaint(&results, &plan());
        assert!(said.contains("such as this one"), "{said}");
        assert!(said.contains("only 2999 answers"), "{said}");
    }

    #[test]
    fn memory_of_a_wrapped_server_may_not_grow() {
        for (bare, wrapped, grown) in [
            (1000, 1000 + GROWTH, false),
            (1000, 1001 + GROWTH, true),
            (1001 + GROWTH, 1000, false),
            (9000, 1001 + GROWTH, true),
        ] {
            let mut results = results(Traffic::Genuine, [1000; 3]);
            let memory = |framework, variant, after| Memory {
                framework,
                variant,
                before: 1000,
                after,
                requests: 1000,
            };
            results.memory = vec![
                memory(Framework::Axum, Variant::Bare, 5000),
                memory(Framework::Actix, Variant::Bare, bare),
                memory(Framework::Actix, Variant::Wrapped, wrapped),
            ];
            let said = complaint(&results, &plan());
            assert_eq!(said.contains("memory of actix"), grown, "{said}");
            let of_bare = format!("that of bare by {} KiB", bare - 1000);
            assert_eq!(said.contains(&of_bare), grown, "{said}");
        }
    }

    #[test]
    fn the_middle_and_the_ends() {
        let spread = |values: &[f64]| Spread::new(values.iter().copied());
        let odd = Spread {
            least: 1.0,
            tenth: 1.0,
            median: 2.0,
            most: 9.0,
        };
        assert_eq!(spread(&[9.0, 1.0, 2.0]), odd);
        assert_eq!(spread(&[9.0, 1.0, 2.0, 3.0]), Spread { median: 2.5, ..odd });
        assert!(spread(&[]).median.is_nan());
        let many: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(spread(&many).tenth, 10.0);
    }

    #[test]
    fn percentiles_are_those_of_all_rounds() {
        let mut rounds = [round(0, 0, 0), round(0, 0, 0)];
        for (round, first) in rounds.iter_mut().zip([1, 501]) {
            round.tally.latencies = (first..first + 500).map(|n| n * 1_000_000).collect();
        }
        let figures = Figures::new(&rounds);
        assert_eq!(figures.latencies, [501.0, 901.0, 991.0, 1000.0]);
    }
}
