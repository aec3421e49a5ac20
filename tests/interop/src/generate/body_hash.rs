//! Encodings of the `body` claim.

use super::Plan;
use crate::delivery::Known;
use crate::scene::Scene;
use crate::token::{hash, text};

pub(super) fn add(plan: &mut Plan) {
    let mut add = |label, known, make: fn(&Scene) -> String| {
        plan.everywhere("claims", label, "", known, |scene, _| {
            scene.with_claims(&scene.claims.clone().set("body", text(&make(scene))))
        });
    };
    let bare = |scene: &Scene| hash(&scene.body).trim_end_matches('=').to_owned();
    add("hash-padding", Known::Genuine, bare);
    add("hash-padding", Known::Genuine, |scene| {
        hash(&scene.body) + "="
    });
    add("hash-padding", Known::Genuine, |scene| {
        hash(&scene.body) + "======"
    });
    add("hash-other", Known::Forged, |scene| {
        format!("={}", hash(&scene.body))
    });
    add("hash-other", Known::Forged, |scene| {
        format!("{} ", hash(&scene.body))
    });
    add("hash-other", Known::Forged, |scene| {
        format!("{}\n", hash(&scene.body))
    });
    add("hash-other", Known::Forged, |scene| {
        hash(&scene.body)[1..].to_owned()
    });
    add("hash-other", Known::Forged, |scene| {
        hash(&scene.body)[..42].to_owned()
    });
    add("hash-other", Known::Forged, |scene| {
        hash(&scene.body)[..42].to_owned() + "="
    });
    add("hash-other", Known::Forged, |scene| {
        hash(&scene.body).replace('=', "A")
    });
    add("hash-other", Known::Forged, |scene| {
        hash(&scene.body).replace('=', "%3D")
    });
    add("hash-other", Known::Forged, |scene| {
        hash(&scene.body).to_uppercase()
    });
    add("hash-other", Known::Forged, |scene| {
        hash(hash(&scene.body).as_bytes())
    });
    add("hash-other", Known::Forged, |scene| {
        hash(&[&scene.body[..], b"\n"].concat())
    });
    add("hash-other", Known::Forged, |_| String::new());
    add("hash-other", Known::Forged, |_| "=".to_owned());
    // A character with stray bits: a lenient decoder returns the same 32 bytes.
    add("hash-stray-bits", Known::Forged, |scene| {
        let hash = hash(&scene.body);
        let last = hash.as_bytes()[42];
        let stray = (b'A'..=b'z').rev().map(char::from).find(|c| {
            c.is_ascii_alphabetic() && symbol(*c as u8) / 4 == symbol(last) / 4 && *c as u8 != last
        });
        format!("{}{}", &hash[..42], stray.unwrap_or('-'))
    });
    add("hash-hex", Known::Forged, |scene| {
        use sha2::Digest as _;
        sha2::Sha256::digest(&scene.body)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    });
    add("hash-sha512", Known::Forged, |scene| {
        use sha2::Digest as _;
        crate::token::base64url(sha2::Sha512::digest(&scene.body))
    });
    // Only a hash with one of the two characters differs.
    for _ in 0..4 {
        plan.everywhere(
            "claims",
            "hash-standard-alphabet",
            "",
            Known::Forged,
            |scene, rng| {
                let mut scene = scene.clone();
                while !hash(&scene.body).contains(['-', '_']) {
                    scene.body.push(rng.alphanumeric() as u8);
                }
                let standard = hash(&scene.body).replace('-', "+").replace('_', "/");
                scene.with_claims(&scene.claims.clone().set("body", text(&standard)))
            },
        );
    }
}

fn symbol(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        _ => 63,
    }
}
