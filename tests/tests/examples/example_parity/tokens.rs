//! Cases of tokens: malformed tokens and wrong claims.

use qstash_verify_tests::{DEFAULT, Request, Token, base64url};

use super::{Case, genuine};
use crate::{BODY, URL, now};

fn token() -> Token {
    Token::new(URL, BODY, now())
}

fn case(name: impl Into<String>, token: impl AsRef<[u8]>, code: &'static str) -> Case {
    let request = Request::post("/webhook").signed(token).body(BODY);
    let status = if code == "genuine" { 200 } else { 401 };
    Case::new(name, request, status, if status == 200 { "" } else { code })
}

/// Signs a token with the current key.
fn signed(token: &Token) -> String {
    token.sign(DEFAULT[0])
}

pub(super) fn damaged() -> Vec<Case> {
    const MALFORMED: &str = "malformed_token";
    const UNSUPPORTED: &str = "unsupported_algorithm";
    let good = signed(&token());
    let [header, payload, mac] = good.splitn(3, '.').collect::<Vec<_>>()[..] else {
        return Vec::new();
    };
    let mut cases = vec![case("undamaged", &good, "genuine")];

    // One character replaced, and the token truncated there.
    for (at, old) in good.char_indices() {
        let new = if old == 'A' { 'B' } else { 'A' };
        let (start, rest) = good.split_at(at);
        let flipped = format!("{start}{new}{}", &rest[1..]);
        cases.push(case(format!("other at {at}"), flipped, ""));
        cases.push(case(format!("cut at {at}"), start, ""));
    }

    for shape in [
        ".",
        "..",
        "...",
        "h",
        "h.p",
        ".p.s",
        "h.p.s.",
        ".h.p.s",
        "h.p.s.s",
        "h.p.s=",
        "h=.p.s",
        "h.p==.s",
        "h.p.s s",
        "h. p.s",
        "h.p.s,h.p.s",
        "h.p.s!",
        "Bearer h.p.s",
        "\"h.p.s\"",
    ] {
        let parts = shape
            .replace('h', "\0")
            .replace('p', "\x01")
            .replace('s', "\x02");
        let text = parts
            .replace('\0', header)
            .replace('\x01', payload)
            .replace('\x02', mac);
        cases.push(case(shape, text, MALFORMED));
    }
    // White space around a field value is not part of it (RFC 9110 §5.5).
    cases.push(case("spaces around", format!(" \t{good}\t "), "genuine"));
    for mac in ["", "AAAA", &mac[4..], &format!("AAAA{mac}")] {
        let token = format!("{header}.{payload}.{mac}");
        cases.push(case("no such mac", token, "bad_signature"));
    }
    cases.push(case(
        "no payload",
        format!("{header}..{mac}"),
        "bad_signature",
    ));
    cases.push(case("8 KiB and more", "a".repeat(8 * 1024 + 1), MALFORMED));
    cases.push(case("64 KiB", "a.".repeat(32 * 1024), MALFORMED));
    let long = token().claim("x", &format!("{:?}", "x".repeat(8 * 1024)));
    cases.push(case("a long payload", signed(&long), MALFORMED));

    for json in [
        r#"{"alg":"none","typ":"JWT"}"#,
        r#"{"alg":"hs256","typ":"JWT"}"#,
        r#"{"alg":"HS384","typ":"JWT"}"#,
        r#"{"alg":"HS512","typ":"JWT"}"#,
        r#"{"alg":"RS256","typ":"JWT"}"#,
        r#"{"alg":"HS256","typ":"JWT","crit":["exp"]}"#,
    ] {
        cases.push(case(json, signed(&token().header(json)), UNSUPPORTED));
    }
    for json in [
        "",
        "{",
        "[]",
        "HS256",
        "{}",
        "null",
        r#"{"alg":1}"#,
        r#"{"alg":"HS256",}"#,
    ] {
        cases.push(case(json, signed(&token().header(json)), ""));
    }
    for json in [r#"{"alg":"HS256"}"#, r#" { "typ":"JWT", "alg":"HS256" } "#] {
        cases.push(case(json, signed(&token().header(json)), "genuine"));
    }
    let unsigned = token().header(r#"{"alg":"none"}"#).signing_input();
    cases.push(case("unsigned", format!("{unsigned}."), ""));

    for key in [
        "sig_ofSomebodyElse",
        "",
        &DEFAULT[0][4..],
        &base64url(DEFAULT[0]),
    ] {
        cases.push(case(
            format!("signed with {key}"),
            token().sign(key),
            "bad_signature",
        ));
    }
    cases
}

pub(super) fn claims() -> Vec<Case> {
    let mut cases = Vec::new();
    for payload in [
        "",
        "{",
        "[]",
        "null",
        "1",
        "{}",
        "{\"a\":1} x",
        "\u{feff}{}",
    ] {
        cases.push(case(payload, signed(&token().payload(payload)), ""));
    }
    let invalid = [&b"\xff\xfe"[..], b"{\"iss\":\"\xff\"}", &b"[".repeat(4000)];
    for payload in invalid {
        let name = String::from_utf8_lossy(payload);
        cases.push(case(
            name,
            signed(&token().payload(payload)),
            "malformed_token",
        ));
    }

    for claim in ["iss", "sub", "exp", "body"] {
        let name = format!("no {claim}");
        cases.push(case(name, signed(&token().without(claim)), "missing_claim"));
    }
    for claim in ["aud", "nbf", "iat", "jti"] {
        let name = format!("no {claim}");
        cases.push(case(name, signed(&token().without(claim)), "genuine"));
    }
    for claim in ["aud", "body", "exp", "iat", "iss", "jti", "nbf", "sub"] {
        for json in ["null", "true", "{}", "[1]"] {
            let name = format!("{claim} is {json}");
            let token = token().claim(claim, json);
            cases.push(case(name, signed(&token), "invalid_claim"));
        }
        let again = signed(&token().again(claim, "0"));
        cases.push(case(format!("{claim} twice"), again, "invalid_claim"));
    }

    let now = now();
    let number = |number: i64| number.to_string();
    for (claim, json, code) in [
        ("iss", r#""upstash""#, "wrong_issuer"),
        ("iss", r#""""#, "wrong_issuer"),
        ("exp", "0", "expired"),
        ("exp", "-1e300", "expired"),
        ("exp", &number(now - 60), "expired"),
        ("exp", &number(now + 3600), "genuine"),
        ("exp", "1e300", "genuine"),
        ("nbf", &number(now + 3600), "not_yet_valid"),
        ("nbf", "1e300", "not_yet_valid"),
        ("nbf", "-1e300", "genuine"),
        ("iat", "1e300", "genuine"),
        ("aud", r#""someone""#, "genuine"),
        ("jti", r#""""#, "genuine"),
        ("x-new", "{}", "genuine"),
        ("sub", r#""""#, "url_mismatch"),
        ("sub", r#""/webhook""#, "url_mismatch"),
        ("sub", r#""http://api.example.com/webhook""#, "url_mismatch"),
        (
            "sub",
            r#""https://api.example.com/webhook/""#,
            "url_mismatch",
        ),
        (
            "sub",
            r#""https://api.example.com/webhook?a=b""#,
            "url_mismatch",
        ),
        (
            "sub",
            r#""https://elsewhere.example.com/webhook""#,
            "url_mismatch",
        ),
        ("sub", r#""https://api.example.com/health""#, "url_mismatch"),
        ("body", r#""""#, "body_mismatch"),
        ("body", r#""junk""#, "body_mismatch"),
    ] {
        let token = token().claim(claim, json);
        cases.push(case(format!("{claim} is {json}"), signed(&token), code));
    }
    for age in [301, 3600, 1_000_000_000] {
        let old = Token::new(URL, BODY, now - age);
        cases.push(case(format!("{age} s old"), signed(&old), "expired"));
    }
    // The next key gives the same reason.
    let next = Token::new(URL, BODY, 0).sign(DEFAULT[1]);
    cases.push(case("old and next", next, "expired"));

    for body in [
        &b""[..],
        b"{",
        b"{\"message\":\"hello world\"}\n",
        b"another",
    ] {
        let request = genuine(BODY).body(body);
        let name = String::from_utf8_lossy(body);
        cases.push(Case::new(name, request, 401, "body_mismatch"));
    }
    cases
}
