//! Deliveries signed with published keys at a fixed time, for tests of a service.
//!
//! Enable the feature in `[dev-dependencies]` only; no other feature enables it:
//!
//! ```toml
//! [dev-dependencies]
//! qstash-verify = { version = "0.1", features = ["testing"] }
//! ```
//!
//! The keys are published: **anyone can sign with them**, so a service that accepts them
//! accepts forgeries.
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
use crate::keys::published::TESTING_KEYS;
use crate::verifier::{Verifier, VerifierBuilder};

pub use crate::signing::SignedDelivery;

/// The current key of [`signing_keys`]. Published.
pub const CURRENT_KEY: &str = TESTING_KEYS[0];

/// The next key of [`signing_keys`]. Published.
pub const NEXT_KEY: &str = TESTING_KEYS[1];

/// Returns [`CURRENT_KEY`] and [`NEXT_KEY`] as a pair.
#[must_use]
pub fn signing_keys() -> SigningKeys {
    SigningKeys::prepare(TESTING_KEYS)
}

/// Returns the fixed time of [`verifier`] and [`delivery`], in July 2026.
///
/// It is 1 783 794 365 s after the Unix epoch.
#[must_use]
pub fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_783_794_365)
}

/// Creates a builder with [`signing_keys`] and a clock fixed at [`now`].
pub fn verifier() -> VerifierBuilder {
    Verifier::builder(signing_keys()).clock(now)
}

/// Creates a delivery of `body` to `url`, signed with [`CURRENT_KEY`].
///
/// It is signed at [`now`] and valid for 300 s.
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
    fn now_is_fixed_in_july_2026() {
        let since_epoch = now().duration_since(UNIX_EPOCH).unwrap();
        assert_eq!(since_epoch.as_secs(), 1_783_794_365);
    }
}
