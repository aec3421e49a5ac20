//! Deliveries signed with public keys at a fixed time, for the tests of a service
//! that verifies them.
//!
//! The feature belongs in `[dev-dependencies]` and nowhere else, and no other
//! feature turns it on:
//!
//! ```toml
//! [dev-dependencies]
//! qstash-verify = { version = "0.1", features = ["testing"] }
//! ```
//!
//! The keys in here are public: **anyone can sign with them**, so a service that
//! accepts them accepts forgeries.
//!
//! ```
//! use qstash_verify::testing::{SignedDelivery, delivery, verifier};
//! use qstash_verify::{RequestHead, VerifyError};
//!
//! let verifier = verifier().base_url("https://example.com")?.build();
//! let check = |delivery: &SignedDelivery| {
//!     let head = RequestHead::new(delivery.headers(), delivery.path_and_query());
//!     verifier.verify(&head, delivery.body())
//! };
//!
//! let genuine = delivery("https://example.com/orders", r#"{"id":7}"#);
//! assert_eq!(check(&genuine).unwrap().claims().sub(), "https://example.com/orders");
//!
//! let forged = genuine.clone().key("sig_ofSomeoneElse");
//! assert!(matches!(check(&forged), Err(VerifyError::BadSignature { .. })));
//!
//! let unlimited = genuine.without("exp");
//! assert!(matches!(check(&unlimited), Err(VerifyError::MissingClaim { .. })));
//! # Ok::<_, qstash_verify::ConfigError>(())
//! ```

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::keys::SigningKeys;
use crate::keys::public::TESTING_KEYS;
use crate::verifier::{Verifier, VerifierBuilder};

pub use crate::signing::SignedDelivery;

/// The current key of [`signing_keys`]. Public.
pub const CURRENT_KEY: &str = TESTING_KEYS[0];

/// The next key of [`signing_keys`]. Public.
pub const NEXT_KEY: &str = TESTING_KEYS[1];

/// [`CURRENT_KEY`] and [`NEXT_KEY`].
#[must_use]
pub fn signing_keys() -> SigningKeys {
    SigningKeys::prepare(TESTING_KEYS)
}

/// The time at which these tests take place: 1 783 794 365 s after the Unix
/// epoch, a moment in July 2026.
#[must_use]
pub fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_783_794_365)
}

/// A builder of a verifier with [`signing_keys`] and a clock that stands still
/// at [`now`].
pub fn verifier() -> VerifierBuilder {
    Verifier::builder(signing_keys()).clock(now)
}

/// Creates a delivery of `body` to `url`, signed with [`CURRENT_KEY`] at [`now`] and
/// valid for 300 s.
///
/// ```
/// use std::time::Duration;
/// use qstash_verify::testing::{delivery, now};
///
/// let late = delivery("https://example.com/orders", "hello")
///     .issued_at(now() - Duration::from_secs(600));
/// for (name, value) in late.headers() {
///     println!("{name}: {value}");
/// }
/// ```
pub fn delivery(url: impl Into<String>, body: impl Into<Vec<u8>>) -> SignedDelivery {
    SignedDelivery::new(url, body, &signing_keys(), now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_stands_still_in_july_2026() {
        let since_epoch = now().duration_since(UNIX_EPOCH).unwrap();
        assert_eq!(since_epoch.as_secs(), 1_783_794_365);
    }
}
