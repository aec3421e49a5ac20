//! The token of a signed delivery.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::SignedDelivery;

impl SignedDelivery {
    /// The token of the `upstash-signature` header, unless
    /// [`header`](Self::header) replaces that.
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
            // The year 1: the zero time of Go.
            ("nbf", (-62_135_596_800_i64).into()),
            ("sub", self.url.as_str().into()),
        ]);
        for (name, value) in &self.claims {
            match value {
                Some(value) => claims.insert(name, value.clone()),
                None => claims.remove(name.as_str()),
            };
        }
        // In alphabetical order here, and so even if the application lets
        // `serde_json` preserve the order.
        let claims = claims.into_iter();
        Value::Object(
            claims
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>(),
        )
    }
}

/// Nanoseconds since the Unix epoch.
fn unix_nanos(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}

/// An `i128` has room for any duration.
fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

/// Whole seconds, rounded down, of the range that JSON integers have.
pub(super) fn seconds(nanos: i128) -> i64 {
    let seconds = nanos.div_euclid(1_000_000_000);
    i64::try_from(seconds).unwrap_or(if seconds.is_negative() {
        i64::MIN
    } else {
        i64::MAX
    })
}
