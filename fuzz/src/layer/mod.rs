//! Target `layer`: the tower layer with bodies in arbitrary frames.
//!
//! There are waits, errors, trailers, and right and wrong declared lengths. The handler
//! must get the signed bytes or not be called.

mod harness;
mod script;

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use http_body::{Body, SizeHint};
use qstash_verify::{Verified, VerifyError};
use qstash_verify_tower::{QstashLayer, VerifiedBody};
use tower_layer::Layer as _;
use tower_service::Service;

use harness::{Handler, ScriptedBody, drive};
pub use script::step;
use script::{Script, Step};

use crate::compare;
use crate::delivery::SignedDelivery;
use crate::reader::Reader;
use crate::reference::{Code, Genuine, Head};

/// The expected outcome, and the number of polls of the body.
///
/// The outcome is the bytes and trailers for the handler, or a refusal.
struct Expected {
    outcome: Result<(Genuine, Vec<u8>, Option<HeaderMap>), Code>,
    polls: usize,
}

fn expect(signed: &SignedDelivery, head: &Head, hint: SizeHint, steps: &[Step]) -> Expected {
    let refused = |code, polls| Expected {
        outcome: Err(code),
        polls,
    };
    let genuine = match signed.setup.verify_head(head) {
        Ok(genuine) => genuine,
        Err(code) => return refused(code, 0),
    };
    if hint.lower() > signed.setup.limit {
        return refused("body_too_large", 0);
    }
    let (mut bytes, mut trailers) = (Vec::new(), None);
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Wait { .. } => {}
            Step::Error => return refused("body_unreadable", at + 1),
            // Only the first frame of trailers counts.
            Step::Trailers(found) => trailers = trailers.or(Some(found.clone())),
            Step::Data(data) => {
                bytes.extend_from_slice(data);
                if bytes.len() as u64 > signed.setup.limit {
                    return refused("body_too_large", at + 1);
                }
            }
        }
    }
    let outcome = signed.setup.verify_body(&genuine, &bytes);
    Expected {
        outcome: outcome.map(|()| (genuine, bytes, trailers)),
        polls: steps.len() + 1,
    }
}

/// Runs one input; returns `ok`, a code, or `no verifier`.
///
/// # Panics
/// If the layer and the model differ.
pub fn run(data: &[u8]) -> &'static str {
    let script = Script::read(Reader::new(data));
    let signed = script.delivery.sign();
    let Some(verifier) = signed.verifier() else {
        return "no verifier";
    };
    let steps = script.steps(&signed.body);
    let hint = script.size_hint(&steps);
    let polls = Rc::new(Cell::new(0));
    let late = Rc::new(RefCell::new(None));
    let body = ScriptedBody {
        steps: steps.clone().into(),
        hint,
        polls: polls.clone(),
        late: late.clone(),
        ended: false,
    };
    let request = request(&signed, body);
    let head = head_of(&request);
    let expected = expect(&signed, &head, hint, &steps);

    let handler = Handler {
        seen: Rc::default(),
        waits: script.handler_waits,
        fails: script.handler_fails,
        ready: false,
    };
    let seen = handler.seen.clone();
    let mut service = QstashLayer::new(verifier).layer(handler);
    drive(
        std::future::poll_fn(|cx| Service::<Request<ScriptedBody>>::poll_ready(&mut service, cx)),
        &late,
    )
    .unwrap();
    let answer = drive(service.call(request), &late);

    assert_eq!(polls.get(), expected.polls, "polls of the body");
    match expected.outcome {
        Ok((genuine, bytes, trailers)) => {
            let mut seen = seen.borrow_mut();
            assert_eq!(seen.len(), 1, "calls of the handler");
            let (parts, body) = seen.remove(0).into_parts();
            let verified = parts.extensions.get::<Verified>().expect("it is verified");
            compare::verdicts(Ok(&genuine), Ok(verified));
            assert_eq!(parts.headers, headers(&signed));
            check_body(body, &bytes, trailers);
            match answer {
                Ok(response) => {
                    assert!(!script.handler_fails);
                    assert_eq!(collect(response.into_body()), (b"handled".to_vec(), None));
                }
                Err(error) => assert!(script.handler_fails, "{error}"),
            }
            "ok"
        }
        Err(code) => {
            assert!(seen.borrow().is_empty(), "called, and should be {code}");
            let (parts, body) = answer.unwrap().into_parts();
            let refused = parts.extensions.get::<VerifyError>().expect("a reason");
            compare::verdicts(Err(code), Err(refused));
            assert_eq!(parts.status, refused.status());
            assert_eq!(parts.headers["content-type"], "application/json");
            let challenge = parts.headers.contains_key("www-authenticate");
            assert_eq!(challenge, parts.status == 401);
            assert_eq!(collect(body), (refused.body().as_bytes().to_vec(), None));
            code
        }
    }
}

/// Returns the headers that are valid for the `http` crate.
fn headers(signed: &SignedDelivery) -> HeaderMap {
    let headers = signed.headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name).ok()?;
        Some((name, HeaderValue::from_bytes(value).ok()?))
    });
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, value);
    }
    map
}

fn request(signed: &SignedDelivery, body: ScriptedBody) -> Request<ScriptedBody> {
    let mut request = Request::new(body);
    *request.headers_mut() = headers(signed);
    *request.uri_mut() = signed.target.parse().unwrap_or(Uri::from_static("/"));
    request
}

fn head_of(request: &Request<ScriptedBody>) -> Head {
    let headers = request.headers().iter();
    let target = request.uri().path_and_query();
    Head {
        headers: headers
            .map(|(name, value)| (name.as_str().into(), value.as_bytes().to_vec()))
            .collect(),
        target: target.map_or("/", |target| target.as_str()).to_owned(),
    }
}

/// Asserts the content of the handler's body, both as bytes and as frames.
fn check_body(body: VerifiedBody, bytes: &[u8], trailers: Option<HeaderMap>) {
    assert_eq!(body.clone().into_bytes(), bytes);
    assert_eq!(body.size_hint().exact(), Some(bytes.len() as u64));
    assert_eq!(body.is_end_stream(), bytes.is_empty() && trailers.is_none());
    assert_eq!(collect(body), (bytes.to_vec(), trailers));
}

/// Reads a body, which is never pending, until EOF.
fn collect<B: Body<Data = Bytes>>(body: B) -> (Vec<u8>, Option<HeaderMap>)
where
    B::Error: std::fmt::Debug,
{
    let mut body = pin!(body);
    let (mut bytes, mut trailers) = (Vec::new(), None);
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
        assert!(trailers.is_none(), "trailers come last");
        match frame.unwrap().into_data() {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    assert!(body.is_end_stream());
    (bytes, trailers)
}
