//! Deliveries whose body is pending, and verified deliveries.

pub(crate) mod body;
mod buffered;

use std::fmt;
use std::time::SystemTime;

use crate::clock::time_at;
use crate::delivery::body::BodyHash;
use crate::error::VerifyError;
use crate::keys::{KeySlot, KeySource};
use crate::region::Region;
use crate::token::claims::Claims;

pub use buffered::BufferedDelivery;

/// A delivery with a genuine token whose body is not verified yet.
///
/// Created by [`Verifier::authenticate`](crate::Verifier::authenticate).
///
/// ```
/// use qstash_verify::{PendingDelivery, Verified, VerifyError};
///
/// fn receive(
///     mut pending: PendingDelivery,
///     chunks: impl Iterator<Item = Vec<u8>>,
/// ) -> Result<Verified, VerifyError> {
///     for chunk in chunks {
///         pending.update(&chunk)?;
///     }
///     pending.finish()
/// }
/// ```
#[derive(Clone)]
#[must_use = "a delivery is verified only by `finish`"]
pub struct PendingDelivery {
    body: BodyHash,
    verified: Verified,
}

impl PendingDelivery {
    pub(crate) fn new(body: BodyHash, verified: Verified) -> Self {
        PendingDelivery { body, verified }
    }

    /// Returns which of the two keys signed the token.
    #[must_use]
    pub fn key_slot(&self) -> KeySlot {
        self.verified.key
    }

    /// Checks a declared length against the limit before the body is read.
    ///
    /// For a body that knows its length; `authenticate` has checked the `Content-Length`
    /// header. The limit applies to the bytes received all the same.
    ///
    /// # Errors
    /// [`VerifyError::BodyTooLarge`] if `bytes` exceeds the limit.
    pub fn declare_length(&mut self, bytes: u64) -> Result<(), VerifyError> {
        self.body.declare(bytes)
    }

    /// Returns the longest length declared, in bytes; 0 if none was.
    pub(crate) fn declared(&self) -> u64 {
        self.body.declared()
    }

    /// Hashes a chunk of the raw body.
    ///
    /// # Errors
    /// [`VerifyError::BodyTooLarge`] once the body exceeds the limit;
    /// [`finish`](Self::finish) then returns the same error.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), VerifyError> {
        self.body.update(chunk)
    }

    /// Compares the body with the hash in the token.
    ///
    /// # Errors
    /// [`VerifyError::BodyMismatch`], or [`VerifyError::BodyTooLarge`].
    pub fn finish(self) -> Result<Verified, VerifyError> {
        self.body.finish()?;
        Ok(self.verified)
    }

    /// Finishes with a SHA-256 of the body that the caller computed.
    ///
    /// For hosts with a faster SHA-256, such as Cloudflare Workers. Chunks given to
    /// [`update`](Self::update) do not count. Call
    /// [`declare_length`](Self::declare_length) while the body arrives, to bound it.
    ///
    /// ```
    /// use qstash_verify::{PendingDelivery, Verified, VerifyError};
    ///
    /// fn finish(
    ///     pending: PendingDelivery,
    ///     body: &[u8],
    ///     sha256: fn(&[u8]) -> [u8; 32],
    /// ) -> Result<Verified, VerifyError> {
    ///     pending.finish_with_sha256(sha256(body), body.len() as u64)
    /// }
    /// ```
    ///
    /// # Security
    /// `hash` and `bytes`, the length, must be those of the body that is passed on: with
    /// those of other bytes, a body that was not signed counts as verified.
    ///
    /// # Errors
    /// [`VerifyError::BodyMismatch`], or [`VerifyError::BodyTooLarge`].
    pub fn finish_with_sha256(self, hash: [u8; 32], bytes: u64) -> Result<Verified, VerifyError> {
        self.body.finish_with_sha256(hash, bytes)?;
        Ok(self.verified)
    }
}

impl fmt::Debug for PendingDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The claims are not shown, since the body is not verified yet.
        f.debug_struct("PendingDelivery").finish_non_exhaustive()
    }
}

/// A genuine delivery: QStash signed its token and its body.
///
/// Only a [`Verifier`](crate::Verifier) creates one.
///
/// ```
/// use qstash_verify::{KeySlot, Verified};
///
/// fn handler(verified: &Verified) {
///     if verified.key_slot() == KeySlot::Next {
///         // the keys were rolled
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Verified {
    pub(crate) region: Option<Region>,
    pub(crate) key: KeySlot,
    pub(crate) source: KeySource,
    pub(crate) claims: Claims,
    pub(crate) id: TokenId,
    /// The tolerance of the verifier in seconds.
    pub(crate) tolerance: f64,
}

/// The start of a verified token's MAC, which a `Debug` form must not show.
#[derive(Clone)]
pub(crate) struct TokenId(pub(crate) [u8; 16]);

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Verified {
    /// Returns until when the verifier accepts the token.
    pub(crate) fn accepted_until(&self) -> SystemTime {
        time_at(self.claims.exp + self.tolerance)
    }

    /// Returns the region that the `upstash-region` header names.
    ///
    /// `None` if the header is absent or names no region. The header is not signed: the
    /// region is proven only if [`key_source`](Self::key_source) is
    /// [`KeySource::Region`] or [`KeySource::ExplicitRegion`].
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        self.region
    }

    /// Returns which of the two keys signed the token.
    #[must_use]
    pub fn key_slot(&self) -> KeySlot {
        self.key
    }

    /// Returns the source of that key.
    #[must_use]
    pub fn key_source(&self) -> KeySource {
        self.source
    }

    /// Returns the claims of the token.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}
