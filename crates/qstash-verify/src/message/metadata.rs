//! What the headers say of a message, unsigned.

use crate::into_header::IntoHeader;
use crate::request::{MESSAGE_ID_HEADER, is};

const RETRIED: &str = "upstash-retried";
const SCHEDULE_ID: &str = "upstash-schedule-id";
const URL_GROUP: &str = "upstash-topic-name";
const CALLER_IP: &str = "upstash-caller-ip";

/// What a delivery's headers say of its message.
///
/// **None of it is signed.** QStash's signature covers the body and the
/// destination URL and nothing else, so whoever can replay or pass on a genuine
/// delivery can write anything here. Use it for logs and statistics; to tell
/// deliveries apart for good, use [`Claims::jti`](crate::Claims::jti).
///
/// ```
/// use qstash_verify::MessageMetadata;
///
/// let metadata = MessageMetadata::from_headers([
///     ("Upstash-Message-Id", "msg_1"),
///     ("Upstash-Retried", "2"),
/// ]);
/// assert_eq!(metadata.message_id(), Some("msg_1"));
/// assert_eq!(metadata.retried(), Some(2));
/// assert_eq!(metadata.schedule_id(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MessageMetadata {
    message_id: Option<String>,
    retried: Option<u32>,
    schedule_id: Option<String>,
    url_group: Option<String>,
    caller_ip: Option<String>,
}

impl MessageMetadata {
    /// The names of the headers that are read, in lower case.
    pub const HEADERS: &'static [&'static str] = &[
        MESSAGE_ID_HEADER,
        RETRIED,
        SCHEDULE_ID,
        URL_GROUP,
        CALLER_IP,
    ];

    /// Reads the headers of a request, from the same kind of iterator as
    /// [`RequestHead::new`](crate::RequestHead::new). The first of several of a
    /// name counts; a value that is not UTF-8, or no number where one is
    /// wanted, counts as absent.
    #[must_use]
    pub fn from_headers<'a>(headers: impl IntoIterator<Item = impl IntoHeader<'a>>) -> Self {
        let mut metadata = MessageMetadata::default();
        for header in headers {
            let name = header.name();
            let field = if is(name, RETRIED) {
                let value = header.into_value();
                let retried = std::str::from_utf8(&value).ok();
                let retried = retried.and_then(|text| text.trim().parse().ok());
                metadata.retried = metadata.retried.or(retried);
                continue;
            } else if is(name, MESSAGE_ID_HEADER) {
                &mut metadata.message_id
            } else if is(name, SCHEDULE_ID) {
                &mut metadata.schedule_id
            } else if is(name, URL_GROUP) {
                &mut metadata.url_group
            } else if is(name, CALLER_IP) {
                &mut metadata.caller_ip
            } else {
                continue;
            };
            if field.is_none() {
                *field = String::from_utf8(header.into_value().into_owned()).ok();
            }
        }
        metadata
    }

    /// The id of the message: `upstash-message-id`. The same on every attempt.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref()
    }

    /// How often the message was retried, 0 on the first attempt:
    /// `upstash-retried`.
    #[must_use]
    pub fn retried(&self) -> Option<u32> {
        self.retried
    }

    /// The schedule that made the message: `upstash-schedule-id`.
    #[must_use]
    pub fn schedule_id(&self) -> Option<&str> {
        self.schedule_id.as_deref()
    }

    /// The URL group that it was published to:
    /// `upstash-topic-name`.
    #[must_use]
    pub fn url_group(&self) -> Option<&str> {
        self.url_group.as_deref()
    }

    /// The address that published it: `upstash-caller-ip`.
    #[must_use]
    pub fn caller_ip(&self) -> Option<&str> {
        self.caller_ip.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_header_has_its_field() {
        let metadata = MessageMetadata::from_headers([
            ("Upstash-Message-Id", "msg_1"),
            ("UPSTASH-RETRIED", " 2 "),
            ("upstash-schedule-id", "scd_1"),
            ("upstash-topic-name", "orders"),
            ("upstash-caller-ip", "192.0.2.1"),
            ("x-upstash-caller-ip", "192.0.2.2"),
        ]);
        assert_eq!(metadata.message_id(), Some("msg_1"));
        assert_eq!(metadata.retried(), Some(2));
        assert_eq!(metadata.schedule_id(), Some("scd_1"));
        assert_eq!(metadata.url_group(), Some("orders"));
        assert_eq!(metadata.caller_ip(), Some("192.0.2.1"));
    }

    #[test]
    fn what_no_header_says_is_absent() {
        let metadata = MessageMetadata::from_headers([("content-type", "text/plain")]);
        assert_eq!(metadata, MessageMetadata::default());
        assert_eq!(metadata.message_id(), None);
        assert_eq!(metadata.retried(), None);
        assert_eq!(metadata.schedule_id(), None);
        assert_eq!(metadata.url_group(), None);
        assert_eq!(metadata.caller_ip(), None);
    }

    #[test]
    fn the_first_that_can_be_read_counts() {
        let headers: [(&str, &[u8]); 6] = [
            ("upstash-message-id", b"\xff"),
            ("upstash-message-id", b"msg_1"),
            ("upstash-message-id", b"msg_2"),
            ("upstash-retried", b"often"),
            ("upstash-retried", b"0"),
            ("upstash-retried", b"1"),
        ];
        let metadata = MessageMetadata::from_headers(headers);
        assert_eq!(metadata.message_id(), Some("msg_1"));
        assert_eq!(metadata.retried(), Some(0));
    }

    #[test]
    fn every_listed_header_is_read() {
        for name in MessageMetadata::HEADERS {
            let metadata = MessageMetadata::from_headers([(*name, "1")]);
            assert_ne!(metadata, MessageMetadata::default(), "{name}");
        }
    }
}
