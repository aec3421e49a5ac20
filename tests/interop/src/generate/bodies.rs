//! Bodies of every kind, and changed bodies.

use super::Plan;
use crate::delivery::{Delivery, Known};
use crate::scene::Scene;
use crate::token::Claims;

pub(super) fn add(plan: &mut Plan) {
    let samples = samples(plan);
    for (detail, body) in &samples {
        plan.everywhere("bodies", "body", detail, Known::Genuine, |scene, _| {
            of(scene, body).genuine()
        });
    }
    for (detail, body) in &samples {
        for (change, changed) in changes(body) {
            if &changed == body {
                continue;
            }
            for setting in [0, 5, 8, 11] {
                let scene = plan.scene(setting);
                let delivery = of(&scene, body).genuine();
                let delivery = Delivery {
                    body: changed.clone(),
                    ..delivery
                };
                plan.add(
                    "bodies",
                    "body-changed",
                    format!("{detail}, {change}"),
                    Known::Forged,
                    delivery,
                );
            }
        }
    }
}

fn of(scene: &Scene, body: &[u8]) -> Scene {
    Scene {
        body: body.to_vec(),
        claims: Claims::new(&scene.url, body, scene.iat, 0, "jwt_x"),
        ..scene.clone()
    }
}

fn samples(plan: &mut Plan) -> Vec<(&'static str, Vec<u8>)> {
    let mut random = |length| -> Vec<u8> {
        std::iter::repeat_with(|| plan.rng.u8(..))
            .take(length)
            .collect()
    };
    vec![
        ("empty", vec![]),
        ("space", b" ".to_vec()),
        ("newline", b"\n".to_vec()),
        ("NUL", b"\0".to_vec()),
        ("JSON", br#"{"message":"hello world"}"#.to_vec()),
        (
            "JSON with spaces",
            b"{ \"a\": [1, 2.50, 1e3],\r\n\t\"b\": null }\n".to_vec(),
        ),
        ("JSON text", b"\"x\"".to_vec()),
        ("escapes", br#"{"a":"\u00e9\/\ud83d\ude00"}"#.to_vec()),
        (
            "two, three and four bytes",
            "\u{e9}\u{df} \u{65e5}\u{672c} \u{1f600}\u{10ffff}".into(),
        ),
        ("combining", "e\u{301} A\u{30a}".into()),
        ("byte order mark", "\u{feff}{}".into()),
        ("line separators", "a\u{2028}b\u{2029}c\u{85}d".into()),
        ("replacement character", "\u{fffd}".into()),
        ("form", b"a=1&b=%20+".to_vec()),
        ("63 bytes", vec![b'x'; 63]),
        ("64 bytes", vec![b'x'; 64]),
        ("8 KiB", "\u{e9}0123456789abc\n".repeat(512).into()),
        ("32 KiB", b"0123456789abcdef".repeat(2048)),
        ("Latin-1", b"\xe9".to_vec()),
        (
            "gzip",
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0".to_vec(),
        ),
        ("UTF-16", b"\xff\xfe{\0}\0".to_vec()),
        ("surrogate", b"\xed\xa0\x80".to_vec()),
        ("binary", random(100)),
        ("binary, 4 KiB", random(4096)),
    ]
}

fn changes(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut changes = vec![
        ("newline behind", [body, b"\n"].concat()),
        ("NUL behind", [body, b"\0"].concat()),
        ("space in front", [b" ", body].concat()),
        ("byte order mark in front", [b"\xef\xbb\xbf", body].concat()),
        ("emptied", Vec::new()),
        ("trimmed", body.trim_ascii().to_vec()),
        ("doubled", body.repeat(2)),
        ("case", body.to_ascii_uppercase()),
        ("cut", body[..body.len().saturating_sub(1)].to_vec()),
        ("in base64", crate::token::base64url(body).into_bytes()),
    ];
    if let Some(last) = body.len().checked_sub(1) {
        let mut flipped = body.to_vec();
        flipped[last] ^= 1;
        changes.push(("a bit", flipped));
        let mut moved = body.to_vec();
        moved.reverse();
        changes.push(("backwards", moved));
    }
    match std::str::from_utf8(body) {
        Ok(text) => {
            changes.push(("line ends", text.replace("\r\n", "\n").into()));
            changes.push(("line ends", text.replace('\n', "\r\n").into()));
            changes.push(("composed", text.replace("e\u{301}", "\u{e9}").into()));
            changes.push(("mark taken away", text.replace('\u{feff}', "").into()));
            if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
                changes.push(("re-serialised", json.to_string().into()));
            }
        }
        Err(_) => changes.push((
            "read as text",
            String::from_utf8_lossy(body).into_owned().into(),
        )),
    }
    changes
}
