//! The running hash of a body, its limit, and its comparison with the token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::VerifyError;
use crate::token::claims::SignedHash;

/// The default body limit in bytes: 10 MiB.
pub const DEFAULT_BODY_LIMIT: u64 = 10 * 1024 * 1024;

/// The hash and the limit of a body that is being received.
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
        compare(
            self.hash.finalize().into(),
            self.received,
            self.limit,
            self.signed,
        )
    }

    /// Compares a hash that the caller computed.
    pub(crate) fn finish_with_sha256(self, hash: [u8; 32], bytes: u64) -> Result<(), VerifyError> {
        compare(hash, bytes, self.limit, self.signed)
    }
}

fn compare(
    hash: [u8; 32],
    received: u64,
    limit: u64,
    signed: SignedHash,
) -> Result<(), VerifyError> {
    // The limit holds even if an error of `update` was ignored.
    if received > limit {
        return Err(VerifyError::BodyTooLarge { limit });
    }
    let mut text = [0; 43];
    // Comparing the encoded form also refuses a hash with stray bits.
    let written = URL_SAFE_NO_PAD.encode_slice(hash, &mut text);
    // Neither side is secret, so the comparison needn't be constant-time.
    if written.is_ok() && signed == Some(text) {
        Ok(())
    } else {
        Err(VerifyError::BodyMismatch { received })
    }
}
