//! Damage to each of the three parts, before and after signing.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::Plan;
use crate::delivery::{Delivery, Known};
use crate::scene::{SETTINGS, Scene};
use crate::token::{Algorithm, base64url, mac, signed};

const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Returns the damaged part; `None` if the damage doesn't apply to it.
type Damage = fn(&str) -> Option<String>;

const DAMAGES: &[(&str, &str, Damage)] = &[
    ("padding", "as it should be", |part| {
        let missing = (4 - part.len() % 4) % 4;
        (missing > 0).then(|| format!("{part}{}", "=".repeat(missing)))
    }),
    ("padding", "one", |part| Some(format!("{part}="))),
    ("padding", "three", |part| Some(format!("{part}==="))),
    ("padding", "in front", |part| Some(format!("={part}"))),
    ("padding", "in between", |part| {
        Some(format!("{}={}", &part[..8], &part[8..]))
    }),
    ("padding", "and more behind", |part| {
        Some(format!("{part}=AAAA"))
    }),
    ("standard-alphabet", "", |part| {
        let standard = part.replace('-', "+").replace('_', "/");
        (standard != part).then_some(standard)
    }),
    ("white-space", "in front", |part| Some(format!(" {part}"))),
    ("white-space", "behind", |part| Some(format!("{part} "))),
    ("white-space", "within", |part| {
        Some(format!("{} {}", &part[..8], &part[8..]))
    }),
    ("white-space", "tab", |part| Some(format!("{part}\t"))),
    ("white-space", "newline", |part| Some(format!("{part}\n"))),
    ("white-space", "line of 76", |part| {
        Some(format!("{}\r\n{}", &part[..20], &part[20..]))
    }),
    ("junk", "!", |part| Some(format!("{part}!"))),
    ("junk", "in front", |part| Some(format!("!{part}"))),
    ("junk", "within", |part| {
        Some(format!("{}*{}", &part[..8], &part[8..]))
    }),
    ("junk", "quote behind", |part| Some(format!("{part}\""))),
    ("junk", "comma behind", |part| Some(format!("{part},"))),
    ("junk", "NUL", |part| Some(format!("{part}\0"))),
    ("junk", "0x7F", |part| Some(format!("{part}\x7f"))),
    ("junk", "\u{e9}", |part| Some(format!("{part}\u{e9}"))),
    ("junk", "zero width", |part| Some(format!("{part}\u{200b}"))),
    ("junk", "emoji", |part| Some(format!("{part}\u{1f600}"))),
    ("junk", "percent", |part| Some(format!("{part}%3D"))),
    ("fullwidth", "", |part| {
        Some(format!("{}\u{ff21}{}", &part[..8], &part[9..]))
    }),
    ("stray-bits", "", |part| {
        let last = SYMBOLS
            .iter()
            .position(|symbol| *symbol == part.as_bytes()[part.len() - 1])?;
        // The last character carries 4 or 2 bits of the last byte.
        (part.len() % 4 >= 2).then(|| {
            format!(
                "{}{}",
                &part[..part.len() - 1],
                char::from(SYMBOLS[last | 1])
            )
        })
    }),
    ("one-more", "", |part| Some(format!("{part}A"))),
    ("one-more", "in front", |part| Some(format!("A{part}"))),
    ("one-more", "four", |part| Some(format!("{part}AAAA"))),
    ("cut", "one", |part| Some(part[..part.len() - 1].to_owned())),
    ("cut", "two", |part| Some(part[..part.len() - 2].to_owned())),
    ("cut", "half", |part| {
        Some(part[..part.len() / 2].to_owned())
    }),
    ("cut", "the first", |part| Some(part[1..].to_owned())),
    ("empty", "", |_| Some(String::new())),
    ("other-encoding", "twice", |part| Some(base64url(part))),
    ("other-encoding", "hex", |part| {
        Some(part.bytes().map(|byte| format!("{byte:02x}")).collect())
    }),
    ("other-encoding", "case", |part| Some(part.to_uppercase())),
    ("other-encoding", "backwards", |part| {
        Some(part.chars().rev().collect())
    }),
    ("other-encoding", "doubled", |part| Some(part.repeat(2))),
    ("other-encoding", "not encoded", |part| {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(part)
            .ok()?;
        String::from_utf8(bytes)
            .ok()
            .map(|text| text.replace('.', "\\u002e"))
    }),
    ("padding", "and the standard alphabet", |part| {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(part)
            .ok()?;
        Some(STANDARD.encode(bytes)).filter(|other| other != part)
    }),
    ("padding", "too much", |part| {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(part)
            .ok()?;
        Some(URL_SAFE.encode(bytes) + "==")
    }),
];

pub(super) fn add(plan: &mut Plan) {
    for (label, detail, damage) in DAMAGES {
        for part in [Part::Header, Part::Payload, Part::Signature] {
            for signed_so in [false, true] {
                if part == Part::Signature && signed_so {
                    continue;
                }
                for setting in 0..SETTINGS {
                    let scene = plan.scene(setting);
                    let Some(token) = damaged(&scene, part, signed_so, *damage) else {
                        continue;
                    };
                    let detail = format!("{detail}, {part:?}, signed so: {signed_so}");
                    plan.add(
                        "encoding",
                        label,
                        detail,
                        Known::Open,
                        scene.delivery(token),
                    );
                }
            }
        }
    }
    dots(plan);
    headers(plan);
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Header,
    Payload,
    Signature,
}

/// Lengthens header and payload until the damage applies, if possible.
fn damaged(scene: &Scene, part: Part, signed_so: bool, damage: Damage) -> Option<String> {
    (0..24).find_map(|length| {
        let header = format!(r#"{{"alg":"HS256"{}}}"#, " ".repeat(length % 3));
        // Produces characters `-` and `_`.
        let jti = format!("\"\u{7f}\u{7f}?>>{}\"", "?".repeat(length));
        let payload = scene.claims.clone().set("jti", jti).json();
        let (header, payload) = (base64url(header), base64url(payload));
        let mac = base64url(mac(
            &format!("{header}.{payload}"),
            Algorithm::Hs256,
            &scene.key,
        ));
        match (part, signed_so) {
            (Part::Header, true) => Some(signed(
                &damage(&header)?,
                &payload,
                Algorithm::Hs256,
                &scene.key,
            )),
            (Part::Payload, true) => Some(signed(
                &header,
                &damage(&payload)?,
                Algorithm::Hs256,
                &scene.key,
            )),
            (Part::Header, false) => Some(format!("{}.{payload}.{mac}", damage(&header)?)),
            (Part::Payload, false) => Some(format!("{header}.{}.{mac}", damage(&payload)?)),
            (Part::Signature, _) => Some(format!("{header}.{payload}.{}", damage(&mac)?)),
        }
    })
}

fn dots(plan: &mut Plan) {
    let mut add = |detail: &str, make: fn(&str) -> String| {
        plan.everywhere("encoding", "parts", detail, Known::Forged, |scene, _| {
            let Delivery { signatures, .. } = scene.genuine();
            scene.delivery(make(&signatures[0]))
        });
    };
    add("none", |_| String::new());
    add("one dot", |_| ".".to_owned());
    add("two dots", |_| "..".to_owned());
    add("dot behind", |token| format!("{token}."));
    add("dot in front", |token| format!(".{token}"));
    add("fourth part", |token| format!("{token}.AAAA"));
    add("five parts, as a JWE", |token| format!("{token}.AAAA.AAAA"));
    add("doubled dot", |token| token.replacen('.', "..", 1));
    add("no first dot", |token| token.replacen('.', "", 1));
    add("no dots", |token| token.replace('.', ""));
    add("other dots", |token| token.replace('.', "\u{2e31}"));
    add("commas", |token| token.replace('.', ","));
    add("percent-encoded dots", |token| token.replace('.', "%2E"));
    add("no signature", |token| {
        token.rsplit_once('.').unwrap().0.to_owned()
    });
    add("empty signature", |token| {
        token.rsplit_once('.').unwrap().0.to_owned() + "."
    });
    add("detached", |token| {
        let parts: Vec<_> = token.split('.').collect();
        format!("{}..{}", parts[0], parts[2])
    });
    add("backwards", |token| {
        token.rsplit('.').collect::<Vec<_>>().join(".")
    });
    add("Bearer", |token| format!("Bearer {token}"));
    add("v1=", |token| format!("v1={token}"));
    add("in quotes", |token| format!("\"{token}\""));
    add("as JSON", |token| {
        let parts: Vec<_> = token.split('.').collect();
        format!(
            r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#,
            parts[0], parts[1], parts[2]
        )
    });
    add("in base64url once more", |token| base64url(token));
    add("twice", |token| format!("{token},{token}"));
}

/// The signature header missing or repeated.
fn headers(plan: &mut Plan) {
    plan.everywhere(
        "encoding",
        "no-signature-header",
        "",
        Known::Forged,
        |scene, _| Delivery {
            signatures: Vec::new(),
            ..scene.genuine()
        },
    );
    plan.everywhere(
        "encoding",
        "signature-header-twice",
        "same",
        Known::Forged,
        |scene, _| {
            let genuine = scene.genuine();
            let signatures = vec![genuine.signatures[0].clone(); 2];
            Delivery {
                signatures,
                ..genuine
            }
        },
    );
    for first in [true, false] {
        plan.everywhere(
            "encoding",
            "signature-header-twice",
            "one is empty",
            Known::Forged,
            |scene, _| {
                let mut genuine = scene.genuine();
                let at = if first { 0 } else { 1 };
                genuine.signatures.insert(at, String::new());
                genuine
            },
        );
    }
}
