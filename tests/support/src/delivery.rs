//! The default delivery of the tests, and a verifier that accepts it.

use qstash_verify::{Verifier, VerifierBuilder};

use crate::{DEFAULT, Token, pinned, signing_keys};

/// The time at which the delivery is signed, in seconds since the Unix epoch.
pub const NOW: i64 = 1_783_794_355;
/// The origin of [`URL`].
pub const BASE: &str = "https://api.example.com";
/// The URL that the delivery is published to.
pub const URL: &str = "https://api.example.com/hooks/qstash?from=qstash";
/// The request target of [`URL`].
pub const TARGET: &str = "/hooks/qstash?from=qstash";
/// The body of the delivery.
pub const BODY: &[u8] = br#"{"message":"hello world"}"#;

/// Returns a verifier builder with the default keys, ten seconds after [`NOW`].
pub fn builder() -> VerifierBuilder {
    Verifier::builder(signing_keys(&DEFAULT)).clock(pinned(NOW + 10))
}

/// Returns the token for a delivery of this body to [`URL`].
#[must_use]
pub fn token(body: &[u8]) -> Token {
    Token::new(URL, body, NOW)
}
