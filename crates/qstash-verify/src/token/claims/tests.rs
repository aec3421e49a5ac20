//! Tests of the claims and their checks.

use super::*;

#[test]
fn debug_form_has_dates_as_sent() {
    let claims = Claims {
        texts: "https://example.com/jwt_1".to_owned(),
        jti: Some("https://example.com/".len()),
        exp: 2.0,
        nbf: Some(1.5),
        iat: None,
    };
    assert_eq!(
        format!("{claims:?}"),
        "Claims { sub: \"https://example.com/\", exp: 2.0, nbf: Some(1.5), iat: None, \
         jti: Some(\"jwt_1\") }"
    );
}

#[test]
fn each_getter_returns_its_claim() {
    let at = |seconds| std::time::UNIX_EPOCH + Duration::from_secs(seconds);
    let all = Claims {
        texts: "https://example.com/jwt_1".to_owned(),
        jti: Some("https://example.com/".len()),
        exp: 3.0,
        nbf: Some(1.0),
        iat: Some(2.0),
    };
    assert_eq!(
        (all.iss(), all.sub(), all.jti()),
        ("Upstash", "https://example.com/", Some("jwt_1"))
    );
    assert_eq!(
        (all.exp(), all.nbf(), all.iat()),
        (at(3), Some(at(1)), Some(at(2)))
    );

    let required = Claims {
        jti: None,
        nbf: None,
        iat: None,
        ..all
    };
    assert_eq!(
        (required.sub(), required.jti()),
        ("https://example.com/jwt_1", None)
    );
    assert_eq!(
        (required.exp(), required.nbf(), required.iat()),
        (at(3), None, None)
    );
}

#[test]
fn errors_have_the_distance_from_exp_and_nbf() {
    let refusal = |now, tolerance| {
        let payload = br#"{"body":"","exp":30,"iss":"Upstash","nbf":10,"sub":""}"#;
        let destinations = &Destinations::default();
        let checks = Checks {
            now,
            tolerance,
            destinations,
            path_and_query: "/",
        };
        check(payload, &checks).err()
    };
    let expired = |seconds| {
        Some(VerifyError::Expired {
            ago: Duration::from_secs(seconds),
        })
    };
    let early = |seconds| {
        Some(VerifyError::NotYetValid {
            ahead: Duration::from_secs(seconds),
        })
    };
    for (now, tolerance, expected) in [
        (7.0, 0.0, early(3)),
        (7.0, 2.0, early(3)),
        (7.0, 3.0, None),
        (10.0, 0.0, None),
        (29.0, 0.0, None),
        (30.0, 0.0, expired(0)),
        (34.0, 5.0, None),
        (35.0, 5.0, expired(5)),
    ] {
        assert_eq!(refusal(now, tolerance), expected, "{now} {tolerance}");
    }
}

#[test]
fn duration_is_clamped() {
    for (seconds, expected) in [
        (-1.0, Duration::ZERO),
        (f64::NEG_INFINITY, Duration::ZERO),
        (f64::NAN, Duration::ZERO),
        (0.0, Duration::ZERO),
        (1.5, Duration::from_millis(1500)),
        (1e300, Duration::MAX),
        (f64::INFINITY, Duration::MAX),
    ] {
        assert_eq!(duration(seconds), expected, "{seconds}");
    }
}
