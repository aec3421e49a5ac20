//! Token encoder and signer, independent of the library under test.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

pub(crate) const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Algorithm {
    Hs256,
    Hs384,
    Hs512,
    /// No signature.
    None,
}

/// Names without quotes and values, as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Claims(pub(crate) Vec<(String, String)>);

impl Claims {
    /// Creates QStash's claims; the form of `nbf` changed over the years.
    pub(crate) fn new(url: &str, body: &[u8], iat: i64, nbf: i64, jti: &str) -> Self {
        let claims = [
            ("aud", text("")),
            ("body", text(&hash(body))),
            ("exp", (iat + 300).to_string()),
            ("iat", iat.to_string()),
            ("iss", text("Upstash")),
            ("jti", text(jti)),
            ("nbf", nbf.to_string()),
            ("sub", text(url)),
        ];
        Claims(claims.map(|(name, json)| (name.to_owned(), json)).to_vec())
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, json)| json)
    }

    pub(crate) fn set(mut self, name: &str, json: impl Into<String>) -> Self {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = json.into(),
            None => self.0.push((name.to_owned(), json.into())),
        }
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// Appends a claim, even a duplicate.
    pub(crate) fn again(mut self, name: &str, json: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), json.into()));
        self
    }

    pub(crate) fn json(&self) -> String {
        let mut text = String::from("{");
        for (at, (name, json)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(text, "{comma}\"{name}\":{json}").unwrap();
        }
        text + "}"
    }
}

/// Returns a JSON string.
pub(crate) fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// Returns the `body` claim, padded as in all captures.
pub(crate) fn hash(body: &[u8]) -> String {
    URL_SAFE.encode(Sha256::digest(body))
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the signed token of a header and a payload.
pub(crate) fn token(
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
    algorithm: Algorithm,
    key: &str,
) -> String {
    signed(&base64url(header), &base64url(payload), algorithm, key)
}

/// Returns the signed token of two encoded segments, which may be malformed.
pub(crate) fn signed(header: &str, payload: &str, algorithm: Algorithm, key: &str) -> String {
    let input = format!("{header}.{payload}");
    let mac = base64url(mac(&input, algorithm, key));
    format!("{input}.{mac}")
}

pub(crate) fn mac(input: &str, algorithm: Algorithm, key: &str) -> Vec<u8> {
    macro_rules! hmac {
        ($hash:ty) => {
            Hmac::<$hash>::new_from_slice(key.as_bytes())
                .unwrap()
                .chain_update(input)
                .finalize()
                .into_bytes()
                .to_vec()
        };
    }
    match algorithm {
        Algorithm::Hs256 => hmac!(Sha256),
        Algorithm::Hs384 => hmac!(Sha384),
        Algorithm::Hs512 => hmac!(Sha512),
        Algorithm::None => Vec::new(),
    }
}
