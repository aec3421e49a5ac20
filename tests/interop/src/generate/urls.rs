//! URLs of the delivery and of the receiver.

use super::Plan;
use crate::delivery::{Delivery, Expected, Known};
use crate::token::text;

const URLS: [&str; 20] = [
    "https://example.com",
    "https://example.com/",
    "https://example.com/?a=b",
    "https://example.com?a=b",
    "https://example.com/hook",
    "https://example.com/hook/",
    "https://example.com/Hook",
    "https://example.com/hook?a=b&c=d",
    "https://example.com/hook?c=d&a=b",
    "https://example.com/hook?a=b%20c",
    "https://example.com/hook#top",
    "https://example.com/ho%6Fk",
    "https://example.com/a/../hook",
    "https://example.com:443/hook",
    "https://Example.com/hook",
    "http://example.com/hook",
    "https://example.com.evil.example/hook",
    "https://user@example.com/hook",
    "https://ex\u{e4}mple.com/h\u{f6}\u{f6}k",
    "https://xn--exmple-cua.com/hook",
];

pub(super) fn add(plan: &mut Plan) {
    for came_to in URLS {
        for sub in URLS {
            for setting in [0, 5, 8, 11] {
                let scene = plan.scene(setting);
                let known = if sub == came_to {
                    Known::Genuine
                } else {
                    Known::Forged
                };
                let expected = Some(Expected::Url(came_to.to_owned()));
                let claims = scene.claims.clone().set("sub", text(sub));
                let delivery = Delivery {
                    expected,
                    ..scene.with_claims(&claims)
                };
                plan.add(
                    "urls",
                    "url",
                    format!("{sub} came to {came_to}"),
                    known,
                    delivery,
                );
                let unchecked = Delivery {
                    expected: None,
                    ..scene.with_claims(&claims)
                };
                plan.add(
                    "urls",
                    "url",
                    format!("{sub} came anywhere"),
                    Known::Genuine,
                    unchecked,
                );
            }
        }
    }
    bases(plan);
}

/// Base URLs, which only we support. Equivalent spellings are omitted, since the SDKs
/// compare verbatim.
fn bases(plan: &mut Plan) {
    for (base, target, sub, same) in [
        (
            "https://example.com",
            "/hook",
            "https://example.com/hook",
            true,
        ),
        (
            "https://example.com",
            "/hook?a=b",
            "https://example.com/hook?a=b",
            true,
        ),
        (
            "https://example.com/api",
            "/hook",
            "https://example.com/api/hook",
            true,
        ),
        (
            "https://example.com:8443",
            "/",
            "https://example.com:8443/",
            true,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com/hook/",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com/Hook",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            "http://example.com/hook",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com.evil.example/hook",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            "https://evil.example/https://example.com/hook",
            false,
        ),
        ("https://example.com", "/hook", "/hook", false),
        (
            "https://example.com/api",
            "/hook",
            "https://example.com/hook",
            false,
        ),
        (
            "https://example.com/api",
            "/hook",
            "https://example.com/apihook",
            false,
        ),
        (
            "https://example.com",
            "/hook?a=b",
            "https://example.com/hook",
            false,
        ),
    ] {
        let known = if same { Known::Genuine } else { Known::Forged };
        plan.everywhere("urls", "base-url", sub, known, |scene, _| {
            let claims = scene.claims.clone().set("sub", text(sub));
            let expected = Some(Expected::Base {
                base: base.to_owned(),
                target: target.to_owned(),
            });
            Delivery {
                expected,
                ..scene.with_claims(&claims)
            }
        });
    }
}
