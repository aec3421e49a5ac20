//! JOSE header parameters (RFC 7515 §4.1).

use super::Plan;
use crate::delivery::Known;
use crate::token::{Algorithm, HEADER, base64url, signed, token};

pub(super) fn add(plan: &mut Plan) {
    members(plan);
    not_json(plan);
    long(plan);
}

fn members(plan: &mut Plan) {
    for (label, known, headers) in [
        (
            "header-spelling",
            Known::Genuine,
            &[
                r#"{"typ":"JWT","alg":"HS256"}"#,
                r#" { "alg" : "HS256" } "#,
                "{\"alg\":\n\"HS256\"}",
                r#"{"alg":"HS\u003256"}"#,
                r#"{"\u0061lg":"HS256"}"#,
                r#"{"alg":"HS256"}"#,
            ][..],
        ),
        // RFC 7515 §4.1.9: `typ` is ignored by implementations.
        (
            "typ",
            Known::Genuine,
            &[
                r#"{"alg":"HS256","typ":"jwt"}"#,
                r#"{"alg":"HS256","typ":"JOSE"}"#,
                r#"{"alg":"HS256","typ":""}"#,
                r#"{"alg":"HS256","typ":"at+jwt"}"#,
                r#"{"alg":"HS256","typ":"application/jwt"}"#,
                r#"{"alg":"HS256","typ":null}"#,
                r#"{"alg":"HS256","typ":1}"#,
                r#"{"alg":"HS256","typ":["JWT"]}"#,
            ],
        ),
        (
            "header-member",
            Known::Open,
            &[
                r#"{"alg":"HS256","cty":"JWT"}"#,
                r#"{"alg":"HS256","kid":"1"}"#,
                r#"{"alg":"HS256","kid":""}"#,
                r#"{"alg":"HS256","jku":"https://example.com/keys"}"#,
                r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}"#,
                r#"{"alg":"HS256","x5u":"https://example.com"}"#,
                r#"{"alg":"HS256","x5c":["AA=="]}"#,
                r#"{"alg":"HS256","x5t":"AA"}"#,
                r#"{"alg":"HS256","x5t#S256":"AA"}"#,
                r#"{"alg":"HS256","zip":"DEF"}"#,
                r#"{"alg":"HS256","enc":"A128GCM"}"#,
                r#"{"alg":"HS256","iss":"x","exp":1}"#,
                r#"{"alg":"HS256","__proto__":{"alg":"none"}}"#,
                r#"{"alg":"HS256","":[[{}]]}"#,
                r#"{"alg":"HS256","b64":true}"#,
                r#"{"alg":"HS256","x":1e400}"#,
                r#"{"alg":"HS256","x":"\ud800"}"#,
                r#"{"alg":"HS256","nonce":"x"}"#,
            ],
        ),
        (
            "kid-type",
            Known::Open,
            &[
                r#"{"alg":"HS256","kid":null}"#,
                r#"{"alg":"HS256","kid":1}"#,
                r#"{"alg":"HS256","kid":["1"]}"#,
                r#"{"alg":"HS256","kid":{}}"#,
            ],
        ),
        (
            "b64-not-critical",
            Known::Open,
            &[
                r#"{"alg":"HS256","b64":false}"#,
                r#"{"b64":false,"alg":"HS256","typ":"JWT"}"#,
            ],
        ),
        (
            "crit",
            Known::Forged,
            &[
                r#"{"alg":"HS256","crit":null}"#,
                r#"{"alg":"HS256","crit":[]}"#,
                r#"{"alg":"HS256","crit":{}}"#,
                r#"{"alg":"HS256","crit":"exp"}"#,
                r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
                r#"{"alg":"HS256","crit":["x"]}"#,
                r#"{"alg":"HS256","crit":["x"],"x":1}"#,
                r#"{"alg":"HS256","crit":["alg"]}"#,
                r#"{"alg":"HS256","crit":[1]}"#,
                r#"{"alg":"HS256","crit":[""]}"#,
                r#"{"alg":"HS256","crit":false}"#,
                r#"{"alg":"HS256","crit":["b64"]}"#,
                r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
                r#"{"alg":"HS256","crit":["b64","x"],"b64":true,"x":1}"#,
            ],
        ),
        (
            "crit-b64",
            Known::Forged,
            &[
                r#"{"alg":"HS256","crit":["b64"],"b64":true}"#,
                r#"{"alg":"HS256","crit":["b64","b64"],"b64":true}"#,
                r#"{"alg":"HS256","crit":["b64"],"b64":1}"#,
            ],
        ),
        (
            "header-twice",
            Known::Forged,
            &[
                r#"{"alg":"HS256","alg":"HS256"}"#,
                r#"{"alg":"none","alg":"HS256"}"#,
                r#"{"alg":"HS256","alg":"none"}"#,
                r#"{"alg":"HS256","\u0061lg":"HS256"}"#,
                r#"{"alg":"HS256","typ":"JWT","typ":"JWT"}"#,
                r#"{"alg":"HS256","crit":["x"],"crit":null}"#,
                r#"{"alg":"HS256","x":1,"x":2}"#,
                r#"{"alg":"HS256","kid":"1","kid":"2"}"#,
                r#"{"alg":1,"alg":"HS256"}"#,
            ],
        ),
        (
            "header-nan",
            Known::Forged,
            &[
                r#"{"alg":"HS256","x":NaN}"#,
                r#"{"alg":"HS256","x":-Infinity}"#,
            ],
        ),
    ] {
        for header in headers {
            plan.everywhere("jose", label, header, known, |scene, _| {
                scene.delivery(token(
                    header,
                    scene.claims.json(),
                    Algorithm::Hs256,
                    &scene.key,
                ))
            });
        }
    }
    // RFC 7797: an unencoded payload, which JWT forbids.
    for header in [
        r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"HS256","b64":false}"#,
    ] {
        plan.everywhere(
            "jose",
            "payload-unencoded",
            header,
            Known::Forged,
            |scene, _| {
                let json = scene.claims.json().replace('.', "\\u002e");
                scene.delivery(signed(
                    &base64url(header),
                    &json,
                    Algorithm::Hs256,
                    &scene.key,
                ))
            },
        );
    }
}

fn not_json(plan: &mut Plan) {
    for header in [
        "",
        " ",
        "null",
        "1",
        "\"HS256\"",
        "[]",
        r#"["HS256"]"#,
        "{",
        r#"{"alg":"HS256""#,
        r#"{"alg":"HS256",}"#,
        r#"{"alg":"HS256"}x"#,
        r#"{"alg":"HS256"}{}"#,
        "{'alg':'HS256'}",
        r#"{alg:"HS256"}"#,
        "{\"alg\":\"HS256\"}\0",
        "{\"alg\":\"HS256\",\"x\":\"\n\"}",
        "HS256",
        r#"[{"alg":"HS256"}]"#,
        r#"{"alg":"HS256","x":01}"#,
    ] {
        plan.everywhere(
            "jose",
            "header-not-json",
            header,
            Known::Forged,
            |scene, _| {
                scene.delivery(token(
                    header,
                    scene.claims.json(),
                    Algorithm::Hs256,
                    &scene.key,
                ))
            },
        );
    }
    let utf16 = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>()
    };
    for (label, header) in [
        (
            "byte-order-mark",
            [b"\xef\xbb\xbf", HEADER.as_bytes()].concat(),
        ),
        (
            "utf8-invalid",
            b"{\"alg\":\"HS256\",\"x\":\"\xff\"}".to_vec(),
        ),
        (
            "utf8-surrogate",
            b"{\"alg\":\"HS256\",\"x\":\"\xed\xa0\x80\"}".to_vec(),
        ),
        ("utf-16-or-32", utf16(HEADER)),
    ] {
        plan.everywhere("jose", label, "in the header", Known::Forged, |scene, _| {
            scene.delivery(token(
                &header,
                scene.claims.json(),
                Algorithm::Hs256,
                &scene.key,
            ))
        });
    }
    plan.everywhere(
        "jose",
        "name-surrogate",
        "in the header",
        Known::Forged,
        |scene, _| {
            let header = r#"{"alg":"HS256","\ud800":1}"#;
            scene.delivery(token(
                header,
                scene.claims.json(),
                Algorithm::Hs256,
                &scene.key,
            ))
        },
    );
}

/// Lengths around the limits: 1 KiB for the header, 8 KiB for the token.
fn long(plan: &mut Plan) {
    for (label, known, padding) in [
        ("header-long", Known::Genuine, 600),
        ("header-over-1-kib", Known::Forged, 800),
        ("header-over-1-kib", Known::Forged, 4000),
    ] {
        let header = format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(padding));
        plan.everywhere("jose", label, &padding.to_string(), known, |scene, _| {
            scene.delivery(token(
                &header,
                scene.claims.json(),
                Algorithm::Hs256,
                &scene.key,
            ))
        });
    }
    for (label, known, padding) in [
        ("token-long", Known::Genuine, 4000),
        ("token-over-8-kib", Known::Forged, 6200),
        ("token-over-8-kib", Known::Forged, 60_000),
    ] {
        plan.everywhere("jose", label, &padding.to_string(), known, |scene, _| {
            let claims = scene
                .claims
                .clone()
                .set("x", format!("\"{}\"", "x".repeat(padding)));
            scene.with_claims(&claims)
        });
    }
}
