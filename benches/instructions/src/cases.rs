//! What is measured: each case runs its work as often as it is told to.

use std::hint::black_box;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use qstash_verify::testing::{CURRENT_KEY, Delivery, NEXT_KEY, signing_keys};
use qstash_verify::{Region, RequestHead, Verified, Verifier, VerifyError};
use sha2::{Digest, Sha256};

use crate::services;

/// The cryptography that no verifier can do without: how many MACs over the
/// token, and whether a hash of the body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    macs: usize,
    hash: bool,
}

impl Floor {
    /// What it takes to find out that a delivery is genuine, or is refused so.
    pub(crate) fn of(code: Option<&str>) -> Self {
        let (macs, hash) = match code {
            None | Some("body_mismatch") => (1, true),
            Some("bad_signature") => (2, false),
            Some("expired") => (1, false),
            Some(_) => (0, false),
        };
        Floor { macs, hash }
    }
}

/// Does the work so many times.
pub(crate) type Work = fn(&Request, u64) -> Measurement;

/// The result of the work.
#[derive(Default)]
pub(crate) struct Measurement {
    /// Of the last answer.
    pub(crate) status: u16,
    /// Without what it took to make the requests.
    pub(crate) elapsed: Duration,
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) request: fn() -> Request,
    /// Why it is refused; `None` if it isn't.
    pub(crate) code: Option<&'static str>,
    pub(crate) work: Work,
    /// The same call without verification, whose cost is not ours.
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
    [wrapped, bare]: services::Ways,
    request: fn() -> Request,
) -> Case {
    Case {
        work: wrapped,
        without: Some(bare),
        ..core(name, code, request)
    }
}

/// With the search for the headers, which is part of the work.
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

/// A request as a server has read it, and the verifier of its service.
pub(crate) struct Request {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) verifier: Verifier,
    /// The keys of the verifier, for the floor.
    keys: [Hmac<Sha256>; 2],
    signing_input: Vec<u8>,
}

fn delivery(size: usize) -> Delivery {
    let body: Vec<u8> = (0..=250).cycle().take(size).collect();
    Delivery::new("https://api.example.com/webhooks/orders", body)
        .region(Region::EuCentral1)
        // Until 2100, so that the system's clock can be read, which is part of
        // the work.
        .claim("exp", 4_102_444_800_u64)
}

impl Request {
    fn genuine(size: usize) -> Self {
        Request::of(&delivery(size))
    }

    fn of(delivery: &Delivery) -> Self {
        let token = delivery.token();
        let signing_input = token.rsplit_once('.').unwrap_or_default().0;
        let mut headers: Vec<_> = [
            ("host", "api.example.com"),
            ("user-agent", "Upstash-QStash"),
            ("content-length", &delivery.body().len().to_string()),
            ("accept-encoding", "gzip"),
            ("content-type", "application/json"),
            ("upstash-caller-ip", "203.0.113.7"),
            ("upstash-retried", "0"),
            ("x-forwarded-for", "203.0.113.8"),
            ("x-forwarded-proto", "https"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        headers.extend(delivery.headers());
        Request {
            headers,
            body: delivery.body().to_owned(),
            verifier: Verifier::new(signing_keys()),
            keys: [CURRENT_KEY, NEXT_KEY].map(prepared),
            signing_input: signing_input.into(),
        }
    }

    fn without_token(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "upstash-signature");
        self
    }

    fn with_token(mut self, change: impl Fn(&str) -> String) -> Self {
        for (name, value) in &mut self.headers {
            if name == "upstash-signature" {
                *value = change(value);
            }
        }
        self
    }

    pub(crate) fn verdict(&self) -> Result<Verified, VerifyError> {
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        let head = RequestHead::new(headers, "/webhooks/orders");
        self.verifier.verify(&head, &self.body)
    }

    /// The cryptography alone.
    pub(crate) fn floor(&self, floor: Floor, repeats: u64) {
        for _ in 0..repeats {
            for key in self.keys.iter().take(floor.macs) {
                let message = black_box(&self.signing_input);
                black_box(key.clone().chain_update(message).finalize());
            }
            if floor.hash {
                black_box(Sha256::digest(black_box(&self.body)));
            }
        }
    }
}

fn prepared(key: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(key.as_bytes()).expect("a key of any length")
}
