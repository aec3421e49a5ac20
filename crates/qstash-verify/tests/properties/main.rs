//! Property tests of tokens, bodies, headers, dates and environments.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: panics are failures"
)]

mod dates;
mod environment;
mod tokens;

use qstash_verify::{RequestHead, SIGNATURE_HEADER, Verified, Verifier, VerifyError};
use qstash_verify_test_support::{DEFAULT, NOW, pinned, signing_keys};

const URL: &str = "https://example.com/hook";

fn verifier() -> Verifier {
    Verifier::builder(signing_keys(&DEFAULT))
        .clock(pinned(NOW))
        .build()
}

fn verify(verifier: &Verifier, token: &[u8], body: &[u8]) -> Result<Verified, VerifyError> {
    verifier.verify(
        &RequestHead::new([(SIGNATURE_HEADER, token)], "/hook"),
        body,
    )
}

fn code<T>(result: Result<T, VerifyError>) -> &'static str {
    result.map_or_else(|refused| refused.code(), |_| "ok")
}
