//! A delivery between its two steps, and after them.

pub(crate) mod body;
mod buffered;

use std::fmt;

use crate::delivery::body::BodyHash;
use crate::error::VerifyError;
use crate::keys::{KeySlot, KeySource};
use crate::region::Region;
use crate::token::claims::Claims;

pub use buffered::BufferedDelivery;

/// A delivery whose token is genuine and whose body is still to come; made by
/// [`Verifier::authenticate`](crate::Verifier::authenticate).
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

    /// Returns which of the two keys signed the token; the body is not verified yet.
    #[must_use]
    pub fn key_slot(&self) -> KeySlot {
        self.verified.key
    }

    /// Refuses a length over the limit before anything of the body is read, for
    /// a body that knows its length; that of a `Content-Length` header was
    /// looked at already. What counts in the end are the bytes that arrive.
    ///
    /// # Errors
    /// [`VerifyError::BodyTooLarge`].
    pub fn declare_length(&mut self, bytes: u64) -> Result<(), VerifyError> {
        self.body.declare(bytes)
    }

    /// The longest length that was declared, in bytes; 0 if none was.
    pub(crate) fn declared(&self) -> u64 {
        self.body.declared()
    }

    /// Takes the next bytes of the body, raw, as often as there are some.
    ///
    /// # Errors
    /// [`VerifyError::BodyTooLarge`] as soon as they exceed the limit;
    /// [`finish`](Self::finish) then says the same.
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
}

impl fmt::Debug for PendingDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What will be `Verified` isn't yet, so it is not shown.
        f.debug_struct("PendingDelivery").finish_non_exhaustive()
    }
}

/// A genuine delivery. Only a [`Verifier`](crate::Verifier) makes one, so
/// whoever holds one knows that the body was signed by QStash.
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
}

impl Verified {
    /// The region that the `upstash-region` header names; `None` if it is
    /// absent or names no region, even where it doesn't count for the choice of
    /// keys. The header is not signed: only if
    /// [`key_source`](Self::key_source) is [`KeySource::Region`] or [`KeySource::ExplicitRegion`] has the region's own
    /// key vouched for it.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        self.region
    }

    /// Which of the two keys signed it.
    #[must_use]
    pub fn key_slot(&self) -> KeySlot {
        self.key
    }

    /// Where that key comes from.
    #[must_use]
    pub fn key_source(&self) -> KeySource {
        self.source
    }

    /// What the token says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}
