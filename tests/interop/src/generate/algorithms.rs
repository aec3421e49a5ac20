//! Every `alg` value, and MACs of another algorithm.

use super::Plan;
use crate::delivery::Known;
use crate::token::{Algorithm, HEADER, token};

pub(super) fn add(plan: &mut Plan) {
    use Algorithm::{Hs256, Hs384, Hs512, None};
    for (label, known, header, made_by) in [
        (
            "other-hmac",
            Known::Forged,
            r#"{"alg":"HS384","typ":"JWT"}"#,
            Hs384,
        ),
        (
            "other-hmac",
            Known::Forged,
            r#"{"alg":"HS512","typ":"JWT"}"#,
            Hs512,
        ),
        (
            "other-hmac",
            Known::Forged,
            r#"{"alg":"HS\u003384"}"#,
            Hs384,
        ),
        // Header and MAC use different algorithms.
        ("alg-and-mac", Known::Forged, HEADER, Hs384),
        ("alg-and-mac", Known::Forged, HEADER, Hs512),
        ("alg-and-mac", Known::Forged, HEADER, None),
        (
            "alg-and-mac",
            Known::Forged,
            r#"{"alg":"HS384","typ":"JWT"}"#,
            Hs256,
        ),
        (
            "alg-and-mac",
            Known::Forged,
            r#"{"alg":"HS512","typ":"JWT"}"#,
            Hs256,
        ),
        (
            "alg-and-mac",
            Known::Forged,
            r#"{"alg":"HS384","typ":"JWT"}"#,
            Hs512,
        ),
    ] {
        let detail = format!("{header} {made_by:?}");
        plan.everywhere("jose", label, &detail, known, |scene, _| {
            scene.delivery(token(header, scene.claims.json(), made_by, &scene.key))
        });
    }
    for alg in [
        r#""none""#,
        r#""None""#,
        r#""NONE""#,
        r#""nOnE""#,
        r#""""#,
        r#""HS256 ""#,
        r#"" HS256""#,
        r#""HS256\u0000""#,
        r#""hs256""#,
        r#""Hs256""#,
        r#""HS-256""#,
        r#""HS1""#,
        r#""HS224""#,
        r#""HS256,HS512""#,
        r#""HMAC""#,
        r#""SHA256""#,
        r#""RS256""#,
        r#""RS384""#,
        r#""RS512""#,
        r#""PS256""#,
        r#""PS384""#,
        r#""PS512""#,
        r#""ES256""#,
        r#""ES384""#,
        r#""ES512""#,
        r#""ES256K""#,
        r#""EdDSA""#,
        r#""Ed25519""#,
        r#""dir""#,
        r#""A256KW""#,
        r#""A128GCM""#,
        "null",
        "true",
        "256",
        "[]",
        r#"["HS256"]"#,
        "{}",
        r#"{"HS256":1}"#,
        r#""\ud800""#,
        r#""HS256\ud800""#,
    ] {
        for made_by in [Hs256, None] {
            let header = format!(r#"{{"alg":{alg},"typ":"JWT"}}"#);
            plan.everywhere("jose", "alg", &header, Known::Forged, |scene, _| {
                scene.delivery(token(&header, scene.claims.json(), made_by, &scene.key))
            });
        }
    }
    for header in [
        "{}",
        r#"{"typ":"JWT"}"#,
        r#"{"Alg":"HS256"}"#,
        r#"{"alg ":"HS256"}"#,
        r#"{"enc":"HS256"}"#,
    ] {
        plan.everywhere("jose", "alg-missing", header, Known::Forged, |scene, _| {
            scene.delivery(token(header, scene.claims.json(), Hs256, &scene.key))
        });
    }
}
