//! Requests, and the cryptographic floor of their verification.

use std::hint::black_box;

use hmac::{Hmac, KeyInit, Mac};
use qstash_verify::testing::{self, CURRENT_KEY, NEXT_KEY, SignedDelivery, signing_keys};
use qstash_verify::{Region, RequestHead, Verified, Verifier, VerifyError};
use sha2::{Digest, Sha256};

/// The minimum cryptography: the number of MACs over the token, and whether the body is
/// hashed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    macs: usize,
    hash: bool,
}

impl Floor {
    /// Returns the floor of an accepted delivery, or of a refusal with this code.
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

/// A request in memory, and the verifier of its service.
pub(crate) struct Request {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) verifier: Verifier,
    /// The keys of the verifier, for the floor.
    keys: [Hmac<Sha256>; 2],
    signing_input: Vec<u8>,
}

impl Request {
    pub(crate) fn genuine(size: usize) -> Self {
        Request::of(&delivery(size))
    }

    pub(crate) fn of(delivery: &SignedDelivery) -> Self {
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
        let signed = delivery.headers().into_iter();
        headers.extend(signed.filter(|(name, _)| name != "content-type"));
        Request {
            headers,
            body: delivery.body().to_owned(),
            verifier: Verifier::new(signing_keys()),
            keys: [CURRENT_KEY, NEXT_KEY].map(prepared),
            signing_input: signing_input.into(),
        }
    }

    pub(crate) fn without_token(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "upstash-signature");
        self
    }

    pub(crate) fn with_token(mut self, change: impl Fn(&str) -> String) -> Self {
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

    /// Runs only the cryptography.
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

pub(crate) fn delivery(size: usize) -> SignedDelivery {
    let body: Vec<u8> = (0..=250).cycle().take(size).collect();
    testing::delivery("https://api.example.com/webhooks/orders", body)
        .region(Region::EuCentral1)
        // Valid until 2100: reading the system clock is part of the work.
        .claim("exp", 4_102_444_800_u64)
}
