//! The signed delivery, and the verifier that receives it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qstash_verify::{KeyRing, SigningKeys, Verifier};

use super::Delivery;
use super::mutations::PAIRS;
use crate::reference::environment::{KEYS, Keys, Pair};
use crate::reference::url::Destination;
use crate::reference::{Setup, base64url, mac};

/// A signed delivery, and the settings of its verifier.
#[derive(Clone, Debug)]
pub struct SignedDelivery {
    /// The settings for the reference. The builder may reject the destination.
    pub setup: Setup,
    /// The headers of the request.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The path and query of the request.
    pub target: String,
    /// The body of the request.
    pub body: Vec<u8>,
    tolerance: Duration,
    now: SystemTime,
    environment: bool,
}

impl Delivery {
    /// Signs the delivery, then applies the edits of token and body.
    #[must_use]
    pub fn sign(&self) -> SignedDelivery {
        let token = self.token();
        let mut headers = self.headers.clone();
        if self.signature {
            // The position and the case of the header vary.
            let at = usize::from(self.key.len().is_multiple_of(2)).min(headers.len());
            let name = if at == 0 {
                "upstash-signature"
            } else {
                "Upstash-Signature"
            };
            headers.insert(at, (name.into(), token));
        }
        let mut body = self.body.clone();
        for edit in &self.body_edits {
            edit.apply(&mut body);
        }
        let limit = match self.room {
            Some(room) => (body.len() as i64 + i64::from(room)).max(0).unsigned_abs(),
            None => qstash_verify::DEFAULT_BODY_LIMIT,
        };
        let since_epoch = Duration::from_millis(self.now.unsigned_abs() * 125);
        SignedDelivery {
            setup: Setup {
                keys: self.keys(),
                destination: self.destination.clone(),
                now: self.now as f64 / 8.0,
                tolerance: self.tolerance.as_secs_f64(),
                limit,
            },
            headers,
            target: self.target.clone(),
            body,
            tolerance: self.tolerance,
            now: match self.now {
                0.. => UNIX_EPOCH + since_epoch,
                _ => UNIX_EPOCH - since_epoch,
            },
            environment: self.environment.is_some(),
        }
    }

    fn keys(&self) -> Keys {
        let [default, us, eu] = PAIRS.map(|pair| pair.map(str::to_owned));
        let Some(set) = self.environment else {
            return Keys::Explicit(default);
        };
        let us = (set & 1 == 0).then_some(us);
        let eu = (set & 2 == 0).then_some(eu);
        let default = (set & 4 == 0 || us.is_none() && eu.is_none()).then_some(default);
        Keys::Environment { default, us, eu }
    }

    fn token(&self) -> Vec<u8> {
        let mut payload = self.payload.clone().unwrap_or_else(|| {
            let mut payload = b"{".to_vec();
            for (name, value) in &self.claims {
                let hash = self.body_claim();
                let value = if value.is_empty() && name == b"body" {
                    &hash
                } else {
                    value
                };
                if payload.len() > 1 {
                    payload.push(b',');
                }
                payload.extend([&self.space[..], b"\"", name, b"\":", value].concat());
            }
            payload.push(b'}');
            payload
        });
        let mut signed = base64url::encode(&self.jose);
        signed.push('.');
        if let Some(length) = self.token_length {
            // Without the dot and the MAC; four symbols are three bytes.
            let symbols = length.saturating_sub(signed.len() + 1 + 43);
            payload.resize(payload.len().max(symbols * 3 / 4), b' ');
        }
        signed += &base64url::encode(&payload);
        let mac = mac::hmac(self.key.as_bytes(), signed.as_bytes());
        let mut token = format!("{signed}.{}", base64url::encode(&mac)).into_bytes();
        for edit in &self.token_edits {
            edit.apply(&mut token);
        }
        token
    }

    /// Returns the hash of the body, in QStash's form or a variant.
    fn body_claim(&self) -> Vec<u8> {
        let hash = base64url::encode(&mac::sha256(&self.body));
        let text = match self.hash.map(|kind| (kind % 7, kind / 7)) {
            None => format!("{hash}="),
            Some((0, padding)) => format!("{hash}{}", "=".repeat(padding.into())),
            Some((1, _)) => hash.replace('-', "+").replace('_', "/"),
            Some((2, cut)) => hash[..hash.len() - usize::from(cut)].to_owned(),
            Some((3, more)) => format!("{hash}{}", "A".repeat(more.into())),
            // Stray bits in the last symbol.
            Some((4, bits)) => {
                let last = hash.as_bytes()[42] + bits % 4;
                format!("{}{}", &hash[..42], char::from(last))
            }
            Some((5, _)) => format!("={hash}"),
            // An escape in the JSON string.
            Some(_) => format!("{}\\u{:04x}", &hash[..42], hash.as_bytes()[42]),
        };
        format!("\"{text}\"").into_bytes()
    }
}

impl SignedDelivery {
    /// Builds the core's verifier; `None` if the builder rejects the URL.
    ///
    /// # Panics
    /// If only one of the builder and the reference rejects it.
    #[must_use]
    pub fn verifier(&self) -> Option<Verifier> {
        let now = self.now;
        let builder = Verifier::builder(self.ring())
            .tolerance(self.tolerance)
            .body_limit(self.setup.limit)
            .clock(move || now);
        let builder = match &self.setup.destination {
            None => return Some(builder.build()),
            Some(Destination::Url(url)) => builder.url(url),
            Some(Destination::Base(url)) => builder.base_url(url),
        };
        let valid = self.setup.destination.as_ref().unwrap().is_valid();
        assert_eq!(builder.is_ok(), valid, "{:?}", self.setup.destination);
        builder.ok().map(|builder| builder.build())
    }

    fn ring(&self) -> KeyRing {
        match &self.setup.keys {
            Keys::Explicit([current, next]) => SigningKeys::new(current, next).unwrap().into(),
            Keys::Environment { default, us, eu } => {
                assert!(self.environment);
                let pairs: [&Option<Pair>; 3] = [default, us, eu];
                let lookup = |name: &str| {
                    if name == "QSTASH_REGION" {
                        return Some("US_EAST_1".to_owned());
                    }
                    for ((_, names), pair) in KEYS.iter().zip(pairs) {
                        if let Some(at) = names.iter().position(|known| *known == name) {
                            return pair.as_ref().map(|pair| pair[at].clone());
                        }
                    }
                    None
                };
                KeyRing::from_lookup(lookup).unwrap()
            }
        }
    }
}
