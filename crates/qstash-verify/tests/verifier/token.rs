//! The signature header, and the shape of its token.

use qstash_verify::{RequestHead, SIGNATURE_HEADER};
use qstash_verify_test_support::{DEFAULT, Token};

use crate::{BODY, NOW, TARGET, URL, answer, builder, to, token, verifier, verify};

/// The longest token that is looked at.
const MAX_TOKEN: usize = 8 * 1024;

#[test]
fn exactly_one_signature_header_is_required() {
    let token = token().sign(DEFAULT[0]);
    let token = token.as_str();
    let verify = |headers: &[(&str, &str)]| {
        let head = RequestHead::new(headers.iter().copied(), TARGET);
        answer(verifier().verify(&head, BODY))
    };
    assert_eq!(verify(&[]), "missing_signature");
    assert_eq!(verify(&[("authorization", token)]), "missing_signature");
    assert_eq!(
        verify(&[("upstash-signature2", token)]),
        "missing_signature"
    );
    for name in [SIGNATURE_HEADER, "Upstash-Signature", "UPSTASH-SIGNATURE"] {
        assert_eq!(verify(&[("host", "x"), (name, token)]), "current");
        for other in [token, "", "x"] {
            let both = [(name, token), (SIGNATURE_HEADER, other)];
            assert_eq!(verify(&both), "malformed_token");
            assert_eq!(verify(&[both[1], both[0]]), "malformed_token");
        }
    }
    let joined = format!("{token}, {token}");
    for value in ["", " ", &joined] {
        assert_eq!(verify(&[(SIGNATURE_HEADER, value)]), "malformed_token");
    }
    let head = RequestHead::new([(SIGNATURE_HEADER, &[0x80, 0xff][..])], TARGET);
    assert_eq!(answer(verifier().verify(&head, BODY)), "malformed_token");
}

#[test]
fn a_token_has_three_strict_parts() {
    let token = token().sign(DEFAULT[0]);
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, mac] = parts[..] else {
        panic!("{token}")
    };
    for malformed in [
        format!("{header}.{payload}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{mac}"),
        format!("{token}="),
        format!("{token} "),
        format!(" {token}"),
        format!("{token}\n"),
        format!("Bearer {token}"),
        format!("{header}=.{payload}.{mac}"),
        format!("{header}.{payload}=.{mac}"),
        format!("{header}.{payload}.{mac}!"),
        format!("{header}.{payload}.{mac}+"),
        format!("{header}..."),
        format!("..{mac}"),
        "..".to_owned(),
    ] {
        assert_eq!(
            answer(verify(&verifier(), &malformed, BODY)),
            "malformed_token",
            "{malformed}"
        );
    }
}

/// A good token of exactly this length.
fn of_length(length: usize) -> String {
    let shortest = token().claim("x", "\"\"").sign(DEFAULT[0]).len();
    let most = (length - shortest) / 4 * 3 + 3;
    // Base64 has no texts of some lengths: another header shifts them.
    for spaces in 0..3 {
        let header = format!(
            "{{\"alg\":\"HS256\",\"typ\":\"JWT\"{}}}",
            " ".repeat(spaces)
        );
        for filler in most - 9..=most {
            let x = format!("\"{}\"", "x".repeat(filler));
            let token = token().header(&header).claim("x", &x).sign(DEFAULT[0]);
            if token.len() == length {
                return token;
            }
        }
    }
    panic!("no token has {length} bytes");
}

#[test]
fn a_token_has_8_kib_at_most() {
    for (length, expected) in [
        (2000, "current"),
        (MAX_TOKEN - 1, "current"),
        (MAX_TOKEN, "current"),
        (MAX_TOKEN + 1, "malformed_token"),
        (MAX_TOKEN + 2, "malformed_token"),
        (4 * MAX_TOKEN, "malformed_token"),
    ] {
        let token = of_length(length);
        assert_eq!(
            answer(verify(&verifier(), &token, BODY)),
            expected,
            "{length}"
        );
    }
}

#[test]
fn the_header_of_a_token_asks_for_hs256_and_nothing_else() {
    for (header, expected) in [
        (r#"{"alg":"HS256","typ":"JWT"}"#, "current"),
        (r#"{"typ":"JWT","alg":"HS256"}"#, "current"),
        (r#" { "alg" : "HS256" } "#, "current"),
        (r#"{"alg":"HS256","kid":"1","x":[{}]}"#, "current"),
        (r#"{"\u0061lg":"HS\u003256"}"#, "current"),
        (r#"{"alg":"none"}"#, "unsupported_algorithm"),
        (r#"{"alg":"None"}"#, "unsupported_algorithm"),
        (r#"{"alg":""}"#, "unsupported_algorithm"),
        (r#"{"alg":"hs256"}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS256 "}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS384"}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS512"}"#, "unsupported_algorithm"),
        (r#"{"alg":"RS256"}"#, "unsupported_algorithm"),
        (r#"{"alg":null}"#, "unsupported_algorithm"),
        (r#"{"alg":["HS256"]}"#, "unsupported_algorithm"),
        (r#"{"ALG":"HS256"}"#, "unsupported_algorithm"),
        ("{}", "unsupported_algorithm"),
        (r#"{"alg":"HS256","crit":["exp"]}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS256","crit":[]}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS256","crit":null}"#, "unsupported_algorithm"),
        (
            r#"{"alg":"HS256","cri\u0074":["b64"],"b64":true}"#,
            "unsupported_algorithm",
        ),
        (r#"{"alg":"HS256","alg":"HS256"}"#, "malformed_token"),
        (r#"{"alg":"HS256","\u0061lg":"none"}"#, "malformed_token"),
        (r#"{"alg":"HS256","x":1,"x":1}"#, "malformed_token"),
        (r#"["HS256"]"#, "malformed_token"),
        (r#""HS256""#, "malformed_token"),
        (r#"{"alg":"HS256"}{}"#, "malformed_token"),
        (r#"{"alg":"HS256""#, "malformed_token"),
        ("", "malformed_token"),
    ] {
        assert_eq!(to(&token().header(header)), expected, "{header}");
    }
}

#[test]
fn the_header_of_a_token_has_1_kib_at_most() {
    let verifier = builder().build();
    let answer = |padding: usize| {
        let header = format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(padding));
        let token = Token::new(URL, b"body", NOW)
            .header(&header)
            .sign(DEFAULT[0]);
        let length = token.split('.').next().unwrap().len();
        let head = RequestHead::new([(SIGNATURE_HEADER, token.as_str())], "/hook");
        (
            length,
            verifier
                .verify(&head, b"body")
                .map_or_else(|refused| refused.code(), |_| "ok"),
        )
    };
    // 768 bytes are 1024 symbols.
    let around = r#"{"alg":"HS256","x":""}"#.len();
    assert_eq!(answer(768 - around), (1024, "ok"));
    assert_eq!(answer(769 - around), (1026, "malformed_token"));
}
