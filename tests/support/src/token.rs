//! Token builder and signer.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// An unsigned token, by default with the header and claims of QStash in 2026.
///
/// ```
/// use qstash_verify_test_support::{DEFAULT, Token};
///
/// let genuine = Token::new("https://example.com/hook", b"hello", 1_783_794_355);
/// let header = genuine.sign(DEFAULT[0]);
/// let forged = genuine.claim("iss", r#""Mallory""#).without("nbf").sign(DEFAULT[0]);
/// ```
#[derive(Clone, Debug)]
pub struct Token {
    header: String,
    /// Names without quotes and values, as JSON.
    claims: Vec<(String, String)>,
    payload: Option<Vec<u8>>,
}

impl Token {
    /// Creates the token of a delivery of `body` to `url`, valid for 300 s from `iat`.
    #[must_use]
    pub fn new(url: &str, body: &[u8], iat: i64) -> Self {
        let text = |value: &str| serde_json::Value::from(value).to_string();
        let claims = [
            ("aud", text("")),
            ("body", text(&URL_SAFE.encode(Sha256::digest(body)))),
            ("exp", (iat + 300).to_string()),
            ("iat", iat.to_string()),
            ("iss", text("Upstash")),
            ("jti", text("jwt_6ckgA7RQnj6x3XMKSnfUb8atTsZP")),
            // Go's zero time, in the year 1.
            ("nbf", "-62135596800".to_owned()),
            ("sub", text(url)),
        ];
        Token {
            header: r#"{"alg":"HS256","typ":"JWT"}"#.to_owned(),
            claims: claims
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec(),
            payload: None,
        }
    }

    /// Sets a claim to a JSON value; a new claim is appended.
    #[must_use]
    pub fn claim(mut self, name: &str, json: &str) -> Self {
        match self.claims.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => json.clone_into(value),
            None => return self.again(name, json),
        }
        self
    }

    /// Appends a claim, even a duplicate. The name may contain JSON escapes.
    #[must_use]
    pub fn again(mut self, name: &str, json: &str) -> Self {
        self.claims.push((name.to_owned(), json.to_owned()));
        self
    }

    /// Removes a claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.retain(|(known, _)| known != name);
        self
    }

    /// Sets the JOSE header.
    #[must_use]
    pub fn header(mut self, json: &str) -> Self {
        json.clone_into(&mut self.header);
        self
    }

    /// Sets the payload, which replaces all claims.
    #[must_use]
    pub fn payload(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.payload = Some(bytes.into());
        self
    }

    /// Returns the JSON value of a claim.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.claims.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// Returns the JWS signing input.
    #[must_use]
    pub fn signing_input(&self) -> String {
        let payload = self.payload.clone().unwrap_or_else(|| {
            let claims = self.claims.iter();
            let claims: Vec<_> = claims
                .map(|(name, json)| format!("\"{name}\":{json}"))
                .collect();
            format!("{{{}}}", claims.join(",")).into_bytes()
        });
        format!("{}.{}", base64url(&self.header), base64url(payload))
    }

    /// Returns the token in compact serialization, signed with HMAC-SHA256.
    #[must_use]
    pub fn sign(&self, key: &str) -> String {
        let input = self.signing_input();
        let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        let mac = mac.chain_update(&input).finalize().into_bytes();
        format!("{input}.{}", base64url(mac))
    }
}

/// Encodes bytes as base64url without padding.
#[must_use]
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
