//! The three examples give the same response to each request of one list.

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

/// The longest body that the examples here accept.
const LIMIT: usize = 1000;

/// A request, and the answer that is right.
struct Case {
    name: String,
    method: String,
    request: Request,
    /// Whether the client says that it has finished sending.
    cut_off: bool,
    status: u16,
    /// The reason of a refusal; empty if it doesn't matter here.
    code: &'static str,
}

impl Case {
    fn new(name: impl Into<String>, request: Request, status: u16, code: &'static str) -> Self {
        Case {
            name: name.into(),
            method: "POST".to_owned(),
            request,
            cut_off: false,
            status,
            code,
        }
    }

    /// The same with another method, which the request has already.
    fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    /// The same without the last bytes, after which nothing comes.
    fn without_the_last(mut self, count: usize) -> Self {
        let (head, mut bytes) = (self.request.head(), self.request.bytes());
        bytes.truncate(bytes.len() - count);
        self.request = self.request.raw_body(bytes.split_off(head.len()));
        self.cut_off = true;
        self
    }

    fn ask(&self, example: &Example) -> Answer {
        let mut connection = example.connect();
        connection.send(self.request.bytes());
        if self.cut_off {
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

/// The parts of a response that must be the same: all but the date, how its length is said,
/// and what becomes of the connection.
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
                // A list, with or without spaces.
                "allow" => value.replace(' ', ""),
                _ => value.clone(),
            };
            assert_eq!(headers.insert(name.clone(), value), None, "{name} twice");
        }
        // What axum's router finds to be the wrong method it gives an `Allow`,
        // whatever the answer: here, that of the layer inside.
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

/// The three, with keys of every kind, a URL, a small limit.
fn examples() -> [(Kind, Example); 3] {
    let limit = LIMIT.to_string();
    let variables = [
        &DEFAULT_VARIABLES[..],
        &US_VARIABLES,
        &EU_VARIABLES,
        &[MULTI_REGION, ("PUBLIC_URL", ORIGIN)],
        &[("MAX_BODY_BYTES", &limit)],
    ];
    let variables = variables.concat();
    [Kind::Axum, Kind::Actix, Kind::Hyper].map(|kind| (kind, Example::start(kind, &variables)))
}

fn assert_same(cases: &[Case]) {
    let examples = examples();
    for case in cases {
        let seen = examples.each_ref().map(|(kind, example)| {
            let answer = case.ask(example);
            assert_eq!(answer.status(), case.status, "{}: {kind:?}", case.name);
            Seen::new(*kind, &case.method, &answer)
        });
        let [axum, actix, hyper] = &seen;
        assert!(axum == actix && actix == hyper, "{}: {seen:#?}", case.name);
        if !case.code.is_empty() && case.method != "HEAD" {
            assert_eq!(hyper.body, refused(case.code), "{}", case.name);
        }
    }
}

/// The head of a genuine delivery.
fn genuine(body: &[u8]) -> Request {
    signed(DEFAULT[0], body)
}

/// The same for another request.
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
fn junk_in_headers_gets_the_same_response() {
    assert_same(&heads::junk());
}

#[test]
fn damaged_tokens_get_the_same_response() {
    assert_same(&tokens::damaged());
}

#[test]
fn wrong_claims_get_the_same_response() {
    assert_same(&tokens::claims());
}

#[test]
fn bodies_get_the_same_response() {
    assert_same(&bodies::whole());
}

#[test]
fn broken_bodies_get_the_same_response() {
    assert_same(&bodies::broken());
}

#[test]
fn retries_of_every_region_get_the_same_response() {
    assert_same(&heads::regions());
}

/// And is sent away. They wait for half a minute, so all are asked at once.
#[test]
fn a_stalled_sender_gets_the_same_408() {
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
