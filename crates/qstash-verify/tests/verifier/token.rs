//! The signature header and the structure of its token.

use qstash_verify::{RequestHead, SIGNATURE_HEADER};
use qstash_verify_test_support::{DEFAULT, Token};

use crate::{BODY, NOW, TARGET, URL, answer, answer_to, builder, token, verifier, verify};

/// The longest token accepted, in bytes.
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
fn malformed_token_names_a_comma_or_a_space() {
    let token = token().sign(DEFAULT[0]);
    for (malformed, reason) in [
        (format!("{token}, {token}"), ": it contains a comma"),
        (format!("{token},{token}"), ": it contains a comma"),
        ("a,b".to_owned(), ": it contains a comma"),
        (format!("Bearer {token}"), ": it contains a space"),
        ("Bearer x".to_owned(), ": it contains a space"),
        ("x".to_owned(), ": it does not have three parts"),
        (format!("{token}!"), ": it is not three parts of base64url"),
    ] {
        let refused = verify(&verifier(), &malformed, BODY).unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
    }
}

#[test]
fn token_must_have_three_parts_of_strict_base64url() {
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

/// Returns a valid token of exactly this length.
fn token_of_length(length: usize) -> String {
    let shortest = token().claim("x", "\"\"").sign(DEFAULT[0]).len();
    let most = (length - shortest) / 4 * 3 + 3;
    // Base64 can't have every length: spaces in the header shift it.
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
fn token_over_8_kib_is_malformed() {
    for (length, expected) in [
        (2000, "current"),
        (MAX_TOKEN - 1, "current"),
        (MAX_TOKEN, "current"),
        (MAX_TOKEN + 1, "malformed_token"),
        (MAX_TOKEN + 2, "malformed_token"),
        (4 * MAX_TOKEN, "malformed_token"),
    ] {
        let token = token_of_length(length);
        assert_eq!(
            answer(verify(&verifier(), &token, BODY)),
            expected,
            "{length}"
        );
    }
}

#[test]
fn jose_header_must_name_hs256_without_crit() {
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
        assert_eq!(answer_to(&token().header(header)), expected, "{header}");
    }
}

#[test]
fn jose_header_over_1_kib_is_malformed() {
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
    // 768 bytes are 1024 base64 symbols.
    let around = r#"{"alg":"HS256","x":""}"#.len();
    assert_eq!(answer(768 - around), (1024, "ok"));
    assert_eq!(answer(769 - around), (1026, "malformed_token"));
}
