//! The message that QStash posts to a callback URL.

mod deserialize;
mod time;
mod value;

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::Value;

/// The message of a callback or a failure callback.
///
/// It reports the delivery of another message, the source message. A callback is itself
/// a signed delivery. Once it is verified, QStash wrote all of it, but some fields are
/// untrusted: `header` and `body` are the endpoint's response, `source_header` and
/// `source_body` are the publisher's request. Print their text with `{:?}`, which escapes
/// control characters.
///
/// QStash may send a callback after each attempt; no retries are left if `retried` and
/// `max_retries` are both present and equal. It sends a failure callback after the last
/// attempt. Source: <https://upstash.com/docs/qstash/features/callbacks>.
///
/// # Fields with an unexpected value
/// Any JSON object is a callback, so no callback is lost because of one field.
/// (`serde_json` limits JSON itself to 127 levels and to numbers within the range of an
/// `f64`.) Each field is parsed on its own, leniently:
///
/// - `null` and an empty string count as absent;
/// - a number may be a string, an integer may have a fraction of zero, and an id may be
///   an integer;
/// - a time may be milliseconds since the Unix epoch, seconds (if less than 10¹¹), or
///   RFC 3339;
/// - base64 may be base64url, have line breaks, and lack its padding;
/// - a header may be one string instead of a list.
///
/// If a field still can't be parsed, its getter returns `None`, or `Err` for a body, and
/// [`other_fields`](Self::other_fields) has its value as sent.
///
/// ```
/// use qstash_verify::{Callback, parse_message};
///
/// let body = br#"{"status": 200, "body": "aGVsbG8=", "retried": 1, "maxRetries": 3}"#;
/// let callback: Callback = parse_message(body)?;
/// assert_eq!(callback.status(), Some(200));
/// assert_eq!(callback.body(), Ok(&b"hello"[..]));
/// assert_eq!((callback.retried(), callback.max_retries()), (Some(1), Some(3)));
/// assert_eq!(callback.dlq_id(), None);
///
/// let callback: Callback = parse_message(br#"{"body": "not base64", "retried": -1}"#)?;
/// assert_eq!(callback.body().unwrap_err(), "not base64");
/// assert_eq!(callback.retried(), None);
/// assert_eq!(callback.other_fields()["retried"], -1);
/// # Ok::<_, qstash_verify::MessageError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callback {
    status: Option<u16>,
    header: BTreeMap<String, Vec<String>>,
    body: Vec<u8>,
    retried: Option<u32>,
    max_retries: Option<u32>,
    source_message_id: Option<String>,
    url_group: Option<String>,
    endpoint_name: Option<String>,
    url: Option<String>,
    method: Option<String>,
    source_header: BTreeMap<String, Vec<String>>,
    source_body: Vec<u8>,
    not_before: Option<SystemTime>,
    created_at: Option<SystemTime>,
    schedule_id: Option<String>,
    dlq_id: Option<String>,
    caller_ip: Option<String>,
    workflow_run_id: Option<String>,
    workflow_created_at: Option<SystemTime>,
    other_fields: BTreeMap<String, Value>,
}

impl Callback {
    /// Returns the status code that the endpoint answered with: `status`.
    ///
    /// From 100 to 999, since some servers exceed the 599 of RFC 9110 §15. Any other
    /// number, such as 0 or -1, is in [`other_fields`](Self::other_fields).
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Returns the headers of the endpoint's response: `header`.
    ///
    /// Names are as QStash writes them. A header that is neither a string nor a list of
    /// strings is in [`other_fields`](Self::other_fields).
    #[must_use]
    pub fn header(&self) -> &BTreeMap<String, Vec<String>> {
        &self.header
    }

    /// Returns the body of the endpoint's response, decoded: `body`.
    ///
    /// QStash may truncate it to the plan's maximum message size.
    ///
    /// # Errors
    /// The value as sent, if it is not base64.
    pub fn body(&self) -> Result<&[u8], &Value> {
        self.decoded("body", &self.body)
    }

    /// Returns the number of retries so far: `retried`.
    ///
    /// It is 0 after the first attempt.
    #[must_use]
    pub fn retried(&self) -> Option<u32> {
        self.retried
    }

    /// Returns the maximum number of retries: `maxRetries`.
    #[must_use]
    pub fn max_retries(&self) -> Option<u32> {
        self.max_retries
    }

    /// Returns the id of the source message: `sourceMessageId`.
    #[must_use]
    pub fn source_message_id(&self) -> Option<&str> {
        self.source_message_id.as_deref()
    }

    /// Returns the URL group that it was published to: `topicName`.
    #[must_use]
    pub fn url_group(&self) -> Option<&str> {
        self.url_group.as_deref()
    }

    /// Returns the name of the endpoint within the URL group: `endpointName`.
    #[must_use]
    pub fn endpoint_name(&self) -> Option<&str> {
        self.endpoint_name.as_deref()
    }

    /// Returns the URL that it was delivered to: `url`.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Returns the HTTP method that it was delivered with: `method`.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// Returns the headers that it was delivered with: `sourceHeader`.
    ///
    /// Names and values are as in [`header`](Self::header).
    #[must_use]
    pub fn source_header(&self) -> &BTreeMap<String, Vec<String>> {
        &self.source_header
    }

    /// Returns the body that it was delivered with, decoded: `sourceBody`.
    ///
    /// # Errors
    /// The value as sent, if it is not base64.
    pub fn source_body(&self) -> Result<&[u8], &Value> {
        self.decoded("sourceBody", &self.source_body)
    }

    /// Returns when it was or will be delivered, to the millisecond: `notBefore`.
    #[must_use]
    pub fn not_before(&self) -> Option<SystemTime> {
        self.not_before
    }

    /// Returns when it was published, to the millisecond: `createdAt`.
    #[must_use]
    pub fn created_at(&self) -> Option<SystemTime> {
        self.created_at
    }

    /// Returns the id of the schedule that published it: `scheduleId`.
    #[must_use]
    pub fn schedule_id(&self) -> Option<&str> {
        self.schedule_id.as_deref()
    }

    /// Returns its id in the dead letter queue: `dlqId`.
    ///
    /// Only failure callbacks have one.
    #[must_use]
    pub fn dlq_id(&self) -> Option<&str> {
        self.dlq_id.as_deref()
    }

    /// Returns the IP address of the publisher: `callerIP`.
    #[must_use]
    pub fn caller_ip(&self) -> Option<&str> {
        self.caller_ip.as_deref()
    }

    /// Returns the id of its workflow run: `workflowRunId`.
    #[must_use]
    pub fn workflow_run_id(&self) -> Option<&str> {
        self.workflow_run_id.as_deref()
    }

    /// Returns when that run began, to the millisecond: `workflowCreatedAt`.
    #[must_use]
    pub fn workflow_created_at(&self) -> Option<SystemTime> {
        self.workflow_created_at
    }

    /// Returns the fields that no other getter returns, as sent.
    ///
    /// These are fields without a getter, and fields whose value can't be parsed; of
    /// `header` and `sourceHeader`, only the headers that can't be parsed.
    #[must_use]
    pub fn other_fields(&self) -> &BTreeMap<String, Value> {
        &self.other_fields
    }

    /// Returns the decoded bytes of a field, or its value if that can't be decoded.
    fn decoded<'a>(&'a self, field: &str, bytes: &'a [u8]) -> Result<&'a [u8], &'a Value> {
        self.other_fields.get(field).map_or(Ok(bytes), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::message::parse::parse_message;

    #[test]
    fn each_getter_returns_its_field() {
        let body =
            br#"{"status":200,"header":{"a":"1"},"body":"Ym9keQ==","retried":2,"maxRetries":3,
            "sourceMessageId":"id","topicName":"group","endpointName":"endpoint","url":"url",
            "method":"PUT","sourceHeader":{"b":["2"]},"sourceBody":"c291cmNl",
            "notBefore":1701198458025,"createdAt":"1701198447054","scheduleId":"schedule",
            "dlqId":"dlq","callerIP":"ip","workflowRunId":"wfr_1",
            "workflowCreatedAt":1701198447000}"#;
        let callback: Callback = parse_message(body).unwrap();
        for (found, expected) in [
            (callback.source_message_id(), "id"),
            (callback.url_group(), "group"),
            (callback.endpoint_name(), "endpoint"),
            (callback.url(), "url"),
            (callback.method(), "PUT"),
            (callback.schedule_id(), "schedule"),
            (callback.dlq_id(), "dlq"),
            (callback.caller_ip(), "ip"),
            (callback.workflow_run_id(), "wfr_1"),
        ] {
            assert_eq!(found, Some(expected));
        }
        let at = |millis| Some(UNIX_EPOCH + Duration::from_millis(millis));
        for (found, expected) in [
            (callback.not_before(), at(1_701_198_458_025)),
            (callback.created_at(), at(1_701_198_447_054)),
            (callback.workflow_created_at(), at(1_701_198_447_000)),
        ] {
            assert_eq!(found, expected);
        }
        assert_eq!(callback.status(), Some(200));
        assert_eq!(callback.retried(), Some(2));
        assert_eq!(callback.max_retries(), Some(3));
        assert_eq!(callback.body(), Ok(&b"body"[..]));
        assert_eq!(callback.source_body(), Ok(&b"source"[..]));
        let header =
            |name: &str, value: &str| BTreeMap::from([(name.to_owned(), vec![value.to_owned()])]);
        assert_eq!(*callback.header(), header("a", "1"));
        assert_eq!(*callback.source_header(), header("b", "2"));
        assert_eq!(*callback.other_fields(), BTreeMap::new());
    }
}
