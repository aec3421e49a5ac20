//! Measured cases.

use std::hint::black_box;
use std::time::Instant;

use crate::request::{Request, delivery};
use crate::services;
use crate::work::{Measurement, Work};

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) request: fn() -> Request,
    /// The code of the refusal; `None` if it is accepted.
    pub(crate) code: Option<&'static str>,
    pub(crate) work: Work,
    /// The same call without verification, to subtract.
    pub(crate) without: Option<Work>,
}

pub(crate) fn all() -> Vec<Case> {
    let one_kib: fn() -> Request = || Request::genuine(1024);
    let forged: fn() -> Request = || Request::of(&delivery(1024).key("sig_ofSomeoneElse"));
    vec![
        core("verify, 0 B", None, || Request::genuine(0)),
        core("verify, 1 KiB", None, one_kib),
        core("verify, 16 KiB", None, || Request::genuine(16 * 1024)),
        core("verify, 1 MiB", None, || Request::genuine(1024 * 1024)),
        core("no header", Some("missing_signature"), || {
            Request::genuine(1024).without_token()
        }),
        core("malformed token", Some("malformed_token"), || {
            Request::genuine(1024).with_token(|token| format!("{token}="))
        }),
        core("bad signature", Some("bad_signature"), forged),
        core("expired", Some("expired"), || {
            Request::of(&delivery(1024).claim("exp", 1_700_000_300))
        }),
        core("body mismatch", Some("body_mismatch"), || {
            let mut request = Request::genuine(1024);
            request.body.reverse();
            request
        }),
        service("tower, 1 KiB", None, services::TOWER, one_kib),
        service(
            "tower, bad signature",
            Some("bad_signature"),
            services::TOWER_REFUSES,
            forged,
        ),
        service("actix, 1 KiB", None, services::ACTIX, one_kib),
        service(
            "actix, bad signature",
            Some("bad_signature"),
            services::ACTIX_REFUSES,
            forged,
        ),
    ]
}

fn core(name: &'static str, code: Option<&'static str>, request: fn() -> Request) -> Case {
    Case {
        name,
        request,
        code,
        work: verify,
        without: None,
    }
}

fn service(
    name: &'static str,
    code: Option<&'static str>,
    [wrapped, bare]: services::Pair,
    request: fn() -> Request,
) -> Case {
    Case {
        work: wrapped,
        without: Some(bare),
        ..core(name, code, request)
    }
}

/// Verifies a request, including the header lookup.
fn verify(request: &Request, repeats: u64) -> Measurement {
    let mut status = 0;
    let start = Instant::now();
    for _ in 0..repeats {
        let verdict = black_box(request).verdict();
        status = black_box(verdict).map_or_else(|refused| refused.status(), |_| 200);
    }
    let elapsed = start.elapsed();
    Measurement { status, elapsed }
}
