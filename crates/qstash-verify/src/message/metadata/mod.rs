//! Metadata of a message, from the unsigned headers of its delivery.

mod from_headers;

use std::collections::BTreeMap;

use crate::request::MESSAGE_ID_HEADER;

const RETRIED: &str = "upstash-retried";
const SCHEDULE_ID: &str = "upstash-schedule-id";
const URL_GROUP: &str = "upstash-topic-name";
const CALLER_IP: &str = "upstash-caller-ip";
const LABEL: &str = "upstash-label";
const WORKFLOW_RUN_ID: &str = "upstash-workflow-runid";
const FLOW_CONTROL_KEY: &str = "upstash-flow-control-key";

/// The metadata of a message, from the headers of its delivery.
///
/// **None of it is signed.** QStash's signature covers only the body and the destination
/// URL, so anyone who can replay or forward a genuine delivery can change these headers.
/// Use them for logs and statistics, and print them with `{:?}`, which escapes control
/// characters. To identify a delivery reliably, use [`Claims::jti`](crate::Claims::jti).
///
/// Memory is bounded: a header of more than 4096 bytes counts as absent, and only the
/// first 32 labels and the first 32 [`other_headers`](Self::other_headers) are kept.
///
/// ```
/// use qstash_verify::MessageMetadata;
///
/// let metadata = MessageMetadata::from_headers([
///     ("Upstash-Message-Id", "msg_1"),
///     ("Upstash-Retried", "2"),
///     ("Upstash-Label", "orders"),
///     ("Upstash-Label", "eu"),
///     ("Upstash-Queue-Name", "slow"),
/// ]);
/// assert_eq!(metadata.message_id(), Some("msg_1"));
/// assert_eq!(metadata.retried(), Some(2));
/// assert_eq!(metadata.labels(), ["orders", "eu"]);
/// assert_eq!(metadata.schedule_id(), None);
/// assert_eq!(metadata.other_headers()["upstash-queue-name"], ["slow"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MessageMetadata {
    message_id: Option<String>,
    retried: Option<u32>,
    schedule_id: Option<String>,
    url_group: Option<String>,
    caller_ip: Option<String>,
    labels: Vec<String>,
    workflow_run_id: Option<String>,
    flow_control_key: Option<String>,
    other_headers: BTreeMap<String, Vec<String>>,
}

impl MessageMetadata {
    /// The names of the headers that have a getter, in lower case.
    ///
    /// These are enough for [`from_headers`](Self::from_headers) where
    /// [`other_headers`](Self::other_headers) isn't needed.
    pub const HEADERS: &'static [&'static str] = &[
        MESSAGE_ID_HEADER,
        RETRIED,
        SCHEDULE_ID,
        URL_GROUP,
        CALLER_IP,
        LABEL,
        WORKFLOW_RUN_ID,
        FLOW_CONTROL_KEY,
    ];

    /// Returns the id of the message: `upstash-message-id`.
    ///
    /// It is the same for every delivery attempt.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref()
    }

    /// Returns the number of retries so far: `upstash-retried`.
    ///
    /// It is 0 on the first attempt.
    #[must_use]
    pub fn retried(&self) -> Option<u32> {
        self.retried
    }

    /// Returns the id of the schedule that published it: `upstash-schedule-id`.
    #[must_use]
    pub fn schedule_id(&self) -> Option<&str> {
        self.schedule_id.as_deref()
    }

    /// Returns the URL group that it was published to: `upstash-topic-name`.
    #[must_use]
    pub fn url_group(&self) -> Option<&str> {
        self.url_group.as_deref()
    }

    /// Returns the IP address of the publisher: `upstash-caller-ip`.
    #[must_use]
    pub fn caller_ip(&self) -> Option<&str> {
        self.caller_ip.as_deref()
    }

    /// Returns the labels, one for each header: `upstash-label`.
    ///
    /// Some proxies and serverless runtimes join headers of one name with commas (RFC
    /// 9110 §5.3); such a value is returned as it arrived.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Returns the id of its workflow run: `upstash-workflow-runid`.
    #[must_use]
    pub fn workflow_run_id(&self) -> Option<&str> {
        self.workflow_run_id.as_deref()
    }

    /// Returns the key of its flow control: `upstash-flow-control-key`.
    #[must_use]
    pub fn flow_control_key(&self) -> Option<&str> {
        self.flow_control_key.as_deref()
    }

    /// Returns the other headers whose name starts with `upstash-`, in lower case.
    ///
    /// `upstash-signature` and `upstash-region` are excluded.
    #[must_use]
    pub fn other_headers(&self) -> &BTreeMap<String, Vec<String>> {
        &self.other_headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_getter_returns_its_header() {
        let metadata = MessageMetadata::from_headers([
            ("Upstash-Message-Id", "msg_1"),
            ("UPSTASH-RETRIED", " 2 "),
            ("upstash-schedule-id", "scd_1"),
            ("upstash-topic-name", "orders"),
            ("upstash-caller-ip", "192.0.2.1"),
            ("Upstash-Label", "a, b"),
            ("upstash-label", "c"),
            ("Upstash-Workflow-RunId", "wfr_1"),
            ("Upstash-Flow-Control-Key", "key"),
            ("x-upstash-caller-ip", "192.0.2.2"),
        ]);
        assert_eq!(metadata.message_id(), Some("msg_1"));
        assert_eq!(metadata.retried(), Some(2));
        assert_eq!(metadata.schedule_id(), Some("scd_1"));
        assert_eq!(metadata.url_group(), Some("orders"));
        assert_eq!(metadata.caller_ip(), Some("192.0.2.1"));
        assert_eq!(metadata.labels(), ["a, b", "c"]);
        assert_eq!(metadata.workflow_run_id(), Some("wfr_1"));
        assert_eq!(metadata.flow_control_key(), Some("key"));
        assert!(metadata.other_headers().is_empty());
    }

    #[test]
    fn absent_headers_are_none() {
        let headers = [("content-type", "text/plain"), ("upstash", ""), ("", "")];
        let metadata = MessageMetadata::from_headers(headers);
        assert_eq!(metadata, MessageMetadata::default());
        assert_eq!(metadata.message_id(), None);
        assert_eq!(metadata.retried(), None);
        assert_eq!(metadata.schedule_id(), None);
        assert_eq!(metadata.url_group(), None);
        assert_eq!(metadata.caller_ip(), None);
        assert!(metadata.labels().is_empty());
        assert_eq!(metadata.workflow_run_id(), None);
        assert_eq!(metadata.flow_control_key(), None);
        assert!(metadata.other_headers().is_empty());
    }

    #[test]
    fn each_listed_header_is_read() {
        for name in MessageMetadata::HEADERS {
            let metadata = MessageMetadata::from_headers([(*name, "1")]);
            assert_ne!(metadata, MessageMetadata::default(), "{name}");
            assert!(metadata.other_headers().is_empty(), "{name}");
        }
    }

    #[test]
    fn control_characters_are_escaped_in_debug_form() {
        let metadata = MessageMetadata::from_headers([
            ("upstash-message-id", "a\u{9b}2J"),
            ("upstash-label", "b\u{202e}"),
            ("upstash-other", "c\u{7f}"),
        ]);
        let text = format!("{metadata:?}");
        assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}'));
        assert!(text.contains(r"a\u{9b}2J"), "{text}");
    }
}
