//! Deliveries for the contenders.

use std::time::{Duration, SystemTime};

use peers::{Delivery, URL};
use qstash_verify::Region;
use qstash_verify::testing::{self, SignedDelivery};

/// Keys of the same length as QStash's.
pub(crate) const KEYS: [&str; 2] = [
    "sig_4QF5dZrPuLx5kS1bWmHc8TnAeG6v",
    "sig_6VnY2tRqMb8pXw3JcEs9LhKdUa7z",
];
const FORGED: &str = "sig_9ZzQ1uJq3mVtB5yWc7xKe2HnLd4P";

/// The shape of the token.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// As QStash signs in 2026: `aud` is empty, `nbf` is the year 1.
    Production,
    /// As `qstash-rs` can parse it: without `aud`, and with `iat` as `nbf`.
    QstashRs,
}

impl Shape {
    /// Returns a genuine delivery signed now.
    pub(crate) fn delivery(self, size: usize) -> Delivery {
        received(&self.signed(size, SystemTime::now()))
    }

    /// Returns a genuine delivery signed at this time.
    pub(crate) fn delivery_of(self, time: SystemTime) -> Delivery {
        received(&self.signed(1024, time))
    }

    fn signed(self, size: usize, at: SystemTime) -> SignedDelivery {
        let since = at.duration_since(SystemTime::UNIX_EPOCH);
        let seconds = since.expect("the clock is right").as_secs();
        let signed = testing::delivery(URL, text(size))
            .key(KEYS[0])
            .issued_at(at);
        let signed = signed.region(Region::EuCentral1);
        let headers = [
            ("host", "api.example.com".to_owned()),
            ("content-length", size.to_string()),
            ("accept-encoding", "gzip".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("upstash-caller-ip", "203.0.113.7".to_owned()),
            ("x-forwarded-for", "203.0.113.8".to_owned()),
            ("x-forwarded-proto", "https".to_owned()),
        ];
        let signed = headers
            .into_iter()
            .fold(signed, |signed, (name, value)| signed.header(name, value));
        match self {
            Shape::Production => signed,
            Shape::QstashRs => signed.without("aud").claim("nbf", seconds),
        }
    }

    /// Returns deliveries with one fault each and its description; without `claims`, only
    /// faults that the cryptography detects.
    pub(crate) fn to_be_refused(self, claims: bool) -> Vec<(&'static str, Delivery)> {
        let now = SystemTime::now();
        let fresh = || self.signed(1024, now);
        let mut other_body = received(&fresh());
        other_body.body.replace_range(1000..1001, "!");
        let mut deliveries = vec![
            ("a forged delivery", received(&fresh().key(FORGED))),
            ("another body than the one signed", other_body),
        ];
        if claims {
            let early = self.signed(1024, now - Duration::from_secs(600));
            let elsewhere = fresh().claim("sub", "https://example.com/elsewhere");
            deliveries.push(("an expired delivery", received(&early)));
            deliveries.push(("a delivery for another URL", received(&elsewhere)));
        }
        deliveries
    }
}

/// Returns JSON of this length, or spaces if it is too short.
fn text(size: usize) -> String {
    const FRAME: usize = r#"{"text":""}"#.len();
    let Some(rest) = size.checked_sub(FRAME) else {
        return " ".repeat(size);
    };
    let letters: String = ('a'..='z').cycle().take(rest).collect();
    format!(r#"{{"text":"{letters}"}}"#)
}

fn received(signed: &SignedDelivery) -> Delivery {
    let body = String::from_utf8(signed.body().to_vec());
    Delivery {
        token: signed.token(),
        headers: signed.headers(),
        body: body.expect("the body is text"),
        url: URL.to_owned(),
        path_and_query: signed.path_and_query().to_owned(),
        tolerance: 0,
    }
}
