//! A body that is collected while it is hashed.

use std::fmt;

use bytes::Bytes;

use crate::delivery::{PendingDelivery, Verified};
use crate::error::VerifyError;

impl PendingDelivery {
    /// Converts into a delivery that also collects the body.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use qstash_verify::{PendingDelivery, Verified, VerifyError};
    ///
    /// fn receive(
    ///     pending: PendingDelivery,
    ///     chunks: impl Iterator<Item = Bytes>,
    /// ) -> Result<(Verified, Bytes), VerifyError> {
    ///     let mut delivery = pending.buffered();
    ///     for chunk in chunks {
    ///         delivery.update(chunk)?;
    ///     }
    ///     delivery.finish()
    /// }
    /// ```
    pub fn buffered(self) -> BufferedDelivery {
        BufferedDelivery {
            pending: self,
            first: Bytes::new(),
            rest: Vec::new(),
        }
    }
}

/// A delivery with a genuine token that collects its body.
///
/// Created by [`PendingDelivery::buffered`]. A body in one chunk is not copied; a body
/// in several is copied into a buffer that grows with the bytes received, not with the
/// length declared.
///
/// ```
/// use bytes::Bytes;
/// use qstash_verify::{BufferedDelivery, Verified, VerifyError};
///
/// fn last(mut delivery: BufferedDelivery, chunk: Bytes) -> Result<(Verified, Bytes), VerifyError> {
///     delivery.update(chunk)?;
///     delivery.finish()
/// }
/// ```
#[must_use = "a delivery is verified only by `finish`"]
pub struct BufferedDelivery {
    pending: PendingDelivery,
    first: Bytes,
    rest: Vec<u8>,
}

impl BufferedDelivery {
    /// Appends a chunk of the raw body.
    ///
    /// # Errors
    /// [`VerifyError::BodyTooLarge`] once the body exceeds the limit;
    /// [`finish`](Self::finish) then returns the same error.
    pub fn update(&mut self, chunk: Bytes) -> Result<(), VerifyError> {
        self.pending.update(&chunk)?;
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = chunk;
        } else {
            self.append(&chunk);
        }
        Ok(())
    }

    /// Appends a copy of a chunk, for chunks that are not [`Bytes`].
    ///
    /// # Errors
    /// Those of [`update`](Self::update).
    pub fn extend_from_slice(&mut self, chunk: &[u8]) -> Result<(), VerifyError> {
        self.pending.update(chunk)?;
        self.append(chunk);
        Ok(())
    }

    fn append(&mut self, chunk: &[u8]) {
        // An empty chunk must not cause a copy of the one before.
        if chunk.is_empty() {
            return;
        }
        let first = std::mem::take(&mut self.first);
        self.reserve(first.len() + chunk.len());
        self.rest.extend_from_slice(&first);
        self.rest.extend_from_slice(chunk);
    }

    /// Reserves room for `more` bytes, and ahead for at most as many as have arrived.
    ///
    /// A declared length only limits the room ahead, so it can't reserve memory alone.
    fn reserve(&mut self, more: usize) {
        if self.rest.capacity() - self.rest.len() >= more {
            return;
        }
        let arrived = self.rest.len() + more;
        let declared = usize::try_from(self.pending.declared()).unwrap_or(0);
        let ahead = match declared.checked_sub(arrived) {
            Some(left) => left.min(arrived),
            None => arrived,
        };
        self.rest.reserve_exact(more + ahead);
    }

    /// Compares the body with the hash in the token, and returns both.
    ///
    /// The body is exactly the bytes that were signed.
    ///
    /// # Errors
    /// [`VerifyError::BodyMismatch`], or [`VerifyError::BodyTooLarge`].
    pub fn finish(self) -> Result<(Verified, Bytes), VerifyError> {
        let verified = self.pending.finish()?;
        let body = if self.rest.is_empty() {
            self.first
        } else {
            Bytes::from(self.rest)
        };
        Ok((verified, body))
    }
}

/// Prints only the length of the body, which is unverified and may be long.
impl fmt::Debug for BufferedDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferedDelivery")
            .field("bytes", &(self.first.len() + self.rest.len()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
