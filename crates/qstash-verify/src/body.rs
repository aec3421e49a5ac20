//! The body: its running hash, its limit, its comparison. HTTP is not known
//! here.

use sha2::{Digest, Sha256};

use crate::error::VerifyError;

/// The longest body that is accepted where no limit is set: 10 MiB, in bytes.
pub const DEFAULT_BODY_LIMIT: u64 = 10 * 1024 * 1024;

/// A body that is being received.
#[derive(Clone)]
pub(crate) struct BodyHash {
    hash: Sha256,
    received: u64,
    limit: u64,
    declared: u64,
    /// `None` if the token's claim can't be a SHA-256.
    signed: Option<[u8; 32]>,
}

impl BodyHash {
    pub(crate) fn new(limit: u64, signed: Option<[u8; 32]>) -> Self {
        BodyHash {
            hash: Sha256::new(),
            received: 0,
            limit,
            declared: 0,
            signed,
        }
    }

    /// Refuses a declared length over the limit.
    pub(crate) fn declare(&mut self, length: u64) -> Result<(), VerifyError> {
        self.declared = self.declared.max(length);
        self.within_limit(length)
    }

    pub(crate) fn declared(&self) -> u64 {
        self.declared
    }

    fn within_limit(&self, length: u64) -> Result<(), VerifyError> {
        if length > self.limit {
            return Err(VerifyError::BodyTooLarge { limit: self.limit });
        }
        Ok(())
    }

    pub(crate) fn update(&mut self, chunk: &[u8]) -> Result<(), VerifyError> {
        self.received = self.received.saturating_add(chunk.len() as u64);
        self.within_limit(self.received)?;
        self.hash.update(chunk);
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), VerifyError> {
        // Holds even if an error of `update` was not heeded.
        self.within_limit(self.received)?;
        let hash: [u8; 32] = self.hash.finalize().into();
        // Neither side is secret, so this need not be constant-time.
        if self.signed == Some(hash) {
            Ok(())
        } else {
            Err(VerifyError::BodyMismatch {
                received: self.received,
            })
        }
    }
}
