//! Coverage of the targets: random inputs must pass the MAC and reach every code.

use std::collections::BTreeMap;

use crate::{authenticate, environment, layer};

/// Counts the outcomes of pseudo-random inputs, which are the same in each run.
fn outcomes(run: impl Fn(&[u8]) -> &'static str) -> BTreeMap<&'static str, usize> {
    let mut state = 1_u64;
    let mut random = || {
        // Knuth's MMIX generator, whose high bits are random enough.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut outcomes = BTreeMap::new();
    for _ in 0..INPUTS {
        let length = random() % 40;
        let input: Vec<u8> = (0..length).map(|_| random().to_le_bytes()[0]).collect();
        *outcomes.entry(run(&input)).or_default() += 1;
    }
    outcomes
}

const INPUTS: usize = 3000;

/// The codes that `authenticate` must reach.
const CODES: [&str; 13] = [
    "missing_signature",
    "malformed_token",
    "unsupported_algorithm",
    "bad_signature",
    "missing_claim",
    "invalid_claim",
    "wrong_issuer",
    "expired",
    "not_yet_valid",
    "url_mismatch",
    "no_signing_keys",
    "body_too_large",
    "body_mismatch",
];

fn check(outcomes: &BTreeMap<&'static str, usize>, codes: &[&str]) {
    for code in codes {
        assert!(
            outcomes.contains_key(code),
            "{code} is never reached: {outcomes:?}"
        );
    }
    assert!(outcomes["ok"] > INPUTS / 10, "{outcomes:?}");
    // Refusals before the claims are read.
    let shallow = [
        "missing_signature",
        "malformed_token",
        "unsupported_algorithm",
        "bad_signature",
    ];
    let shallow: usize = shallow.iter().filter_map(|code| outcomes.get(code)).sum();
    assert!(shallow < INPUTS * 7 / 10, "{outcomes:?}");
}

#[test]
fn random_deliveries_reach_every_code() {
    check(&outcomes(authenticate::run), &CODES);
}

#[test]
fn random_bodies_reach_every_code() {
    let outcomes = outcomes(layer::run);
    check(
        &outcomes,
        &[
            "body_unreadable",
            "body_too_large",
            "body_mismatch",
            "expired",
            "bad_signature",
        ],
    );
}

#[test]
fn random_environments_reach_every_error() {
    let outcomes = outcomes(environment::run);
    for outcome in [
        "ok",
        "no keys",
        "invalid region",
        "invalid development mode",
        "not unicode",
    ] {
        assert!(outcomes[outcome] > INPUTS / 50, "{outcomes:?}");
    }
}
