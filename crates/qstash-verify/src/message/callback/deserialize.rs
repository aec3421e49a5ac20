//! Deserialisation of a callback from a JSON object, field by field.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Callback, time, value};

/// Accepts any JSON object; any other value is an error.
impl<'de> Deserialize<'de> for Callback {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields(BTreeMap::deserialize(deserializer)?);
        Ok(Callback {
            status: fields.take("status", value::status),
            header: fields.take_headers("header"),
            body: fields.take("body", value::bytes).unwrap_or_default(),
            retried: fields.take("retried", value::count),
            max_retries: fields.take("maxRetries", value::count),
            source_message_id: fields.take("sourceMessageId", value::text),
            url_group: fields.take("topicName", value::text),
            endpoint_name: fields.take("endpointName", value::text),
            url: fields.take("url", value::text),
            method: fields.take("method", value::text),
            source_header: fields.take_headers("sourceHeader"),
            source_body: fields.take("sourceBody", value::bytes).unwrap_or_default(),
            not_before: fields.take("notBefore", time::time),
            created_at: fields.take("createdAt", time::time),
            schedule_id: fields.take("scheduleId", value::text),
            dlq_id: fields.take("dlqId", value::text),
            caller_ip: fields.take("callerIP", value::text),
            workflow_run_id: fields.take("workflowRunId", value::text),
            workflow_created_at: fields.take("workflowCreatedAt", time::time),
            other_fields: fields.0,
        })
    }
}

/// The fields that are not parsed yet or can't be parsed.
struct Fields(BTreeMap<String, Value>);

impl Fields {
    /// Removes and parses a field, unless `read` returns its value as an error.
    fn take<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, Value>) -> Option<T> {
        match read(self.remove(name)?) {
            Ok(read) => Some(read),
            Err(unread) => {
                self.0.insert(name.to_owned(), unread);
                None
            }
        }
    }

    /// Removes and parses headers, except those that can't be parsed.
    fn take_headers(&mut self, name: &str) -> BTreeMap<String, Vec<String>> {
        let mut headers = BTreeMap::new();
        self.take(name, |value| {
            let Value::Object(values) = value else {
                return Err(value);
            };
            let mut unread = Map::new();
            for (name, values) in values {
                match value::header_values(values) {
                    Ok(values) => drop(headers.insert(name, values)),
                    Err(values) => drop(unread.insert(name, values)),
                }
            }
            if unread.is_empty() {
                Ok(())
            } else {
                Err(Value::Object(unread))
            }
        });
        headers
    }

    /// Removes a field; `null` and an empty string count as absent.
    fn remove(&mut self, name: &str) -> Option<Value> {
        let value = self.0.remove(name)?;
        (!value.is_null() && value != "").then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::message::parse::parse_message;

    const NAMES: [&str; 19] = [
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
        "workflowRunId",
        "workflowCreatedAt",
    ];

    fn read(json: &Value) -> Callback {
        parse_message(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn absent_null_and_empty_are_the_same() {
        assert_eq!(read(&json!({})), Callback::default());
        for nothing in [Value::Null, json!("")] {
            let fields = NAMES.map(|name| (name.to_owned(), nothing.clone()));
            let fields = Value::Object(fields.into_iter().collect());
            assert_eq!(read(&fields), Callback::default());
        }
        for header in ["header", "sourceHeader"] {
            assert_eq!(read(&json!({ header: {} })), Callback::default());
        }
    }

    #[test]
    fn only_an_object_is_a_callback() {
        for body in ["[]", "7", r#""{}""#, "null", "", "{", "{}{}"] {
            assert!(
                parse_message::<Callback>(body.as_bytes()).is_err(),
                "{body}"
            );
        }
    }

    #[test]
    fn unreadable_field_is_kept_and_the_others_are_read() {
        for name in NAMES {
            let mut fields = json!({"status": 200, "dlqId": "dlq", "new": {"a": [1]}});
            for unreadable in [json!([[]]), json!(true)] {
                fields[name] = unreadable.clone();
                let callback = read(&fields);
                assert_eq!(callback.other_fields()[name], unreadable, "{name}");
                assert_eq!(callback.other_fields()["new"], json!({"a": [1]}));
                assert_eq!(callback.other_fields().len(), 2, "{name}");
                assert_eq!(callback.status().is_none(), name == "status");
                assert_eq!(callback.dlq_id().is_none(), name == "dlqId");
            }
        }
    }

    #[test]
    fn undecodable_body_is_returned_as_sent() {
        // The example in QStash's documentation, whose length is invalid in base64.
        let documented = json!("YmFzZTY0kZWQgcm9keQ==");
        for sent in [documented, json!("hello, world"), json!({"a": 1}), json!(7)] {
            let callback = read(&json!({"body": sent, "sourceBody": "YmFzZTY0"}));
            assert_eq!(callback.body(), Err(&sent));
            assert_eq!(callback.source_body(), Ok(&b"base64"[..]));
            let callback = read(&json!({"sourceBody": sent}));
            assert_eq!(callback.source_body(), Err(&sent));
            assert_eq!(callback.body(), Ok(&b""[..]));
        }
    }

    #[test]
    fn unreadable_headers_are_kept_and_the_others_are_read() {
        let callback = read(&json!({"header": {"a": "1", "b": [["2"]]}, "sourceHeader": "c: 3"}));
        let read = BTreeMap::from([("a".to_owned(), vec!["1".to_owned()])]);
        assert_eq!(*callback.header(), read);
        assert_eq!(callback.other_fields()["header"], json!({"b": [["2"]]}));
        assert!(callback.source_header().is_empty());
        assert_eq!(callback.other_fields()["sourceHeader"], "c: 3");
    }

    #[test]
    fn names_are_case_sensitive() {
        let callback = read(&json!({"Status": 200}));
        assert_eq!(callback.status(), None);
        assert_eq!(callback.other_fields()["Status"], 200);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i128>().prop_map(|number| Value::from(number.to_string())),
            "[0-9A-Za-z+/=_\r\n -]{0,30}".prop_map(Value::from),
            "[0-9]{3,5}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})"
                .prop_map(Value::from),
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

    fn any_name() -> impl Strategy<Value = String> {
        let known = proptest::sample::select(&NAMES[..]);
        prop_oneof![9 => known.prop_map(str::to_owned), 1 => any::<String>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..<_>::default() })]

        #[test]
        fn any_object_is_a_callback(
            fields in proptest::collection::btree_map(any_name(), any_json(), 0..6),
        ) {
            let body = json!(fields).to_string();
            let callback = parse_message::<Callback>(body.as_bytes());
            prop_assert!(callback.is_ok(), "{}: {:?}", body, callback);
            let callback = callback.unwrap();
            // Parsed again, since `serde_json` rounds floats.
            let fields: BTreeMap<String, Value> = serde_json::from_str(&body).unwrap();
            for (name, kept) in callback.other_fields() {
                let sent = &fields[name];
                let is_part = kept.as_object().is_some_and(|kept| {
                    kept.iter().all(|(name, kept)| sent.get(name) == Some(kept))
                });
                prop_assert!(kept == sent || is_part, "{}: {} of {}", name, kept, sent);
            }
        }
    }
}
