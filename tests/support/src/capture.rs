//! Captured production deliveries.

use bytes::Bytes;
use serde_json::Value;

/// A delivery captured in production. It has expired: verify it with the clock pinned
/// to [`at`](Self::at).
#[derive(Clone, Debug)]
pub struct Capture {
    /// Date and kind of the delivery.
    pub name: String,
    /// The current and the next key of its receiver; the current one signed.
    pub keys: [String; 2],
    /// The value of its `upstash-signature` header.
    pub signature: String,
    /// Its body.
    pub body: Bytes,
    /// The URL that it was published to.
    pub url: String,
    /// A time at which it was valid, in seconds since the Unix epoch.
    pub at: i64,
    /// Its `exp`.
    pub expires: i64,
}

/// Returns all captured deliveries.
#[must_use]
pub fn captures() -> Vec<Capture> {
    let file: Value = serde_json::from_str(include_str!("../data/captures.json")).unwrap();
    let captures = file.get("captures").and_then(Value::as_array).unwrap();
    captures.iter().map(read).collect()
}

fn read(capture: &Value) -> Capture {
    let text = |name: &str| {
        capture
            .get(name)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    };
    let date = |name: &str| capture.get(name).and_then(Value::as_i64).unwrap();
    assert_eq!(text("signed_with"), "current", "see `Capture::keys`");
    Capture {
        name: text("name"),
        keys: [text("current_signing_key"), text("next_signing_key")],
        signature: text("signature"),
        body: text("body").into(),
        url: text("url"),
        at: date("at"),
        expires: date("expires"),
    }
}
