//! The body: its running hash, its limit, its comparison. HTTP is not known
//! here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::VerifyError;
use crate::token::claims::SignedHash;

/// The longest body that is accepted where no limit is set: 10 MiB, in bytes.
pub const DEFAULT_BODY_LIMIT: u64 = 10 * 1024 * 1024;

/// A body that is being received.
#[derive(Clone)]
pub(crate) struct BodyHash {
    hash: Sha256,
    received: u64,
    limit: u64,
    declared: u64,
    signed: SignedHash,
}

impl BodyHash {
    pub(crate) fn new(limit: u64, signed: SignedHash) -> Self {
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
        let mut text = [0; 43];
        // An encoder writes no stray bits, so a text that has some is another.
        let written = URL_SAFE_NO_PAD.encode_slice(self.hash.finalize(), &mut text);
        // Neither side is secret, so this need not be constant-time.
        if written.is_ok() && self.signed == Some(text) {
            Ok(())
        } else {
            Err(VerifyError::BodyMismatch {
                received: self.received,
            })
        }
    }
}
