//! Seeds of the target `token`.

use crate::token;

/// Name, expected outcome in each role, bytes.
pub(super) fn all() -> Vec<(&'static str, [&'static str; 4], Vec<u8>)> {
    const MALFORMED: &str = "malformed_token";
    let captures = include_str!("../../../tests/support/data/captures.json");
    let mut captures = captures.split("\"signature\": \"").skip(1);
    let mut capture = || captures.next().unwrap().split('"').next().unwrap().into();
    let payload = String::from_utf8(token::genuine_payload()).unwrap();
    let changed = |from: &str, to: &str| payload.replace(from, to).into_bytes();
    let other = [MALFORMED; 3];
    let first = |end, [a, b, c]: [&'static str; 3]| [end, a, b, c];
    let second = |end| {
        [
            MALFORMED,
            end,
            "unsupported_algorithm",
            "unsupported_algorithm",
        ]
    };
    let header = |end| {
        [
            MALFORMED,
            "missing_claim",
            end,
            if end == "ok" { "missing_claim" } else { end },
        ]
    };
    vec![
        ("genuine-of-2024", first("ok", other), capture()),
        ("expired-of-2022", first("expired", other), capture()),
        ("empty", [MALFORMED; 4], Vec::new()),
        (
            "no-mac",
            first("bad_signature", other),
            b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.".into(),
        ),
        (
            "alg-none",
            first("unsupported_algorithm", other),
            b"eyJhbGciOiJub25lIn0.e30.".into(),
        ),
        ("payload-genuine", second("ok"), changed("", "")),
        (
            "payload-with-escapes",
            second("ok"),
            changed("Upstash", "\\u0055pstash"),
        ),
        (
            "payload-with-aud-list",
            second("ok"),
            changed("\"aud\":\"\"", "\"aud\" : [\"a\", \"b\"]"),
        ),
        (
            "payload-fraction",
            second("ok"),
            changed("\"exp\":", "\"nbf\":-1.5e-3,\"exp\":"),
        ),
        (
            "payload-exp-twice",
            [MALFORMED, "invalid_claim", MALFORMED, MALFORMED],
            changed("\"exp\":", "\"\\u0065xp\":1,\"exp\":"),
        ),
        (
            "payload-half-surrogate",
            second("invalid_claim"),
            changed("https", "\\ud83d"),
        ),
        (
            "payload-nested",
            second("ok"),
            changed("\"aud\":", "\"x\":[{\"y\":[[],{}]}],\"aud\":"),
        ),
        (
            "header-usual",
            header("ok"),
            br#"{"alg":"HS256","typ":"JWT"}"#.into(),
        ),
        (
            "header-spelled-otherwise",
            header("ok"),
            br#" {"\u0061lg" : "HS\u003256", "kid":null}"#.into(),
        ),
        (
            "header-crit",
            header("unsupported_algorithm"),
            br#"{"alg":"HS256","crit":["exp"]}"#.into(),
        ),
        (
            "header-crit-null",
            header("unsupported_algorithm"),
            br#"{"alg":"HS256","crit":null}"#.into(),
        ),
        (
            "payload-negative",
            second("ok"),
            changed("\"iss\"", "\"iat\":-62135596800,\"iss\""),
        ),
        (
            "payload-leading-zero",
            [MALFORMED; 4],
            changed("\"iss\"", "\"iat\":01,\"iss\""),
        ),
        (
            "payload-infinite",
            second("invalid_claim"),
            changed("\"iss\"", "\"iat\":1e400,\"iss\""),
        ),
        (
            "payload-aud-number",
            second("invalid_claim"),
            changed("\"aud\":\"\"", "\"aud\":1"),
        ),
        (
            "header-and-payload",
            [MALFORMED, MALFORMED, MALFORMED, "ok"],
            [&b"{\"alg\":\"HS256\"}\n"[..], &token::genuine_payload()].concat(),
        ),
    ]
}
