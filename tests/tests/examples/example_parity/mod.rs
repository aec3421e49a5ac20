//! The examples respond alike to each case.

mod bodies;
mod differences;
mod heads;
mod tokens;

use std::collections::BTreeMap;

use qstash_verify_tests::{
    Answer, DEFAULT, DEFAULT_VARIABLES, EU_VARIABLES, Kind, MULTI_REGION, Request, Token,
    US_VARIABLES,
};
use serde_json::Value;

use crate::{BODY, ORIGIN, now, refused, signed};
use qstash_verify_tests::{Example, json};

/// The body limit of the examples.
const LIMIT: usize = 1000;

/// A request and its expected response.
struct Case {
    name: String,
    method: String,
    request: Request,
    /// Whether the client shuts down its sending side.
    finishes_sending: bool,
    status: u16,
    /// The code of the refusal; empty if not checked.
    code: &'static str,
}

impl Case {
    fn new(name: impl Into<String>, request: Request, status: u16, code: &'static str) -> Self {
        Case {
            name: name.into(),
            method: "POST".to_owned(),
            request,
            finishes_sending: false,
            status,
            code,
        }
    }

    /// Sets the request's method, which decides whether the response has a body.
    fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    /// Truncates the body by `count` bytes.
    fn truncated(mut self, count: usize) -> Self {
        let (head, mut bytes) = (self.request.head(), self.request.bytes());
        bytes.truncate(bytes.len() - count);
        self.request = self.request.raw_body(bytes.split_off(head.len()));
        self.finishes_sending = true;
        self
    }

    fn ask(&self, example: &Example) -> Answer {
        let mut connection = example.connect();
        connection.send(self.request.bytes());
        if self.finishes_sending {
            connection.finish_sending();
        }
        loop {
            let answer = match &*self.method {
                "HEAD" => connection.answer_to_head().unwrap(),
                _ => connection.answer(),
            };
            if answer.status() >= 200 {
                return answer;
            }
        }
    }
}

/// The parts of a response that must be equal: all but date, framing and `Connection`.
#[derive(Debug, PartialEq)]
struct Seen {
    line: String,
    headers: BTreeMap<String, String>,
    body: Value,
}

impl Seen {
    fn new(kind: Kind, method: &str, answer: &Answer) -> Self {
        let mut headers = BTreeMap::new();
        for (name, value) in &answer.headers {
            let value = match &**name {
                "date" | "content-length" | "transfer-encoding" | "connection" => continue,
                // A list with optional spaces.
                "allow" => value.replace(' ', ""),
                _ => value.clone(),
            };
            assert_eq!(headers.insert(name.clone(), value), None, "{name} twice");
        }
        // axum adds `Allow` to every response for a wrong method, including the
        // layer's refusals.
        if kind == Kind::Axum && method != "POST" && matches!(answer.status(), 400 | 401 | 413) {
            assert_eq!(headers.remove("allow").as_deref(), Some("POST"));
        }
        Seen {
            line: answer.line.clone(),
            headers,
            body: json(answer),
        }
    }
}

/// Starts the examples that must respond alike, with keys of both regions, a base URL and
/// a small limit. Rocket has no 405, and reads 14 bytes of a body before any guard.
fn examples() -> [(Kind, Example); 5] {
    let limit = LIMIT.to_string();
    let variables = [
        &DEFAULT_VARIABLES[..],
        &US_VARIABLES,
        &EU_VARIABLES,
        &[MULTI_REGION, ("PUBLIC_URL", ORIGIN)],
        &[("MAX_BODY_BYTES", &limit)],
    ];
    let variables = variables.concat();
    let kinds = [Kind::Axum, Kind::Actix, Kind::Hyper, Kind::Poem, Kind::Warp];
    kinds.map(|kind| (kind, Example::start(kind, &variables)))
}

fn assert_same(cases: &[Case]) {
    let examples = examples();
    for case in cases {
        let seen = examples.each_ref().map(|(kind, example)| {
            let answer = case.ask(example);
            assert_eq!(answer.status(), case.status, "{}: {kind:?}", case.name);
            Seen::new(*kind, &case.method, &answer)
        });
        let [first, others @ ..] = &seen;
        let same = others.iter().all(|other| other == first);
        assert!(same, "{}: {seen:#?}", case.name);
        if !case.code.is_empty() && case.method != "HEAD" {
            assert_eq!(first.body, refused(case.code), "{}", case.name);
        }
    }
}

/// The head of a genuine delivery.
fn genuine(body: &[u8]) -> Request {
    signed(DEFAULT[0], body)
}

/// The head of a genuine delivery with this method and target.
fn genuine_for(method: &str, target: &str, body: &[u8]) -> Request {
    let token = Token::new(&format!("{ORIGIN}{target}"), body, now());
    Request::new(method, target).signed(token.sign(DEFAULT[0]))
}

#[test]
fn routes_and_methods_get_the_same_response() {
    assert_same(&heads::routes());
}

#[test]
fn signature_headers_get_the_same_response() {
    assert_same(&heads::signatures());
}

#[test]
fn unusual_headers_get_the_same_response() {
    assert_same(&heads::junk());
}

#[test]
fn damaged_tokens_get_the_same_response() {
    assert_same(&tokens::damaged());
}

#[test]
fn claims_get_the_same_response() {
    assert_same(&tokens::claims());
}

#[test]
fn bodies_get_the_same_response() {
    assert_same(&bodies::framing());
}

#[test]
fn refused_bodies_get_the_same_response() {
    assert_same(&bodies::refused());
}

#[test]
fn retries_of_every_region_get_the_same_response() {
    assert_same(&heads::regions());
}

/// The timeout is 30 s, so all requests run concurrently.
#[test]
fn stalled_body_gets_the_same_408() {
    let examples = examples();
    let declared = genuine(BODY).body(BODY);
    let chunked = genuine(BODY).chunks(BODY, 5);
    let seen: Vec<_> = std::thread::scope(|scope| {
        let waiting = examples.iter().flat_map(|(kind, example)| {
            [&declared, &chunked].map(|request| {
                let mut connection = example.connect();
                connection.send(request.bytes().split_last_chunk::<10>().unwrap().0);
                scope.spawn(move || {
                    let answers = connection.answers();
                    assert_eq!(answers.len(), 1, "{kind:?} {answers:?}");
                    Seen::new(*kind, "POST", &answers[0])
                })
            })
        });
        let waiting: Vec<_> = waiting.collect();
        waiting
            .into_iter()
            .map(|seen| seen.join().unwrap())
            .collect()
    });
    for answer in &seen {
        assert_eq!(answer.line, "HTTP/1.1 408 Request Timeout");
        assert_eq!(answer, &seen[0]);
    }
}
