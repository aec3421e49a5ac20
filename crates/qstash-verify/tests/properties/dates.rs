//! Dates, against a model in 512ths of a second.
//!
//! `SystemTime` and doubles represent these exactly. Of dates beyond any clock, the model
//! has only the sign.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use proptest::sample::select;
use qstash_verify::Verifier;
use qstash_verify_test_support::{DEFAULT, Token, pinned, signing_keys};

use crate::{NOW, URL, code, verify};

/// A date in JSON and in 512ths of a second.
#[derive(Clone, Debug)]
struct Date {
    json: String,
    value: i128,
}

/// A number of seconds beyond any clock and tolerance of these tests.
const FAR: i64 = 1 << 40;

impl Date {
    /// Creates a date in whole seconds, written as an integer.
    fn whole(seconds: i128) -> Date {
        Date {
            json: seconds.to_string(),
            value: seconds * 512,
        }
    }

    fn parts(value: i64) -> Date {
        let whole = value.div_euclid(512);
        // 512ths have at most nine decimals.
        let decimals = value.rem_euclid(512) * 1_953_125;
        let json = if whole < 0 && decimals > 0 {
            let whole = match whole + 1 {
                0 => "-0".to_owned(),
                other => other.to_string(),
            };
            format!("{whole}.{:09}", 1_000_000_000 - decimals)
        } else {
            format!("{whole}.{decimals:09}")
        };
        Date {
            json,
            value: value.into(),
        }
    }

    /// Creates a date from a double beyond any clock, or zero.
    fn double(double: f64, spelling: u8) -> Date {
        let json = match spelling {
            0 => format!("{double}"),
            1 => format!("{double:?}"),
            2 => format!("{double:e}"),
            _ => format!("{double:E}"),
        };
        let value = if double == 0.0 {
            0
        } else if double > 0.0 {
            i128::MAX
        } else {
            i128::MIN
        };
        Date { json, value }
    }

    /// Generates any date, often near `now`.
    fn around(now: i64) -> impl Strategy<Value = Date> {
        let finite = prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::NEGATIVE;
        let far = (finite | prop::num::f64::POSITIVE)
            .prop_filter("beyond any clock", |x| *x == 0.0 || x.abs() > FAR as f64);
        prop_oneof![
            (-7_i64..8).prop_map(move |near| Date::whole((now.div_euclid(512) + near).into())),
            (-4000_i64..4000).prop_map(move |near| Date::parts(now + near)),
            any::<i64>().prop_map(|seconds| Date::whole(seconds.into())),
            any::<u64>().prop_map(|seconds| Date::whole(seconds.into())),
            (far, 0..4_u8).prop_map(|(double, spelling)| Date::double(double, spelling)),
        ]
    }
}

/// Returns the time at this many 512ths of a second.
fn clock(value: i64) -> SystemTime {
    let parts = value.rem_euclid(512).unsigned_abs();
    pinned(value.div_euclid(512))() + Duration::from_nanos(parts * 1_953_125)
}

fn now_and_dates() -> impl Strategy<Value = (i64, Date, Date)> {
    // From before 1970 to far from today.
    let now = prop_oneof![
        -10_000..10_000_i64,
        -5_000_000_000..5_000_000_000_i64,
        1_783_794_355..1_783_794_655_i64,
    ];
    let now = (now, 0..512_i64).prop_map(|(seconds, parts)| seconds * 512 + parts);
    now.prop_flat_map(|now| (Just(now), Date::around(now), Date::around(now)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn dates_are_compared_as_in_the_model(
        (now, exp, nbf) in now_and_dates(),
        tolerance in select(&[0_u64, 0, 1, 5, 3600][..]),
        with_nbf in any::<bool>(),
    ) {
        let verifier = Verifier::builder(signing_keys(&DEFAULT))
            .tolerance(Duration::from_secs(tolerance))
            .clock(move || clock(now))
            .build();
        let token = Token::new(URL, b"", NOW).claim("exp", &exp.json).without("nbf");
        let token = if with_nbf { token.claim("nbf", &nbf.json) } else { token };

        let (now, tolerance) = (i128::from(now), i128::from(tolerance) * 512);
        let expected = if now >= exp.value.saturating_add(tolerance) {
            "expired"
        } else if with_nbf && nbf.value > now + tolerance {
            "not_yet_valid"
        } else {
            "ok"
        };
        let token = token.sign(DEFAULT[0]);
        prop_assert_eq!(code(verify(&verifier, token.as_bytes(), b"")), expected);
    }
}
