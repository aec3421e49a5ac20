//! Payloads in other JSON spellings, malformed JSON and other encodings.

use super::Plan;
use crate::delivery::Known;
use crate::scene::Scene;
use crate::token::Claims;

pub(super) fn add(plan: &mut Plan) {
    spelled(plan);
    not_json(plan);
    encodings(plan);
    nested(plan);
}

fn spelled(plan: &mut Plan) {
    let mut add = |detail, make: fn(Claims) -> String| {
        plan.everywhere(
            "payload",
            "json-spelling",
            detail,
            Known::Genuine,
            |scene, _| scene.with_payload(make(scene.claims.clone())),
        );
    };
    add("white space", |claims| {
        let members = claims
            .0
            .iter()
            .map(|(name, json)| format!("\n\t \"{name}\" : {json}\r\n"));
        format!(" {{{}}} \n", members.collect::<Vec<_>>().join(","))
    });
    add("backwards", |mut claims| {
        claims.0.reverse();
        claims.json()
    });
    add("escaped names", |mut claims| {
        for (name, _) in &mut claims.0 {
            *name = name.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        }
        claims.json()
    });
    add("escaped slashes", |mut claims| {
        for (_, json) in &mut claims.0 {
            *json = json.replace('/', "\\/").replace('&', "\\u0026");
        }
        claims.json()
    });
    add("escaped issuer", |claims| {
        claims.set("iss", r#""\u0055p\u0073tash""#).json()
    });
    add("dates with an exponent", |claims| {
        let nbf = "-6.21355968e10";
        let exp = format!("{}e0", claims.get("exp"));
        claims.set("nbf", nbf).set("exp", exp).json()
    });
    add("dates with .0", |claims| {
        let [exp, iat, nbf] = ["exp", "iat", "nbf"].map(|name| format!("{}.0", claims.get(name)));
        claims
            .set("exp", exp)
            .set("iat", iat)
            .set("nbf", nbf)
            .json()
    });
}

fn not_json(plan: &mut Plan) {
    for whole in [
        "",
        " ",
        "null",
        "true",
        "1",
        "\"x\"",
        "[]",
        "{}",
        "{",
        "}",
        "\0",
        "undefined",
        "<xml/>",
    ] {
        plan.everywhere("payload", "not-json", whole, Known::Forged, |scene, _| {
            scene.with_payload(whole)
        });
    }
    let mut add = |detail, make: fn(&str) -> String| {
        plan.everywhere("payload", "not-json", detail, Known::Forged, |scene, _| {
            scene.with_payload(make(&scene.claims.json()))
        });
    };
    add("in a list", |json| format!("[{json}]"));
    add("twice", |json| format!("{json}{json}"));
    add("x behind", |json| format!("{json}x"));
    add("NUL behind", |json| format!("{json}\0"));
    add("comma behind", |json| format!("{json},"));
    add("cut off", |json| json[..json.len() - 1].to_owned());
    add("trailing comma", |json| json.replace('}', ",}"));
    add("leading comma", |json| json.replacen('{', "{,", 1));
    add("comment", |json| json.replacen('{', "{/**/", 1));
    add("line comment", |json| format!("{json}//"));
    add("single quotes", |json| json.replace('"', "'"));
    add("names without quotes", |json| {
        json.replace("\"iss\"", "iss")
    });
    add("no comma", |json| json.replacen(',', " ", 1));
    add("no colon", |json| json.replacen(':', " ", 1));
    add("form feed", |json| json.replacen('{', "{\x0c", 1));
    add("no-break space", |json| json.replacen('{', "{\u{a0}", 1));
    add("raw newline", |json| json.replacen("jwt_", "jwt_\n", 1));
    add("raw control", |json| json.replacen("jwt_", "jwt_\x01", 1));
    add("unknown escape", |json| {
        json.replacen("jwt_", "jwt_\\x41", 1)
    });
    add("short escape", |json| {
        json.replacen("jwt_", "jwt_\\u41z", 1)
    });
    for (name, number) in [
        ("x", "01"),
        ("x", "+1"),
        ("x", ".5"),
        ("x", "1."),
        ("x", "0x1"),
        ("x", "1e"),
        ("x", "-"),
        ("x", "1_0"),
        ("x", "True"),
        ("x", "None"),
        ("x", "nan"),
        ("x", "inf"),
        ("exp", "09999999999"),
        ("exp", "NaN"),
        ("exp", "Infinity"),
        ("nbf", "-Infinity"),
        ("iat", "NaN"),
    ] {
        plan.everywhere(
            "payload",
            "not-json",
            &format!("{name} {number}"),
            Known::Forged,
            |scene, _| scene.with_claims(&scene.claims.clone().set(name, number)),
        );
    }
    for number in ["NaN", "Infinity", "-Infinity"] {
        plan.everywhere("payload", "json-nan", number, Known::Forged, |scene, _| {
            scene.with_claims(&scene.claims.clone().set("x", number))
        });
    }
}

fn encodings(plan: &mut Plan) {
    let mut add = |label, detail, make: fn(&Scene) -> Vec<u8>| {
        plan.everywhere("payload", label, detail, Known::Forged, |scene, _| {
            scene.with_payload(make(scene))
        });
    };
    fn with(scene: &Scene, bytes: &[u8]) -> Vec<u8> {
        let json = scene.claims.clone().set("jti", "\"@\"").json();
        let (before, behind) = json.split_once('@').unwrap();
        [before.as_bytes(), bytes, behind.as_bytes()].concat()
    }
    add("utf8-invalid", "Latin-1", |scene| with(scene, b"\xe9"));
    add("utf8-invalid", "cut off", |scene| with(scene, b"\xe6\x97"));
    add("utf8-invalid", "overlong", |scene| with(scene, b"\xc0\xaf"));
    add("utf8-invalid", "beyond Unicode", |scene| {
        with(scene, b"\xf4\x90\x80\x80")
    });
    add("utf8-invalid", "0xFF behind", |scene| {
        [scene.claims.json().as_bytes(), b"\xff"].concat()
    });
    add("utf8-surrogate", "", |scene| with(scene, b"\xed\xa0\x80"));
    add("byte-order-mark", "", |scene| {
        [b"\xef\xbb\xbf", scene.claims.json().as_bytes()].concat()
    });
    add("utf-16-or-32", "UTF-16LE", |scene| {
        scene
            .claims
            .json()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect()
    });
    add("utf-16-or-32", "UTF-16BE", |scene| {
        scene
            .claims
            .json()
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect()
    });
    add("utf-16-or-32", "UTF-32LE", |scene| {
        scene
            .claims
            .json()
            .chars()
            .flat_map(|c| u32::from(c).to_le_bytes())
            .collect()
    });
}

fn nested(plan: &mut Plan) {
    for depth in [10, 120, 126, 127, 128, 129, 200, 500, 2500] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            // The token must stay under 8 KiB.
            let depth = depth.min(5000 / (open.len() + 1));
            let json = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            plan.everywhere(
                "payload",
                "nested",
                &format!("{depth} times {open}"),
                Known::Open,
                |scene, _| scene.with_claims(&scene.claims.clone().set("x", json.clone())),
            );
        }
    }
    for depth in [2, 128, 500] {
        let json = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        plan.everywhere(
            "payload",
            "aud-type",
            &format!("{depth} times ["),
            Known::Forged,
            |scene, _| scene.with_claims(&scene.claims.clone().set("aud", json.clone())),
        );
    }
}
