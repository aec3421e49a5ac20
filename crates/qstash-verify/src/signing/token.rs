//! The token of a signed delivery.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::SignedDelivery;

impl SignedDelivery {
    /// Returns the token for the `upstash-signature` header.
    ///
    /// Even if [`header`](Self::header) replaces that header.
    #[must_use]
    pub fn token(&self) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let payload = URL_SAFE_NO_PAD.encode(self.claims().to_string());
        let input = format!("{header}.{payload}");
        let mac = self.keys.mac(self.slot, input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    fn claims(&self) -> Value {
        let issued_at = unix_nanos(self.issued_at);
        let expires = issued_at.saturating_add(nanos(self.expires_in));
        let mut claims = BTreeMap::from([
            ("aud", Value::from("")),
            ("body", URL_SAFE.encode(Sha256::digest(&self.body)).into()),
            ("exp", seconds(expires).into()),
            ("iat", seconds(issued_at).into()),
            ("iss", "Upstash".into()),
            ("jti", "jwt_testDelivery0000000000000000".into()),
            // The year 1, Go's zero time.
            ("nbf", (-62_135_596_800_i64).into()),
            ("sub", self.url.as_str().into()),
        ]);
        for (name, value) in &self.claims {
            match value {
                Some(value) => claims.insert(name, value.clone()),
                None => claims.remove(name.as_str()),
            };
        }
        // Sorted, as QStash writes them, even with `serde_json/preserve_order`.
        let claims = claims.into_iter();
        Value::Object(
            claims
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>(),
        )
    }
}

/// Returns nanoseconds since the Unix epoch.
fn unix_nanos(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}

/// Returns a duration in nanoseconds; any duration fits.
fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

/// Returns whole seconds, rounded down and clamped to the range of an `i64`.
pub(super) fn seconds(nanos: i128) -> i64 {
    let seconds = nanos.div_euclid(1_000_000_000);
    i64::try_from(seconds).unwrap_or(if seconds.is_negative() {
        i64::MIN
    } else {
        i64::MAX
    })
}
