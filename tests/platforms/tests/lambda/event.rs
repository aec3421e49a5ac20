//! Requests, written as the events of API Gateway and ALB.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qstash_verify_platform_tests::{ORIGIN, now};
use qstash_verify_test_support::{DEFAULT, Token};
use serde_json::{Map, Value, json};

/// What invokes the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// An HTTP API (v2), or a Function URL.
    HttpApi,
    /// A REST API (v1).
    RestApi,
    /// An ALB.
    Alb,
    /// An ALB with multi-value headers.
    AlbMultiValue,
}

impl Source {
    pub(crate) const ALL: [Source; 4] = [
        Source::HttpApi,
        Source::RestApi,
        Source::Alb,
        Source::AlbMultiValue,
    ];
}

/// A request that reaches AWS.
#[derive(Clone)]
pub(crate) struct Request {
    /// The path that the client sent.
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The stage, and whether the URL's path begins with it.
    stage: (&'static str, bool),
}

impl Request {
    /// A POST without a signature.
    pub(crate) fn unsigned(target: &str, body: &[u8]) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_vec(),
            stage: ("$default", false),
        }
    }

    /// A delivery to [`ORIGIN`] that is signed now with the current key.
    pub(crate) fn genuine(target: &str, body: &[u8]) -> Self {
        let token = Token::new(&format!("{ORIGIN}{target}"), body, now());
        Request::unsigned(target, body).signed(token.sign(DEFAULT[0]))
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn signed(self, token: impl Into<String>) -> Self {
        self.header("upstash-signature", token)
    }

    /// Sets the body, which is signed already.
    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// Sets the target, which is not signed anew.
    pub(crate) fn target(mut self, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        (self.path, self.query) = (path.to_owned(), query.to_owned());
        self
    }

    /// Sets the stage of an API whose `execute-api` URL is used.
    pub(crate) fn stage(mut self, stage: &'static str) -> Self {
        self.stage = (stage, true);
        self
    }

    /// Sets the stage of an API behind a custom domain.
    pub(crate) fn custom_domain(mut self, stage: &'static str) -> Self {
        self.stage = (stage, false);
        self
    }

    /// Returns the event, whose body is encoded unless it is text.
    pub(crate) fn event(&self, source: Source) -> Value {
        let text = std::str::from_utf8(&self.body).ok();
        match text {
            Some("") => self.event_with(source, &Value::Null, false),
            Some(text) => self.event_with(source, &text.into(), false),
            None => self.encoded_event(source),
        }
    }

    /// Returns the event with the body encoded.
    pub(crate) fn encoded_event(&self, source: Source) -> Value {
        self.event_with(source, &STANDARD.encode(&self.body).into(), true)
    }

    fn event_with(&self, source: Source, body: &Value, encoded: bool) -> Value {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.clone()));
        let forwarded = [
            ("host", "api.example.com".to_owned()),
            ("x-forwarded-proto", "https".to_owned()),
            ("content-length", self.body.len().to_string()),
        ];
        let headers: Vec<_> = forwarded.into_iter().chain(headers).collect();
        let decode = source == Source::RestApi;
        let query: Vec<_> = self
            .query
            .split('&')
            .filter(|one| !one.is_empty())
            .collect();
        let query = query
            .iter()
            .map(|one| one.split_once('=').unwrap_or((one, "")));
        let query: Vec<_> = query
            .map(|(name, value)| {
                (
                    name,
                    if decode {
                        decoded(value)
                    } else {
                        value.to_owned()
                    },
                )
            })
            .collect();
        let (stage, is_in_path) = self.stage;
        let path = match self.path.strip_prefix(&format!("/{stage}")) {
            Some(rest) if is_in_path && source == Source::RestApi => rest,
            _ => &self.path,
        };
        let mut event = match source {
            Source::HttpApi => json!({
                "version": "2.0",
                "routeKey": "$default",
                "rawPath": path,
                "rawQueryString": self.query,
                "headers": joined(&headers),
                "queryStringParameters": joined(&query),
                "requestContext": {
                    "accountId": "1", "apiId": "api", "domainName": "api.example.com",
                    "domainPrefix": "api", "requestId": "1", "routeKey": "$default",
                    "stage": stage, "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 0,
                    "http": {
                        "method": "POST", "path": self.path, "protocol": "HTTP/1.1",
                        "sourceIp": "192.0.2.1", "userAgent": "Upstash-QStash",
                    },
                },
            }),
            Source::RestApi => json!({
                "resource": "/{proxy+}",
                "path": path,
                "httpMethod": "POST",
                "headers": last(&headers),
                "multiValueHeaders": all(&headers),
                "queryStringParameters": last(&query),
                "multiValueQueryStringParameters": all(&query),
                "pathParameters": { "proxy": "webhook" },
                "stageVariables": null,
                "requestContext": {
                    "accountId": "1", "apiId": "api", "domainName": "api.example.com",
                    "httpMethod": "POST", "path": self.path, "protocol": "HTTP/1.1",
                    "requestId": "1", "resourceId": "1", "resourcePath": "/{proxy+}",
                    "stage": stage, "requestTimeEpoch": 0,
                    "identity": { "sourceIp": "192.0.2.1" },
                },
            }),
            Source::Alb => json!({
                "requestContext": { "elb": { "targetGroupArn": "arn" } },
                "httpMethod": "POST",
                "path": path,
                "headers": last(&headers),
                "queryStringParameters": last(&query),
            }),
            Source::AlbMultiValue => json!({
                "requestContext": { "elb": { "targetGroupArn": "arn" } },
                "httpMethod": "POST",
                "path": path,
                "multiValueHeaders": all(&headers),
                "multiValueQueryStringParameters": all(&query),
            }),
        };
        event["isBase64Encoded"] = encoded.into();
        event["body"] = match source {
            Source::Alb | Source::AlbMultiValue if body.is_null() => "".into(),
            _ => body.clone(),
        };
        event
    }
}

/// Decodes the escapes that the tests use, as REST APIs do.
fn decoded(value: &str) -> String {
    value
        .replace("%20", " ")
        .replace("%26", "&")
        .replace('+', " ")
}

/// One value for each name: the last.
fn last(pairs: &[(&str, String)]) -> Value {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
        .collect::<Map<_, _>>()
        .into()
}

/// One value for each name: all, joined with commas.
fn joined(pairs: &[(&str, String)]) -> Value {
    let mut map = Map::new();
    for (name, value) in pairs {
        let known = map.get(*name).and_then(Value::as_str);
        let value = known.map_or(value.clone(), |known| format!("{known},{value}"));
        map.insert((*name).to_owned(), value.into());
    }
    map.into()
}

/// A list of values for each name.
fn all(pairs: &[(&str, String)]) -> Value {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let values = map.entry(*name).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(value.as_str().into());
    }
    map.into()
}
