//! Reading of metadata from headers.

use super::{
    CALLER_IP, FLOW_CONTROL_KEY, LABEL, MessageMetadata, RETRIED, SCHEDULE_ID, URL_GROUP,
    WORKFLOW_RUN_ID,
};
use crate::into_header::{IntoHeader, digits};
use crate::request::{MESSAGE_ID_HEADER, REGION_HEADER, SIGNATURE_HEADER, is};

/// The prefix of the names of QStash's headers.
const PREFIX: &str = "upstash-";
/// The longest header that is kept, name and value together, in bytes.
const MAX_LENGTH: usize = 4096;
/// The most labels, and the most values of other headers, that are kept.
const MAX_VALUES: usize = 32;

impl MessageMetadata {
    /// Reads the headers of a request.
    ///
    /// Accepts the same iterators as [`RequestHead::new`](crate::RequestHead::new). If a
    /// header is repeated, the first value counts, except for labels and other headers.
    /// A value that is not UTF-8 counts as absent, as does an `upstash-retried` that is
    /// not only digits.
    #[must_use]
    pub fn from_headers<'a>(headers: impl IntoIterator<Item = impl IntoHeader<'a>>) -> Self {
        let mut metadata = MessageMetadata::default();
        // Counts values; the map's length is the number of names.
        let mut others = 0;
        for header in headers {
            let name = header.name();
            let prefix = name.get(..PREFIX.len());
            if !prefix.is_some_and(|prefix| is(prefix, PREFIX)) {
                continue;
            }
            let field = if is(name, RETRIED) {
                let retried = digits(header.into_value().trim_ascii());
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
            } else if is(name, WORKFLOW_RUN_ID) {
                &mut metadata.workflow_run_id
            } else if is(name, FLOW_CONTROL_KEY) {
                &mut metadata.flow_control_key
            } else if is(name, LABEL) {
                if metadata.labels.len() < MAX_VALUES {
                    metadata.labels.extend(text(header));
                }
                continue;
            } else if is(name, SIGNATURE_HEADER) || is(name, REGION_HEADER) {
                // The token is a secret until it expires, and `Verified` has the region.
                continue;
            } else {
                if others < MAX_VALUES
                    && name.len() <= MAX_LENGTH
                    && let Ok(name) = String::from_utf8(name.to_ascii_lowercase())
                    && let Some(value) = text(header)
                {
                    metadata.other_headers.entry(name).or_default().push(value);
                    others += 1;
                }
                continue;
            };
            if field.is_none() {
                *field = text(header);
            }
        }
        metadata
    }
}

/// Returns the value of a header that is UTF-8 and not too long.
fn text<'a>(header: impl IntoHeader<'a>) -> Option<String> {
    let name = header.name().len();
    let value = header.into_value();
    if name.saturating_add(value.len()) > MAX_LENGTH {
        return None;
    }
    String::from_utf8(value.into_owned()).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn first_valid_value_counts() {
        let headers: [(&str, &[u8]); 8] = [
            ("upstash-message-id", b"\xff"),
            ("upstash-message-id", b"msg_1"),
            ("upstash-message-id", b"msg_2"),
            ("upstash-retried", b"often"),
            ("upstash-retried", b"0"),
            ("upstash-retried", b"1"),
            ("upstash-label", b"\xff"),
            ("upstash-other", b"\xff"),
        ];
        let metadata = MessageMetadata::from_headers(headers);
        assert_eq!(metadata.message_id(), Some("msg_1"));
        assert_eq!(metadata.retried(), Some(0));
        assert!(metadata.labels().is_empty());
        assert!(metadata.other_headers().is_empty());
    }

    #[test]
    fn retried_accepts_only_digits() {
        for value in ["+2", "-0", "2.0", "0x2", "2 2", "\u{a0}2", "", "4294967296"] {
            let metadata = MessageMetadata::from_headers([("upstash-retried", value)]);
            assert_eq!(metadata.retried(), None, "{value}");
        }
    }

    #[test]
    fn other_headers_are_upstash_headers_without_the_token() {
        let metadata = MessageMetadata::from_headers([
            ("Upstash-Signature", "eyJ.secret.x"),
            ("upstash-region", "US-EAST-1"),
            ("Upstash-Workflow-Url", "https://example.com"),
            ("upstash-new", "1"),
            ("UPSTASH-NEW", "2"),
            ("host", "example.com"),
        ]);
        let expected = BTreeMap::from([
            (
                "upstash-new".to_owned(),
                vec!["1".to_owned(), "2".to_owned()],
            ),
            (
                "upstash-workflow-url".to_owned(),
                vec!["https://example.com".to_owned()],
            ),
        ]);
        assert_eq!(*metadata.other_headers(), expected);
    }

    #[test]
    fn long_headers_are_absent() {
        for name in ["upstash-message-id", "upstash-label", "upstash-other"] {
            let value = "x".repeat(MAX_LENGTH - name.len());
            let metadata = MessageMetadata::from_headers([(name, &value)]);
            assert_ne!(metadata, MessageMetadata::default(), "{name}");
            let metadata = MessageMetadata::from_headers([(name, &(value + "x"))]);
            assert_eq!(metadata, MessageMetadata::default(), "{name}");
        }
    }

    #[test]
    fn first_32_values_are_kept() {
        let many = (0..1000).map(|number| (format!("upstash-{number}"), "x"));
        let same = (0..1000).map(|_| ("upstash-same".to_owned(), "x"));
        let labels = (0..1000).map(|_| ("upstash-label".to_owned(), "x"));
        let metadata = MessageMetadata::from_headers(many.chain(labels.clone()));
        assert_eq!(metadata.other_headers().len(), MAX_VALUES);
        assert_eq!(metadata.labels().len(), MAX_VALUES);
        let metadata = MessageMetadata::from_headers(same.chain(labels));
        assert_eq!(metadata.other_headers()["upstash-same"].len(), MAX_VALUES);
    }
}
