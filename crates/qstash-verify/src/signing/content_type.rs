//! The content type of a signed delivery.

use serde::de::IgnoredAny;

/// Guesses the content type that the publisher of a body would set.
pub(super) fn content_type(body: &[u8]) -> &'static str {
    match std::str::from_utf8(body) {
        Ok(text) if serde_json::from_str::<IgnoredAny>(text).is_ok() => "application/json",
        Ok(_) => "text/plain; charset=utf-8",
        Err(_) => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_type_follows_the_body() {
        for (body, expected) in [
            (&b"{\"id\":7}"[..], "application/json"),
            (b" [1, 2]\n", "application/json"),
            (b"7", "application/json"),
            (b"null", "application/json"),
            ("\"é\"".as_bytes(), "application/json"),
            (b"", "text/plain; charset=utf-8"),
            (b"hello", "text/plain; charset=utf-8"),
            (b"{\"id\":7} x", "text/plain; charset=utf-8"),
            ("é".as_bytes(), "text/plain; charset=utf-8"),
            (b"\xff\x00", "application/octet-stream"),
            // JSON is UTF-8 (RFC 8259 §8.1).
            (b"\"\xff\"", "application/octet-stream"),
        ] {
            assert_eq!(content_type(body), expected, "{body:?}");
        }
    }
}
