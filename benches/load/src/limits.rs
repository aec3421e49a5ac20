//! Limits on the results.

use crate::plan::Plan;
use crate::results::{Comparison, Memory, Results, Round, Traffic};
use crate::statistics::Figures;
use crate::target::Variant;

/// Minimum ratio of requests per second, wrapped to bare.
const MIN_RATIO: f64 = 0.93;
/// Maximum memory growth of a wrapped server after the warm-up, in KiB.
const MAX_GROWTH: u64 = 256;
/// Minimum busy share of a bare server; below it, the client is the bottleneck.
const MIN_LOAD: f64 = 0.9;

/// Returns a message per violated limit.
pub(crate) fn violations(results: &Results, plan: &Plan) -> Vec<String> {
    let mut violations = Vec::new();
    if results.wrong > 0 {
        violations.push(format!(
            "wrong responses: {}, such as {}",
            results.wrong,
            results.examples.first().map_or("none", String::as_str)
        ));
    }
    if results.answers < plan.bounds.answers {
        violations.push(format!(
            "too few responses of wrapped servers: {} of {}; increase --seconds",
            results.answers, plan.bounds.answers
        ));
    }
    for memory in &results.memory {
        // Growth of the framework without verification.
        let mut others = results.memory.iter();
        let bare = others
            .find(|other| other.framework == memory.framework && other.variant == Variant::Bare);
        if memory.variant == Variant::Wrapped && memory.growth() > MAX_GROWTH {
            violations.push(format!(
                "memory growth: {} wrapped, {} KiB, limit {MAX_GROWTH} KiB; bare grew by {} KiB",
                memory.framework.name(),
                memory.growth(),
                bare.map_or(0, Memory::growth),
            ));
        }
    }
    if plan.timed {
        let genuine = |comparison: &&Comparison| comparison.traffic == Traffic::Genuine;
        for comparison in results.comparisons.iter().filter(genuine) {
            violations.extend(unreliable(comparison, plan).or_else(|| slow(comparison)));
        }
    }
    violations
}

/// Returns why a comparison is invalid: the client was the bottleneck.
fn unreliable(comparison: &Comparison, plan: &Plan) -> Option<String> {
    let bare = Figures::new(&comparison.bare);
    let load = bare.busy + bare.waiting;
    // On shared cores the server always waits for the client.
    if plan.shared || load >= MIN_LOAD {
        return None;
    }
    Some(format!(
        "client is the bottleneck: {} bare was busy {:.0} % of the time; run on two idle cores",
        comparison.framework.name(),
        load * 100.0
    ))
}

/// Returns why a comparison is too slow.
fn slow(comparison: &Comparison) -> Option<String> {
    let ratio = comparison.ratio(Round::per_second).median;
    // NaN violates the limit as well.
    let enough = ratio >= MIN_RATIO;
    (!enough).then(|| {
        format!(
            "requests per second too low: {} wrapped, {ratio:.3} of bare, limit {MIN_RATIO}; the \
             crypto floor has {:.3}",
            comparison.framework.name(),
            comparison.floor().median
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Tally;
    use crate::plan::Bounds;
    use crate::process::Usage;
    use crate::results::Memory;
    use crate::target::Framework;
    use std::time::Duration;

    /// Returns a round of one second with this number of responses, and the milliseconds
    /// that the server ran and waited for its core.
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
                user: Duration::ZERO,
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

    /// Returns results with 1000 requests/s bare, and these numbers wrapped.
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

    fn violation(results: &Results, plan: &Plan) -> String {
        violations(results, plan).join("; ")
    }

    #[test]
    fn median_of_genuine_traffic_is_limited() {
        let good = results(Traffic::Genuine, [500, 930, 2000]);
        assert_eq!(violation(&good, &plan()), "");
        let slow = results(Traffic::Genuine, [500, 929, 2000]);
        let text = violation(&slow, &plan());
        assert!(text.contains("axum wrapped, 0.929 of bare"), "{text}");
        assert!(text.contains("crypto floor has 0.950"), "{text}");
        let untimed = Plan {
            timed: false,
            ..plan()
        };
        assert_eq!(violation(&slow, &untimed), "");
        let forged = results(Traffic::HalfForged, [500, 929, 2000]);
        assert_eq!(violation(&forged, &plan()), "");
        let nothing = results(Traffic::Genuine, [0, 0, 0]);
        assert_ne!(violation(&nothing, &plan()), "");
    }

    #[test]
    fn idle_server_is_reported_as_invalid() {
        let mut idle = results(Traffic::Genuine, [1000, 1000, 1000]);
        for comparison in &mut idle.comparisons {
            comparison.bare = vec![round(1000, 700, 50); 3];
        }
        let text = violation(&idle, &plan());
        assert!(text.contains("75 % of the time"), "{text}");
        let shared = Plan {
            shared: true,
            ..plan()
        };
        assert_eq!(violation(&idle, &shared), "");
    }

    #[test]
    fn wrong_and_missing_responses_fail() {
        let mut results = results(Traffic::Genuine, [1000; 3]);
        results.answers = 2999;
        results.wrong = 1;
        results.examples = vec!["this one".to_owned()];
        let text = violation(&results, &plan());
        assert!(text.contains("such as this one"), "{text}");
        assert!(text.contains("wrapped servers: 2999 of"), "{text}");
    }

    #[test]
    fn memory_growth_of_a_wrapped_server_is_limited() {
        for (bare, wrapped, grown) in [
            (1000, 1000 + MAX_GROWTH, false),
            (1000, 1001 + MAX_GROWTH, true),
            (1001 + MAX_GROWTH, 1000, false),
            (9000, 1001 + MAX_GROWTH, true),
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
            let text = violation(&results, &plan());
            assert_eq!(text.contains("growth: actix"), grown, "{text}");
            let of_bare = format!("bare grew by {} KiB", bare - 1000);
            assert_eq!(text.contains(&of_bare), grown, "{text}");
        }
    }
}
