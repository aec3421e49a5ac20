//! The claims `exp` and `nbf`.

use std::time::Duration;

use qstash_verify_test_support::{DEFAULT, pinned};

use crate::{BODY, EXP, NOW, answer, answer_to, builder, token, verify};

#[test]
fn delivery_expires_at_exp_plus_tolerance() {
    for tolerance in [0_i64, 5] {
        for (past, expected) in [(-1, "current"), (0, "expired"), (1, "expired")] {
            let verifier = builder()
                .tolerance(Duration::from_secs(tolerance.unsigned_abs()))
                .clock(pinned(EXP + tolerance + past))
                .build();
            for key in DEFAULT {
                let found = answer(verify(&verifier, &token().sign(key), BODY));
                let slot = if key == DEFAULT[0] { "current" } else { "next" };
                let expected = if past < 0 { slot } else { expected };
                assert_eq!(found, expected, "{tolerance} {past}");
            }
        }
    }
    // A fraction of a second before `exp`.
    let late = move || pinned(EXP - 1)() + Duration::from_millis(999);
    let verifier = builder().clock(late).build();
    assert_eq!(
        answer(verify(&verifier, &token().sign(DEFAULT[0]), BODY)),
        "current"
    );

    let late = builder().clock(pinned(EXP + 252)).build();
    let refused = verify(&late, &token().sign(DEFAULT[0]), BODY).unwrap_err();
    assert!(refused.to_string().contains("4 min 12 s"), "{refused}");
}

#[test]
fn delivery_is_valid_from_nbf_minus_tolerance() {
    for tolerance in [0_i64, 5] {
        let verifier = builder()
            .tolerance(Duration::from_secs(tolerance.unsigned_abs()))
            .build();
        let now = NOW + 10;
        for (ahead, expected) in [
            (-1, "current"),
            (0, "current"),
            (1, "not_yet_valid"),
            (3600, "not_yet_valid"),
        ] {
            let nbf = (now + tolerance + ahead).to_string();
            for key in DEFAULT {
                let found = answer(verify(
                    &verifier,
                    &token().claim("nbf", &nbf).sign(key),
                    BODY,
                ));
                let slot = if key == DEFAULT[0] { "current" } else { "next" };
                let expected = if ahead <= 0 { slot } else { expected };
                assert_eq!(found, expected, "{tolerance} {ahead}");
            }
        }
    }

    let early = token().claim("nbf", &(NOW + 10 + 252).to_string());
    let verifier = builder().clock(pinned(NOW + 10)).build();
    let refused = verify(&verifier, &early.sign(DEFAULT[0]), BODY).unwrap_err();
    assert!(refused.to_string().contains("4 min 12 s"), "{refused}");
}

#[test]
fn dates_may_be_any_finite_numbers() {
    for exp in [
        "1783794365.5",
        "1783794365.0000005",
        "1.8e9",
        "1.8E+9",
        "17837946550e-1",
        "9223372036854775808",
        "18446744073709551616",
        "99999999999999999999999999999999",
        "1e300",
        "1.7976931348623157e308",
    ] {
        assert_eq!(
            answer_to(&token().claim("exp", exp)),
            "current",
            "exp {exp}"
        );
        let nbf = answer_to(&token().claim("nbf", exp));
        assert_eq!(nbf, "not_yet_valid", "nbf {exp}");
        // `iat` is not compared with the clock.
        assert_eq!(
            answer_to(&token().claim("iat", exp)),
            "current",
            "iat {exp}"
        );
    }
    for exp in [
        "1783794364.5",
        "1783794365",
        "1783794365.0",
        "1.7e9",
        "0",
        "-0",
        "-1",
        "0.5",
        "-62135596800",
        "-9223372036854775809",
        "-1e300",
        "1e-400",
    ] {
        assert_eq!(
            answer_to(&token().claim("exp", exp)),
            "expired",
            "exp {exp}"
        );
        assert_eq!(
            answer_to(&token().claim("nbf", exp)),
            "current",
            "nbf {exp}"
        );
        assert_eq!(
            answer_to(&token().claim("iat", exp)),
            "current",
            "iat {exp}"
        );
    }
    // Numbers that JSON doesn't have make the payload invalid JSON.
    for exp in [
        "NaN",
        "Infinity",
        "-Infinity",
        "inf",
        "+1",
        "01",
        "1.",
        ".5",
        "0x10",
        "1_0",
    ] {
        assert_eq!(
            answer_to(&token().claim("exp", exp)),
            "malformed_token",
            "exp {exp}"
        );
    }
    // A clock before 1970.
    let old = builder().clock(pinned(-10)).build();
    let with = |exp: &str| {
        answer(verify(
            &old,
            &token().claim("exp", exp).sign(DEFAULT[0]),
            BODY,
        ))
    };
    assert_eq!(with("-9.5"), "current");
    assert_eq!(with("-10"), "expired");
}
