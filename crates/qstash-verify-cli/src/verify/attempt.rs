//! A single verification by the core.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use qstash_verify::{
    ConfigError, KeyRing, PendingDelivery, REGION_HEADER, RequestHead, SIGNATURE_HEADER, Verified,
    Verifier, VerifyError,
};
use serde_json::value::RawValue;

/// Settings of a verification, apart from the keys and the delivery.
#[derive(Clone)]
pub(super) struct Attempt {
    /// Value of the region header.
    pub(super) region: Option<String>,
    pub(super) endpoint: Endpoint,
    pub(super) at: SystemTime,
    pub(super) tolerance: Duration,
    pub(super) body_limit: u64,
}

/// The URLs of a service, of which any may match; without any, all match.
#[derive(Clone, Default)]
pub(super) struct Endpoint {
    pub(super) urls: Vec<String>,
    pub(super) base_urls: Vec<String>,
    /// Path and query of the request, for the base URLs.
    pub(super) path: Option<String>,
}

impl Endpoint {
    pub(super) fn is_empty(&self) -> bool {
        self.urls.is_empty() && self.base_urls.is_empty()
    }
}

impl Attempt {
    /// Verifies a token.
    ///
    /// # Errors
    /// An invalid URL.
    pub(super) fn authenticate(
        &self,
        ring: &KeyRing,
        signature: Option<&str>,
    ) -> Result<Result<PendingDelivery, VerifyError>, ConfigError> {
        let at = self.at;
        let mut verifier = Verifier::builder(ring.clone())
            .tolerance(self.tolerance)
            .body_limit(self.body_limit)
            .clock(move || at);
        for url in &self.endpoint.urls {
            verifier = verifier.url(url)?;
        }
        for url in &self.endpoint.base_urls {
            verifier = verifier.base_url(url)?;
        }
        let headers = signature
            .map(|signature| (SIGNATURE_HEADER, signature))
            .into_iter()
            .chain(self.region.as_deref().map(|region| (REGION_HEADER, region)));
        let head = RequestHead::new(headers, self.endpoint.path.as_deref().unwrap_or("/"));
        Ok(verifier.build().authenticate(&head))
    }
}

/// Verifies the body of a genuine token.
pub(super) fn finish(mut pending: PendingDelivery, body: &[u8]) -> Result<Verified, VerifyError> {
    pending.update(body)?;
    pending.finish()
}

/// Returns the claims of a token as its raw JSON.
pub(super) fn claims(token: &str) -> Option<Box<RawValue>> {
    let payload = token.split('.').nth(1)?;
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?;
    RawValue::from_string(String::from_utf8(payload).ok()?).ok()
}
