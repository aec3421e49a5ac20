//! Prepared requests and their expected responses.

use std::time::{Duration, SystemTime};

use qstash_verify::Region;
use qstash_verify::testing::{self, SignedDelivery};

use crate::server::{BASE_URL, PATH, describe};
use crate::target::Variant;

/// Number of genuine deliveries and of forgeries.
const COUNT: usize = 1000;
const BODY_LENGTH: usize = 1024;
/// Validity of the tokens, longer than any run.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A request as raw bytes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    /// The kind of request, for error messages.
    pub(crate) name: &'static str,
    bare: Answer,
    wrapped: Answer,
}

/// An expected response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Returns the expected response of a variant.
    pub(crate) fn expected(&self, variant: Variant) -> &Answer {
        match variant {
            Variant::Bare | Variant::Floor => &self.bare,
            Variant::Wrapped => &self.wrapped,
        }
    }

    /// Creates a request with these headers and this body; `refusal` is the expected code
    /// of its refusal.
    fn new(
        name: &'static str,
        headers: &[(String, String)],
        body: &[u8],
        refusal: Option<&str>,
    ) -> Self {
        let mut head = format!("POST {PATH} HTTP/1.1\r\n");
        let host = BASE_URL.trim_start_matches("https://");
        for (name, value) in [("host", host), ("content-length", &body.len().to_string())]
            .into_iter()
            .chain(headers.iter().map(|(name, value)| (&**name, &**value)))
        {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        let bare = Answer {
            status: 200,
            body: describe(body).into_bytes(),
        };
        let wrapped = refusal.map_or_else(
            || bare.clone(),
            |code| Answer {
                status: 401,
                body: format!(r#"{{"error":"{code}"}}"#).into_bytes(),
            },
        );
        Request {
            bytes: [head.as_bytes(), body].concat(),
            name,
            bare,
            wrapped,
        }
    }
}

/// Returns genuine deliveries with different bodies.
pub(crate) fn genuine() -> Vec<Request> {
    (0..COUNT)
        .map(|number| {
            let delivery = delivery(number);
            Request::new("genuine", &delivery.headers(), delivery.body(), None)
        })
        .collect()
}

/// Returns genuine deliveries and forgeries, alternating.
pub(crate) fn half_forged() -> Vec<Request> {
    let forged = (0..COUNT).map(forged);
    let pairs = genuine().into_iter().zip(forged);
    pairs.flat_map(<[Request; 2]>::from).collect()
}

/// Returns a forgery of one of four kinds.
fn forged(number: usize) -> Request {
    let delivery = delivery(COUNT + number);
    let body = delivery.body();
    match number % 4 {
        0 => {
            let headers = delivery.clone().key("sig_ofSomeoneElse").headers();
            Request::new("other key", &headers, body, Some("bad_signature"))
        }
        1 => {
            // Claims of one token with the MAC of another.
            let token = delivery.token();
            let other = self::delivery(number).token();
            let (claims, _) = token.rsplit_once('.').unwrap_or_default();
            let (_, mac) = other.rsplit_once('.').unwrap_or_default();
            let token = format!("{claims}.{mac}");
            let headers = delivery.clone().header("upstash-signature", token);
            let headers = headers.headers();
            Request::new("other claims", &headers, body, Some("bad_signature"))
        }
        2 => {
            let mut body = body.to_vec();
            if let Some(byte) = body.get_mut(BODY_LENGTH / 2) {
                *byte ^= 1;
            }
            let headers = delivery.headers();
            Request::new("other body", &headers, &body, Some("body_mismatch"))
        }
        _ => {
            let mut headers = delivery.headers();
            headers.retain(|(name, _)| name != "upstash-signature");
            Request::new("no signature", &headers, body, Some("missing_signature"))
        }
    }
}

/// Returns a delivery with the headers that QStash and a proxy add.
fn delivery(number: usize) -> SignedDelivery {
    let mut body = format!(r#"{{"order":{number},"text":""#);
    let text = ('a'..='z').cycle().skip(number % 26);
    body.extend(text.take(BODY_LENGTH - body.len() - 2));
    body.push_str(r#""}"#);
    testing::delivery(format!("{BASE_URL}{PATH}"), body)
        .issued_at(SystemTime::now())
        .expires_in(LIFETIME)
        .region(Region::EuCentral1)
        .claim("jti", format!("jwt_{number:028}"))
        .header("accept-encoding", "gzip")
        .header("content-type", "application/json")
        .header("upstash-caller-ip", "203.0.113.7")
        .header("upstash-message-id", format!("msg_{number:053}"))
        .header("x-forwarded-for", "203.0.113.8")
        .header("x-forwarded-proto", "https")
}
