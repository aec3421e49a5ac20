//! What QStash posts to a callback URL.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_PAD_INDIFFERENT;
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::{Map, Value};

/// The message of a callback or a failure callback: how the delivery of another
/// message, the source message, went.
///
/// It is a delivery itself and signed like any: verified, all of it is what
/// QStash wrote. But QStash only passes on what others say: `header` and `body`
/// are whatever the endpoint answered, `source_header` and `source_body`
/// whatever the publisher sent.
///
/// A callback may come after each attempt; the retries are used up when
/// `retried` and `max_retries` are there and equal. A failure callback comes once QStash has given up.
///
/// A field that is not in the JSON, `null` and an empty string are one, and
/// fields that are not known here are ignored; but an object without any field
/// of a callback is none. Numbers are read from numbers
/// and from strings. Source, for the fields too:
/// <https://upstash.com/docs/qstash/features/callbacks>.
///
/// ```
/// use qstash_verify::{Callback, parse_message};
///
/// let body = br#"{"status": 200, "body": "aGVsbG8=", "retried": 1, "maxRetries": 3}"#;
/// let callback: Callback = parse_message(body)?;
/// assert_eq!(callback.status(), Some(200));
/// assert_eq!(callback.body(), b"hello");
/// assert_eq!((callback.retried(), callback.max_retries()), (Some(1), Some(3)));
/// assert_eq!(callback.dlq_id(), None);
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
}

impl Callback {
    /// Returns the status code that the endpoint answered with: `status`. A number that
    /// can't be one (RFC 9110 §15 has 100 to 599, and some go up to 999), such as
    /// 0 or -1, counts as absent.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Returns the headers of the endpoint's answer, names as QStash writes them:
    /// `header`.
    #[must_use]
    pub fn header(&self) -> &BTreeMap<String, Vec<String>> {
        &self.header
    }

    /// Returns the body of the endpoint's answer, decoded: `body`. QStash may cut it
    /// short at the longest message that the plan allows.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns how often the source message was retried so far, 0 after the first
    /// attempt: `retried`.
    #[must_use]
    pub fn retried(&self) -> Option<u32> {
        self.retried
    }

    /// Returns how often it is retried before it counts as failed: `maxRetries`.
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

    /// Returns the headers that it was delivered with, names as QStash writes them:
    /// `sourceHeader`.
    #[must_use]
    pub fn source_header(&self) -> &BTreeMap<String, Vec<String>> {
        &self.source_header
    }

    /// Returns the body that it was delivered with, decoded: `sourceBody`.
    #[must_use]
    pub fn source_body(&self) -> &[u8] {
        &self.source_body
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

    /// Its id in the dead letter queue: `dlqId`. Only failure callbacks have
    /// one, which tells the two apart.
    #[must_use]
    pub fn dlq_id(&self) -> Option<&str> {
        self.dlq_id.as_deref()
    }

    /// Returns the address that published it: `callerIP`.
    #[must_use]
    pub fn caller_ip(&self) -> Option<&str> {
        self.caller_ip.as_deref()
    }
}

/// Errors name the field that is wrong.
impl<'de> Deserialize<'de> for Callback {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields(Map::deserialize(deserializer)?);
        let before = fields.0.len();
        let callback = fields.callback();
        if callback.is_ok() && fields.0.len() == before {
            return Err(D::Error::custom("it has no field of a callback"));
        }
        callback.map_err(|Wrong { field, reason }| {
            D::Error::custom(format_args!("`{field}` is not {reason}"))
        })
    }
}

/// The field that is wrong, and what it isn't.
struct Wrong {
    field: &'static str,
    reason: &'static str,
}

/// The fields that were not read yet.
struct Fields(Map<String, Value>);

impl Fields {
    fn callback(&mut self) -> Result<Callback, Wrong> {
        Ok(Callback {
            // There is none where there was no answer.
            status: self
                .integer("status", "a whole number")?
                .and_then(|status| u16::try_from(status).ok())
                .filter(|status| (100..=999).contains(status)),
            header: self.headers("header")?,
            body: self.bytes("body")?,
            retried: self.count("retried")?,
            max_retries: self.count("maxRetries")?,
            source_message_id: self.text("sourceMessageId")?,
            url_group: self.text("topicName")?,
            endpoint_name: self.text("endpointName")?,
            url: self.text("url")?,
            method: self.text("method")?,
            source_header: self.headers("sourceHeader")?,
            source_body: self.bytes("sourceBody")?,
            not_before: self.time("notBefore")?,
            created_at: self.time("createdAt")?,
            schedule_id: self.text("scheduleId")?,
            dlq_id: self.text("dlqId")?,
            caller_ip: self.text("callerIP")?,
        })
    }

    /// The text of a field that is a string or a number.
    fn scalar(
        &mut self,
        field: &'static str,
        reason: &'static str,
    ) -> Result<Option<String>, Wrong> {
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(Wrong { field, reason }),
        }
    }

    fn text(&mut self, field: &'static str) -> Result<Option<String>, Wrong> {
        self.scalar(field, "a string")
    }

    fn integer(
        &mut self,
        field: &'static str,
        reason: &'static str,
    ) -> Result<Option<i128>, Wrong> {
        let text = self.scalar(field, reason)?;
        text.map(|text| text.parse().map_err(|_| Wrong { field, reason }))
            .transpose()
    }

    fn count(&mut self, field: &'static str) -> Result<Option<u32>, Wrong> {
        let reason = "a number of retries";
        let count = self.integer(field, reason)?;
        count
            .map(|count| u32::try_from(count).map_err(|_| Wrong { field, reason }))
            .transpose()
    }

    fn time(&mut self, field: &'static str) -> Result<Option<SystemTime>, Wrong> {
        let reason = "a number of milliseconds";
        let millis = self.integer(field, reason)?;
        millis
            .map(|millis| after_epoch(millis).ok_or(Wrong { field, reason }))
            .transpose()
    }

    fn bytes(&mut self, field: &'static str) -> Result<Vec<u8>, Wrong> {
        let reason = "base64";
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(text)) => STANDARD_PAD_INDIFFERENT
                .decode(text)
                .map_err(|_| Wrong { field, reason }),
            Some(_) => Err(Wrong { field, reason }),
        }
    }

    fn headers(&mut self, field: &'static str) -> Result<BTreeMap<String, Vec<String>>, Wrong> {
        let reason = "an object of strings and lists of strings";
        let wrong = || Wrong { field, reason };
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(BTreeMap::new()),
            Some(Value::String(text)) if text.is_empty() => Ok(BTreeMap::new()),
            Some(Value::Object(headers)) => headers
                .into_iter()
                .map(|(name, values)| Ok((name, header_values(values).ok_or_else(wrong)?)))
                .collect(),
            Some(_) => Err(wrong()),
        }
    }
}

/// The values of one header, `None` if they are none.
fn header_values(values: Value) -> Option<Vec<String>> {
    let values = match values {
        Value::Null => Vec::new(),
        Value::Array(values) => values,
        value => vec![value],
    };
    let text = |value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    values.into_iter().map(text).collect()
}

/// The time so many milliseconds after the Unix epoch, `None` if the platform
/// has no such time.
fn after_epoch(millis: i128) -> Option<SystemTime> {
    let distance = Duration::from_millis(u64::try_from(millis.unsigned_abs()).ok()?);
    if millis.is_negative() {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::parse::parse_message;

    /// The example of QStash's documentation, with base64 that is some.
    const DOCUMENTED: &str = r#"{"status":200,"header":{"key":["value"]},
        "body":"YmFzZTY0IGVuY29kZWQgcm9keQ==","retried":2,"maxRetries":3,
        "sourceMessageId":"msg_xxx","topicName":"myTopic","endpointName":"myEndpoint",
        "url":"http://myurl.com","method":"GET","sourceHeader":{"key":"value"},
        "sourceBody":"YmFzZTY0","notBefore":"1701198458025","createdAt":"1701198447054",
        "scheduleId":"scd_xxx","callerIP":"178.247.74.179"}"#;

    const NAMES: [&str; 17] = [
        "status",
        "header",
        "body",
        "retried",
        "maxRetries",
        "sourceMessageId",
        "topicName",
        "endpointName",
        "url",
        "method",
        "sourceHeader",
        "sourceBody",
        "notBefore",
        "createdAt",
        "scheduleId",
        "dlqId",
        "callerIP",
    ];

    fn read(json: &str) -> Callback {
        parse_message(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    fn error(json: &str) -> String {
        let error = parse_message::<Callback>(json.as_bytes()).unwrap_err();
        let text = error.to_string();
        let (_, text) = text.split_once("expects: ").unwrap();
        text.to_owned()
    }

    #[test]
    fn the_documented_callback_is_read() {
        let text = |text: &str| Some(text.to_owned());
        let at = |millis| Some(UNIX_EPOCH + Duration::from_millis(millis));
        let header = BTreeMap::from([("key".to_owned(), vec!["value".to_owned()])]);
        let expected = Callback {
            status: Some(200),
            header: header.clone(),
            body: b"base64 encoded rody".to_vec(),
            retried: Some(2),
            max_retries: Some(3),
            source_message_id: text("msg_xxx"),
            url_group: text("myTopic"),
            endpoint_name: text("myEndpoint"),
            url: text("http://myurl.com"),
            method: text("GET"),
            source_header: header,
            source_body: b"base64".to_vec(),
            not_before: at(1_701_198_458_025),
            created_at: at(1_701_198_447_054),
            schedule_id: text("scd_xxx"),
            dlq_id: None,
            caller_ip: text("178.247.74.179"),
        };
        assert_eq!(read(DOCUMENTED), expected);

        let failure = DOCUMENTED.replacen('{', r#"{"dlqId":"1725323658779-0","#, 1);
        let dlq_id = text("1725323658779-0");
        assert_eq!(read(&failure), Callback { dlq_id, ..expected });
    }

    #[test]
    fn nothing_is_nothing_in_any_form() {
        assert_eq!(read(r#"{"status":null}"#), Callback::default());
        let unknown = r#"{"status":null,"new":{"a":[1]}}"#;
        assert_eq!(read(unknown), Callback::default());
        for nothing in ["null", r#""""#] {
            let fields = NAMES.map(|name| format!("\"{name}\":{nothing}"));
            let json = format!("{{{}}}", fields.join(","));
            assert_eq!(read(&json), Callback::default());
        }
    }

    #[test]
    fn an_object_of_anything_else_is_no_callback() {
        for other in ["{}", r#"{"id":7,"Status":200}"#] {
            assert!(error(other).contains("no field of a callback"), "{other}");
        }
    }

    #[test]
    fn numbers_may_be_strings() {
        let callback = read(r#"{"status":"503","retried":"0","maxRetries":4294967295}"#);
        assert_eq!(callback.status, Some(503));
        assert_eq!(
            (callback.retried, callback.max_retries),
            (Some(0), Some(u32::MAX))
        );

        let times = read(r#"{"createdAt":-1500,"notBefore":1701198458025}"#);
        assert_eq!(
            times.created_at,
            Some(UNIX_EPOCH - Duration::from_millis(1500))
        );
        assert_eq!(
            times.not_before,
            Some(UNIX_EPOCH + Duration::from_millis(1_701_198_458_025))
        );
        assert_eq!(read(r#"{"dlqId":17}"#).dlq_id.as_deref(), Some("17"));
    }

    #[test]
    fn a_status_that_is_none_is_absent() {
        for status in [
            "-1",
            "0",
            "99",
            "1000",
            "65536",
            r#""-1""#,
            "18446744073709551615",
        ] {
            assert_eq!(read(&format!("{{\"status\":{status}}}")).status, None);
        }
    }

    #[test]
    fn headers_are_strings_or_lists() {
        let json = r#"{"header":{"a":"1","b":["1","2"],"c":3,"d":[],"e":null,"f":[4]}}"#;
        let header = read(json).header;
        let header: Vec<_> = header
            .iter()
            .map(|(n, v)| (n.as_str(), v.join("|")))
            .collect();
        let expected = [
            ("a", "1"),
            ("b", "1|2"),
            ("c", "3"),
            ("d", ""),
            ("e", ""),
            ("f", "4"),
        ];
        assert_eq!(header, expected.map(|(n, v)| (n, v.to_owned())));
    }

    #[test]
    fn base64_may_be_padded() {
        for (text, bytes) in [("/+8=", &b"\xff\xef"[..]), ("/+8", b"\xff\xef"), ("", b"")] {
            assert_eq!(read(&format!(r#"{{"body":"{text}"}}"#)).body, bytes);
        }
    }

    #[test]
    fn errors_name_the_field() {
        for (json, expected) in [
            (r#"{"status":"ok"}"#, "`status` is not a whole number"),
            (r#"{"status":200.5}"#, "`status` is not a whole number"),
            (r#"{"retried":-1}"#, "`retried` is not a number of retries"),
            (
                r#"{"maxRetries":[3]}"#,
                "`maxRetries` is not a number of retries",
            ),
            (
                r#"{"createdAt":"yesterday"}"#,
                "`createdAt` is not a number of milliseconds",
            ),
            (
                r#"{"notBefore":"99999999999999999999"}"#,
                "`notBefore` is not a number of milliseconds",
            ),
            (r#"{"body":"_-8="}"#, "`body` is not base64"),
            (
                r#"{"sourceBody":"YmFzZTY0k"}"#,
                "`sourceBody` is not base64",
            ),
            (r#"{"url":true}"#, "`url` is not a string"),
            (
                r#"{"header":["a"]}"#,
                "`header` is not an object of strings and lists of strings",
            ),
            (
                r#"{"header":"a"}"#,
                "`header` is not an object of strings and lists of strings",
            ),
            (
                r#"{"sourceHeader":{"a":[["b"]]}}"#,
                "`sourceHeader` is not an object of strings and lists of strings",
            ),
        ] {
            assert_eq!(error(json), expected);
        }
        assert!(error("[]").starts_with("invalid type: sequence"));
    }

    fn json() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i128>().prop_map(|number| Value::from(number.to_string())),
            "[0-9A-Za-z+/= -]{0,30}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        scalar.prop_recursive(3, 24, 4, |inner| {
            let list = proptest::collection::vec(inner.clone(), 0..4);
            let object = proptest::collection::vec((any::<String>(), inner), 0..4);
            prop_oneof![
                list.prop_map(Value::from),
                object.prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..<_>::default() })]

        #[test]
        fn any_json_is_judged(fields in proptest::collection::vec(
            (proptest::sample::select(&NAMES[..]), json()), 1..4,
        )) {
            let fields: Map<_, _> = fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            let known: Vec<_> = fields.keys().map(|name| format!("`{name}`")).collect();
            let body = Value::Object(fields).to_string();
            if let Err(error) = parse_message::<Callback>(body.as_bytes()) {
                let text = error.to_string();
                prop_assert!(known.iter().any(|name| text.contains(name.as_str())), "{}", text);
            }
        }
    }

    #[test]
    fn each_getter_returns_its_field() {
        let callback = read(
            r#"{"status":200,"header":{"a":"1"},"body":"Ym9keQ==","retried":2,"maxRetries":3,
            "sourceMessageId":"id","topicName":"group","endpointName":"endpoint","url":"url",
            "method":"PUT","sourceHeader":{"b":"2"},"sourceBody":"c291cmNl","notBefore":4,
            "createdAt":5,"scheduleId":"schedule","dlqId":"dlq","callerIP":"ip"}"#,
        );
        let texts = [
            (callback.source_message_id(), "id"),
            (callback.url_group(), "group"),
            (callback.endpoint_name(), "endpoint"),
            (callback.url(), "url"),
            (callback.method(), "PUT"),
            (callback.schedule_id(), "schedule"),
            (callback.dlq_id(), "dlq"),
            (callback.caller_ip(), "ip"),
        ];
        for (found, expected) in texts {
            assert_eq!(found, Some(expected));
        }
        assert_eq!(callback.status(), Some(200));
        assert_eq!(
            (callback.retried(), callback.max_retries()),
            (Some(2), Some(3))
        );
        assert_eq!(
            (callback.body(), callback.source_body()),
            (&b"body"[..], &b"source"[..])
        );
        let header =
            |name: &str, value: &str| BTreeMap::from([(name.to_owned(), vec![value.to_owned()])]);
        assert_eq!(*callback.header(), header("a", "1"));
        assert_eq!(*callback.source_header(), header("b", "2"));
        let at = |millis| Some(UNIX_EPOCH + Duration::from_millis(millis));
        assert_eq!(
            (callback.not_before(), callback.created_at()),
            (at(4), at(5))
        );
    }

    #[test]
    fn status_has_three_digits() {
        for status in [100, 599, 999] {
            assert_eq!(
                read(&format!("{{\"status\":{status}}}")).status(),
                Some(status)
            );
        }
    }
}
