//! The claims and the order of their checks.

use qstash_verify::{RequestHead, SIGNATURE_HEADER, Verifier};
use qstash_verify_test_support::{DEFAULT, Token};

use crate::{BODY, EXP, NOW, TARGET, URL, answer, answer_to, builder, token, verifier, verify};

#[test]
fn payload_must_be_a_json_object() {
    for payload in [
        &b""[..],
        b"null",
        b"[]",
        b"\"\"",
        b"{",
        b"{}{}",
        b"{\"iss\":\"Upstash\",}",
        b"{\"iss\":\"\xff\"}",
        b"{\"\\ud800\":1}",
        b"\xef\xbb\xbf{}",
    ] {
        assert_eq!(
            answer_to(&token().payload(payload)),
            "malformed_token",
            "{payload:?}"
        );
    }
    assert_eq!(answer_to(&token().payload("{}")), "missing_claim");
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(2500), "]".repeat(2500));
    assert_eq!(answer_to(&token().payload(deep)), "missing_claim");
}

#[test]
fn required_claims_must_be_present() {
    for name in ["iss", "sub", "exp", "body"] {
        assert_eq!(answer_to(&token().without(name)), "missing_claim", "{name}");
        // Names are case-sensitive.
        let shouted = token().without(name).claim(&name.to_uppercase(), "1");
        assert_eq!(answer_to(&shouted), "missing_claim", "{name}");
        let refused = verify(&verifier(), &token().without(name).sign(DEFAULT[0]), BODY);
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(&format!("`{name}`")), "{text}");
    }
    for name in ["nbf", "iat", "jti", "aud"] {
        assert_eq!(answer_to(&token().without(name)), "current", "{name}");
    }
    let bare = token()
        .without("nbf")
        .without("iat")
        .without("jti")
        .without("aud");
    let verified = verify(&verifier(), &bare.sign(DEFAULT[0]), BODY).unwrap();
    let claims = verified.claims();
    assert_eq!(
        (claims.nbf(), claims.iat(), claims.jti()),
        (None, None, None)
    );
}

#[test]
fn claims_of_the_wrong_type_are_refused() {
    let others = ["null", "true", "false", "[]", "{}", "[null]", "{\"a\":1}"];
    for name in ["iss", "sub", "body", "jti"] {
        for json in others.iter().chain(&["1", "[\"Upstash\"]", r#""\ud800""#]) {
            assert_eq!(
                answer_to(&token().claim(name, json)),
                "invalid_claim",
                "{name} {json}"
            );
        }
    }
    for name in ["exp", "nbf", "iat"] {
        let quoted = format!("\"{EXP}\"");
        let good = format!("[{EXP}]");
        for json in others
            .iter()
            .copied()
            .chain(["\"\"", &quoted, &good, "1e400", "-1e400"])
        {
            assert_eq!(
                answer_to(&token().claim(name, json)),
                "invalid_claim",
                "{name} {json}"
            );
        }
    }
    for json in others.iter().chain(&["1", "[1]", "[\"\",null]"]) {
        // An empty list is a list of strings.
        let expected = if *json == "[]" {
            "current"
        } else {
            "invalid_claim"
        };
        assert_eq!(
            answer_to(&token().claim("aud", json)),
            expected,
            "aud {json}"
        );
    }
    for json in ["\"\"", "\"x\"", "[\"x\",\"\"]", r#""\u0041""#] {
        assert_eq!(
            answer_to(&token().claim("aud", json)),
            "current",
            "aud {json}"
        );
    }
    for json in others {
        assert_eq!(answer_to(&token().claim("x", json)), "current", "x {json}");
    }
}

#[test]
fn repeated_claims_are_refused() {
    for name in ["iss", "sub", "exp", "body", "nbf", "iat", "jti", "aud"] {
        let value = token().value(name).unwrap().to_owned();
        let escaped = format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]);
        for again in [name, &escaped] {
            for json in [&value, "null", "1"] {
                let twice = token().again(again, json);
                assert_eq!(answer_to(&twice), "invalid_claim", "{again} {json}");
            }
            // Once, either spelling is accepted.
            let once = token().without(name).again(again, &value);
            assert_eq!(answer_to(&once), "current", "{again}");
        }
    }
    let unknown = token().again("x", "1");
    assert_eq!(answer_to(&unknown), "current");
    for again in ["x", r"\u0078", r"\u0078"] {
        assert_eq!(
            answer_to(&unknown.clone().again(again, "1")),
            "invalid_claim",
            "{again}"
        );
    }
    assert_eq!(
        answer_to(&unknown.again("X", "1").again("", "1")),
        "current"
    );
    // Names in a nested object are no claims.
    assert_eq!(
        answer_to(&token().again("x", r#"{"iss":1,"a":1,"a":2}"#)),
        "current"
    );

    let forged = token().again(r"a\nb", "1").again(r"a\u000ab", "1");
    let refused = verify(&verifier(), &forged.sign(DEFAULT[0]), BODY).unwrap_err();
    assert_eq!(refused.code(), "invalid_claim");
    assert_eq!(refused.to_string().lines().count(), 1);
}

#[test]
fn issuer_must_be_upstash() {
    for issuer in [
        "",
        "upstash",
        "UPSTASH",
        "Upstash ",
        "Upstash\u{0}",
        "Mallory",
        "Upstas",
    ] {
        let json = format!("{issuer:?}").replace("\\0", "\\u0000");
        assert_eq!(
            answer_to(&token().claim("iss", &json)),
            "wrong_issuer",
            "{json}"
        );
    }
    assert_eq!(
        answer_to(&token().claim("iss", r#""\u0055pstash""#)),
        "current"
    );
}

#[test]
fn url_is_compared_with_sub() {
    let fixed = builder().url(URL).unwrap().build();
    let base = builder()
        .base_url("https://api.example.com")
        .unwrap()
        .build();
    let below = builder()
        .base_url("https://api.example.com/hooks/")
        .unwrap()
        .build();
    let code = |verifier: &Verifier, sub: &str, target: &str| {
        let token = Token::new(sub, BODY, NOW).sign(DEFAULT[0]);
        let head = RequestHead::new([(SIGNATURE_HEADER, &token)], target);
        answer(verifier.verify(&head, BODY))
    };
    for (verifier, sub, target, expected) in [
        (&fixed, URL, "/whatever", "current"),
        (
            &fixed,
            "https://api.example.com/hooks/qstash",
            TARGET,
            "url_mismatch",
        ),
        (&base, URL, TARGET, "current"),
        (
            &base,
            "https://API.example.com/hooks/qstash?from=qstash",
            TARGET,
            "current",
        ),
        (&base, URL, "/hooks/qstash", "url_mismatch"),
        (&base, URL, "/hooks/qstash?from=qstash&x", "url_mismatch"),
        (&base, URL, "/Hooks/qstash?from=qstash", "url_mismatch"),
        (
            &base,
            "http://api.example.com/hooks/qstash?from=qstash",
            TARGET,
            "url_mismatch",
        ),
        (
            &base,
            "https://api.example.com.evil/hooks/qstash?from=qstash",
            TARGET,
            "url_mismatch",
        ),
        (&base, "", TARGET, "url_mismatch"),
        (&below, URL, "/qstash?from=qstash", "current"),
        (&below, URL, TARGET, "url_mismatch"),
    ] {
        assert_eq!(code(verifier, sub, target), expected, "{sub} {target}");
    }
    // Without a URL, any `sub` is accepted.
    assert_eq!(
        code(&verifier(), "https://elsewhere.example/", "/"),
        "current"
    );
    assert_eq!(code(&verifier(), "", ""), "current");
    // Any of several URLs may match.
    let both = builder()
        .url("https://x/")
        .unwrap()
        .base_url("https://api.example.com")
        .unwrap();
    assert_eq!(code(&both.build(), URL, TARGET), "current");
}

#[test]
fn claims_are_checked_in_a_fixed_order() {
    let verifier = builder().url(URL).unwrap().build();
    let mut token = Token::new("https://elsewhere.example/", b"other", NOW)
        .claim("iss", "\"Mallory\"")
        .claim("exp", "1")
        .claim("nbf", "1e300")
        .claim("jti", "1")
        .again("aud", "1");
    let mut codes = Vec::new();
    for repair in 0..7 {
        codes.push(answer(verify(&verifier, &token.sign(DEFAULT[0]), BODY)));
        token = match repair {
            0 => token.without("aud"),
            1 => token.claim("jti", "\"\""),
            2 => token.claim("iss", "\"Upstash\""),
            3 => token.claim("exp", "1e300"),
            4 => token.claim("nbf", "0"),
            _ => token.claim("sub", &format!("\"{URL}\"")),
        };
    }
    assert_eq!(
        codes,
        [
            "invalid_claim",
            "invalid_claim",
            "wrong_issuer",
            "expired",
            "not_yet_valid",
            "url_mismatch",
            "body_mismatch"
        ]
    );
}
