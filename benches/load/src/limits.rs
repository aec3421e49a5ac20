//! Limits on the results.

use crate::plan::Plan;
use crate::results::{Comparison, Memory, Results};
use crate::statistics::Figures;
use crate::target::Variant;

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
    violations
}

/// Returns why the times of a comparison can't be judged: the client was the bottleneck.
pub(crate) fn unreliable(comparison: &Comparison, plan: &Plan) -> Option<String> {
    let bare = Figures::new(&comparison.bare);
    let load = bare.busy + bare.waiting;
    // On shared cores the server always waits for the client.
    if !plan.timed || plan.shared || load >= MIN_LOAD {
        return None;
    }
    Some(format!(
        "client is the bottleneck: {} bare was busy {:.0} % of the time; run on two idle cores",
        comparison.framework.name(),
        load * 100.0
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Tally;
    use crate::plan::Bounds;
    use crate::process::Usage;
    use crate::results::{Memory, Round, Traffic};
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

    fn comparison(bare: Round) -> Comparison {
        Comparison {
            framework: Framework::Axum,
            traffic: Traffic::Genuine,
            bare: vec![bare],
            floor: Vec::new(),
            wrapped: vec![round(1000, 990, 5)],
        }
    }

    fn violation(results: &Results, plan: &Plan) -> String {
        violations(results, plan).join("; ")
    }

    #[test]
    fn idle_server_is_not_judged() {
        assert_eq!(unreliable(&comparison(round(1000, 895, 5)), &plan()), None);
        let idle = comparison(round(1000, 700, 50));
        let text = unreliable(&idle, &plan()).unwrap();
        assert!(text.contains("75 % of the time"), "{text}");
        for (shared, timed) in [(true, true), (false, false)] {
            let plan = Plan {
                shared,
                timed,
                ..plan()
            };
            assert_eq!(unreliable(&idle, &plan), None);
        }
    }

    #[test]
    fn wrong_and_missing_responses_fail() {
        let results = Results {
            answers: 2999,
            wrong: 1,
            examples: vec!["this one".to_owned()],
            ..Results::default()
        };
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
            let memory = |framework, variant, after| Memory {
                framework,
                variant,
                before: 1000,
                after,
                requests: 1000,
            };
            let results = Results {
                answers: 3000,
                memory: vec![
                    memory(Framework::Axum, Variant::Bare, 5000),
                    memory(Framework::Actix, Variant::Bare, bare),
                    memory(Framework::Actix, Variant::Wrapped, wrapped),
                ],
                ..Results::default()
            };
            let text = violation(&results, &plan());
            assert_eq!(text.contains("growth: actix"), grown, "{text}");
            let of_bare = format!("bare grew by {} KiB", bare - 1000);
            assert_eq!(text.contains(&of_bare), grown, "{text}");
        }
    }
}
