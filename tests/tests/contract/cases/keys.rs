//! Deliveries refused for lack of signing keys.

use qstash_verify::Verifier;
use qstash_verify_tests::{
    DEFAULT, EU, EU_VARIABLES, MULTI_REGION, US, US_VARIABLES, minutes_apart,
};

use super::{Case, case, ring, token, with};

pub(crate) fn region_without_keys() -> Case {
    Case {
        verifier: Verifier::builder(ring(&[&EU_VARIABLES, &[MULTI_REGION]]))
            .clock(minutes_apart())
            .build(),
        named: &[
            "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY",
            "US_EAST_1_QSTASH_NEXT_SIGNING_KEY",
            " QSTASH_CURRENT_SIGNING_KEY",
            " QSTASH_NEXT_SIGNING_KEY",
        ],
        // Signed with any key.
        ..case([EU[0], US[0], DEFAULT[0]].map(|key| with(token().sign(key)).of("US-EAST-1")))
    }
}

pub(crate) fn no_region_and_no_default_keys() -> Case {
    Case {
        verifier: Verifier::builder(ring(&[&US_VARIABLES, &EU_VARIABLES, &[MULTI_REGION]]))
            .clock(minutes_apart())
            .build(),
        named: &[" QSTASH_CURRENT_SIGNING_KEY", " QSTASH_NEXT_SIGNING_KEY"],
        ..case([
            with(token().sign(US[0])),
            with(token().sign(EU[0])).of("nowhere"),
        ])
    }
}
