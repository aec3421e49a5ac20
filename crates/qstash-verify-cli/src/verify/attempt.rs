//! One verification by the core.

use std::time::{Duration, SystemTime};

use qstash_verify::{
    ConfigError, KeyRing, PendingDelivery, REGION_HEADER, RequestHead, SIGNATURE_HEADER, Verified,
    Verifier, VerifyError,
};

/// Settings of a verification, apart from the keys and the delivery.
#[derive(Clone)]
pub(super) struct Attempt {
    /// Value of the region header.
    pub(super) region: Option<String>,
    pub(super) url: Option<String>,
    pub(super) at: SystemTime,
    pub(super) tolerance: Duration,
}

impl Attempt {
    /// Verifies a token.
    ///
    /// # Errors
    /// The URL is invalid.
    pub(super) fn authenticate(
        &self,
        ring: &KeyRing,
        signature: Option<&str>,
    ) -> Result<Result<PendingDelivery, VerifyError>, ConfigError> {
        let at = self.at;
        let mut verifier = Verifier::builder(ring.clone())
            .tolerance(self.tolerance)
            // The body is in memory, and the limit of the service is unknown.
            .body_limit(u64::MAX)
            .clock(move || at);
        if let Some(url) = &self.url {
            verifier = verifier.url(url)?;
        }
        let headers = signature
            .map(|signature| (SIGNATURE_HEADER, signature))
            .into_iter()
            .chain(self.region.as_deref().map(|region| (REGION_HEADER, region)));
        let head = RequestHead::new(headers, "/");
        Ok(verifier.build().authenticate(&head))
    }
}

/// Verifies the body of a genuine token.
pub(super) fn finish(mut pending: PendingDelivery, body: &[u8]) -> Result<Verified, VerifyError> {
    pending.update(body)?;
    pending.finish()
}
