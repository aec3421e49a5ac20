//! Generated deliveries: kinds of cases, each with all settings of a receiver.

mod algorithms;
mod bodies;
mod body_hash;
mod claims;
mod encoding;
mod jose;
mod keys;
mod payload;
mod random;
mod times;
mod urls;

use fastrand::Rng;

use crate::delivery::{Case, Delivery, Known};
use crate::scene::{SETTINGS, Scene};

pub(crate) use random::KINDS as RANDOM;

/// Returns all cases of a seed, deterministically.
pub(crate) fn cases(seed: u64) -> Vec<Case> {
    let mut plan = Plan::new(seed);
    genuine(&mut plan);
    keys::add(&mut plan);
    times::add(&mut plan);
    claims::add(&mut plan);
    body_hash::add(&mut plan);
    payload::add(&mut plan);
    algorithms::add(&mut plan);
    jose::add(&mut plan);
    encoding::add(&mut plan);
    bodies::add(&mut plan);
    urls::add(&mut plan);
    random::add(&mut plan);
    plan.cases
}

pub(crate) struct Plan {
    pub(crate) rng: Rng,
    cases: Vec<Case>,
}

impl Plan {
    fn new(seed: u64) -> Self {
        Plan {
            rng: Rng::with_seed(seed),
            cases: Vec::new(),
        }
    }

    pub(crate) fn scene(&mut self, setting: usize) -> Scene {
        Scene::new(setting % SETTINGS, &mut self.rng)
    }

    pub(crate) fn add(
        &mut self,
        kind: &'static str,
        label: &'static str,
        detail: impl Into<String>,
        known: Known,
        delivery: Delivery,
    ) {
        self.cases.push(Case {
            kind,
            label,
            detail: detail.into(),
            known,
            delivery,
        });
    }

    /// Adds the delivery that `make` returns for a scene of each setting.
    pub(crate) fn everywhere(
        &mut self,
        kind: &'static str,
        label: &'static str,
        detail: &str,
        known: Known,
        mut make: impl FnMut(&Scene, &mut Rng) -> Delivery,
    ) {
        for setting in 0..SETTINGS {
            let scene = self.scene(setting);
            let delivery = make(&scene, &mut self.rng);
            self.add(kind, label, detail, known, delivery);
        }
    }
}

fn genuine(plan: &mut Plan) {
    for _ in 0..128 {
        plan.everywhere("genuine", "genuine", "", Known::Genuine, |scene, _| {
            scene.genuine()
        });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::{BTreeSet, HashSet};
    use std::sync::LazyLock;

    use super::*;
    use crate::{SEED, ours, signed};

    /// Shared, since a debug build is slow.
    pub(crate) static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| cases(SEED));

    #[test]
    fn seed_determines_the_deliveries() {
        let first = &*CASES;
        assert!(*first == cases(SEED));
        let [same, other] = [SEED, SEED + 1].map(|seed| {
            let mut plan = Plan::new(seed);
            genuine(&mut plan);
            plan.cases
        });
        assert!(first.starts_with(&same) && !first.starts_with(&other));
        assert!(first.len() >= 20_000, "{}", first.len());
        let different: HashSet<_> = first.iter().map(|case| &case.delivery).collect();
        // Some kinds of damage yield the same token.
        assert!(
            different.len() > first.len() * 95 / 100,
            "{}",
            different.len()
        );
    }

    #[test]
    fn every_kind_has_every_setting() {
        let cases = &*CASES;
        for kind in [
            "genuine", "keys", "times", "claims", "payload", "jose", "encoding", "bodies", "urls",
            "random",
        ] {
            let of_kind: Vec<_> = cases.iter().filter(|case| case.kind == kind).collect();
            assert!(of_kind.len() >= 500, "{kind}: {}", of_kind.len());
            let env = |name: &str| {
                of_kind.iter().any(|case| {
                    case.delivery.explicit.is_none()
                        && case.delivery.env.iter().any(|(known, _)| *known == name)
                })
            };
            assert!(
                env("QSTASH_REGION") && env("QSTASH_NEXT_SIGNING_KEY"),
                "{kind}"
            );
        }
        // Every combination of the six keys, with and without a region.
        let keys = cases.iter().filter(|case| case.label == "keys");
        let combinations: BTreeSet<Vec<_>> = keys
            .map(|case| {
                let set = case
                    .delivery
                    .env
                    .iter()
                    .filter(|(_, value)| !value.is_empty());
                set.map(|(name, _)| *name).collect()
            })
            .collect();
        assert_eq!(combinations.len(), 64 * 2);
    }

    /// Checks expected verdicts without the SDKs.
    #[test]
    fn genuine_deliveries_are_accepted_and_forgeries_refused() {
        let signed = signed::captures().into_iter().chain(signed::by_kit(SEED));
        for case in CASES.iter().cloned().chain(signed) {
            // A debug build accepts published keys.
            if case.label == "development" {
                continue;
            }
            let verdict = ours::verdict(&case.delivery);
            match case.known {
                Known::Genuine => assert_eq!(verdict, Ok(()), "{case:?}"),
                Known::Forged => assert!(verdict.is_err(), "{case:?}"),
                Known::Open => {}
            }
        }
    }
}
