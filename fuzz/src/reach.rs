//! That the targets get deep: a fuzzer that never passes the MAC finds nothing.

use std::collections::BTreeMap;

use crate::{authenticate, environment, layer};

/// How often random inputs come to each end; always the same numbers.
fn ends(run: impl Fn(&[u8]) -> &'static str) -> BTreeMap<&'static str, usize> {
    let mut state = 1_u64;
    let mut random = || {
        // Knuth's MMIX generator; its high bits are good.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut ends = BTreeMap::new();
    for _ in 0..INPUTS {
        let length = random() % 40;
        let input: Vec<u8> = (0..length).map(|_| random().to_le_bytes()[0]).collect();
        *ends.entry(run(&input)).or_default() += 1;
    }
    ends
}

const INPUTS: usize = 3000;

/// The codes of which the head is the reason.
const HEAD: [&str; 13] = [
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

fn check(ends: &BTreeMap<&'static str, usize>, codes: &[&str]) {
    for code in codes {
        assert!(ends.contains_key(code), "{code} is never reached: {ends:?}");
    }
    assert!(ends["ok"] > INPUTS / 10, "{ends:?}");
    // What is refused before the claims are read.
    let shallow = [
        "missing_signature",
        "malformed_token",
        "unsupported_algorithm",
        "bad_signature",
    ];
    let shallow: usize = shallow.iter().filter_map(|code| ends.get(code)).sum();
    assert!(shallow < INPUTS * 7 / 10, "{ends:?}");
}

#[test]
fn random_heads_come_to_every_end() {
    check(&ends(authenticate::run), &HEAD);
}

#[test]
fn random_bodies_come_to_every_end() {
    let ends = ends(layer::run);
    check(
        &ends,
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
fn random_environments_come_to_every_end() {
    let ends = ends(environment::run);
    for end in ["ok", "no keys", "invalid region"] {
        assert!(ends[end] > INPUTS / 50, "{ends:?}");
    }
}
