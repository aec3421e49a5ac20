//! What QStash posts to a callback URL.

mod deserialize;
mod time;
mod value;

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::Value;

/// The message of a callback or a failure callback: how the delivery of another
/// message, the source message, went.
///
/// It is a delivery itself and signed like any: verified, all of it is what
/// QStash wrote. But QStash only passes on what others say: `header` and `body`
/// are whatever the endpoint answered, `source_header` and `source_body`
/// whatever the publisher sent. Print text of these with `{:?}`, which escapes
/// control characters.
///
/// A callback may come after each attempt; the retries are used up when
/// `retried` and `max_retries` are there and equal. A failure callback comes once
/// QStash has given up. Source, for the fields too:
/// <https://upstash.com/docs/qstash/features/callbacks>.
///
/// # Fields with an unexpected value
/// Any JSON object is a callback, so none is lost because of one field. (`serde_json`
/// bounds JSON itself: 127 levels, and numbers within the range of an `f64`.) Each
/// field is read for itself:
///
/// - absent, `null` and an empty string are the same;
/// - a number may be a string, a whole number may have a fraction of zero, and an id
///   may be a whole number;
/// - a time is in milliseconds since the Unix epoch, or in seconds (if it is less than
///   10¹¹), or RFC 3339;
/// - base64 may be base64url, have line breaks, and lack its padding;
/// - a header may be one string instead of a list.
///
/// The getter of a field that still can't be read returns `None`, or `Err` for
/// a body; [`other_fields`](Self::other_fields) has its value as sent.
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
    /// A number that can't be one (RFC 9110 §15 has 100 to 599, and some go up to 999),
    /// such as 0 or -1, is in [`other_fields`](Self::other_fields).
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Returns the headers of the endpoint's answer: `header`.
    ///
    /// Names are as QStash writes them. A header that is neither a string nor a list of
    /// strings is in [`other_fields`](Self::other_fields).
    #[must_use]
    pub fn header(&self) -> &BTreeMap<String, Vec<String>> {
        &self.header
    }

    /// Returns the body of the endpoint's answer, decoded: `body`.
    ///
    /// QStash may cut it short at the longest message that the plan allows.
    ///
    /// # Errors
    /// The value as sent, if it is not base64.
    pub fn body(&self) -> Result<&[u8], &Value> {
        self.decoded("body", &self.body)
    }

    /// Returns the number of retries so far, 0 after the first attempt: `retried`.
    #[must_use]
    pub fn retried(&self) -> Option<u32> {
        self.retried
    }

    /// Returns the number of retries before it counts as failed: `maxRetries`.
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

    /// Returns the schedule that made it: `scheduleId`.
    #[must_use]
    pub fn schedule_id(&self) -> Option<&str> {
        self.schedule_id.as_deref()
    }

    /// Returns its id in the dead letter queue: `dlqId`.
    ///
    /// Only failure callbacks have one, which tells the two apart.
    #[must_use]
    pub fn dlq_id(&self) -> Option<&str> {
        self.dlq_id.as_deref()
    }

    /// Returns the address that published it: `callerIP`.
    #[must_use]
    pub fn caller_ip(&self) -> Option<&str> {
        self.caller_ip.as_deref()
    }

    /// Returns the workflow run that it is a step of: `workflowRunId`.
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
    /// These are fields without a getter, and fields whose value can't be read; of
    /// `header` and `sourceHeader`, the headers that can't be read.
    #[must_use]
    pub fn other_fields(&self) -> &BTreeMap<String, Value> {
        &self.other_fields
    }

    /// Returns the bytes decoded from a field, unless its value was kept.
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
