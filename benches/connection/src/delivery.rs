//! Deliveries as QStash and a proxy send them.

use std::time::{Duration, SystemTime};

use qstash_verify::testing::{self, SignedDelivery};
use qstash_verify::{ConfigError, Region, Verifier};

pub(crate) const HOST: &str = "api.example.com";
pub(crate) const PATH: &str = "/webhooks/orders";
/// Validity of the tokens, longer than any run.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns a delivery with a body of this size, or a forgery.
pub(crate) fn delivery(number: usize, size: usize, forged: bool) -> SignedDelivery {
    let body: String = ('a'..='z').cycle().skip(number % 26).take(size).collect();
    let delivery = testing::delivery(format!("https://{HOST}{PATH}"), body)
        .issued_at(SystemTime::now())
        .expires_in(LIFETIME)
        .region(Region::EuCentral1)
        .claim("jti", format!("jwt_{number:028}"))
        .header("accept-encoding", "gzip")
        .header("content-type", "application/json")
        .header("upstash-caller-ip", "203.0.113.7")
        .header("upstash-message-id", format!("msg_{number:053}"))
        .header("x-forwarded-for", "203.0.113.8")
        .header("x-forwarded-proto", "https");
    if forged {
        delivery.key("sig_ofSomeoneElse")
    } else {
        delivery
    }
}

/// Returns a verifier with all checks and the system's clock.
pub(crate) fn verifier() -> Result<Verifier, ConfigError> {
    let builder = Verifier::builder(testing::signing_keys());
    Ok(builder.base_url(&format!("https://{HOST}"))?.build())
}
