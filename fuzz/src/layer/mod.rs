//! The tower layer: a body in any split into frames, with waits, errors,
//! trailers, and lengths that are declared rightly or wrongly. The handler gets
//! the bytes that were signed, or it isn't called.

mod around;

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

use around::{Handler, Scripted, drive};

use crate::agree;
use crate::delivery::{Delivery, Finished};
use crate::reader::Reader;
use crate::reference::{Code, Genuine, Head};

/// The steps, by the byte that announces them; from 128 on it announces a change
/// to the delivery.
#[expect(missing_docs, reason = "`Script::read` says it")]
pub mod step {
    pub const DATA: u8 = 0;
    pub const EMPTY: u8 = 1;
    pub const WAIT: u8 = 2;
    pub const WAIT_LONGER: u8 = 3;
    pub const ERROR: u8 = 4;
    pub const TRAILERS: u8 = 5;
    pub const OTHER: u8 = 6;
    pub const CUT: u8 = 7;
    pub const MANY: u8 = 8;
    pub const HINT: u8 = 9;
    pub const HANDLER: u8 = 10;
    /// How many there are.
    pub const COUNT: u8 = 11;
    /// The first of the changes.
    pub const CHANGE: u8 = 128;
}

/// What a body does when it is polled.
#[derive(Clone, Debug)]
enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    Error,
    /// Pending, and woken at once or only after the poll.
    Wait {
        at_once: bool,
    },
}

/// What the fuzzer wants of the body and of the handler.
#[derive(Debug, Default)]
struct Script {
    delivery: Delivery,
    /// `Err` counts bytes of the delivery's body.
    steps: Vec<Result<Step, usize>>,
    /// The rest of the delivery's body doesn't come.
    cut: bool,
    hint: (u8, i16),
    handler_waits: u8,
    handler_fails: bool,
}

impl Script {
    fn read(mut input: Reader<'_>) -> Self {
        let mut script = Script::default();
        while let Some(kind) = input.kind() {
            if kind >= step::CHANGE {
                script.delivery.change(kind - step::CHANGE, &mut input);
                continue;
            }
            let steps = &mut script.steps;
            match kind % step::COUNT {
                step::DATA => steps.push(Err(input.byte().into())),
                step::EMPTY => steps.push(Ok(Step::Data(Bytes::new()))),
                step::WAIT => steps.push(Ok(Step::Wait { at_once: true })),
                step::WAIT_LONGER => steps.push(Ok(Step::Wait { at_once: false })),
                step::ERROR => steps.push(Ok(Step::Error)),
                step::TRAILERS => {
                    let mut trailers = HeaderMap::new();
                    for value in [input.bytes(), input.bytes()] {
                        if let Ok(value) = HeaderValue::from_bytes(value) {
                            trailers.append("x-sum", value);
                        }
                    }
                    steps.push(Ok(Step::Trailers(trailers)));
                }
                step::OTHER => {
                    steps.push(Ok(Step::Data(Bytes::copy_from_slice(input.bytes()))));
                }
                step::CUT => script.cut = true,
                step::MANY => {
                    let size = usize::from(input.byte() % 4);
                    steps.extend((0..input.byte()).map(|_| Err(size)));
                }
                step::HINT => script.hint = (input.byte(), input.signed()),
                _ => {
                    script.handler_waits = input.byte() % 4;
                    script.handler_fails = input.byte() % 4 == 1;
                }
            }
        }
        script
    }

    fn steps(&self, body: &[u8]) -> Vec<Step> {
        let mut left = Bytes::copy_from_slice(body);
        let mut take = |length: usize| left.split_to(length.min(left.len()));
        let mut steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| match step {
                Ok(step) => step.clone(),
                Err(length) => Step::Data(take(*length)),
            })
            .collect();
        if !self.cut && !left.is_empty() {
            // Before the trailers, which come last where all is well.
            let at = match steps.last() {
                Some(Step::Trailers(_)) => steps.len() - 1,
                _ => steps.len(),
            };
            steps.insert(at, Step::Data(left));
        }
        steps
    }

    fn size_hint(&self, steps: &[Step]) -> SizeHint {
        let length: usize = steps.iter().map(data_length).sum();
        let near = (length as i64 + i64::from(self.hint.1))
            .max(0)
            .unsigned_abs();
        let mut hint = SizeHint::new();
        match self.hint.0 % 6 {
            0 => {}
            1 => hint = SizeHint::with_exact(length as u64),
            2 => hint = SizeHint::with_exact(near),
            3 => hint.set_lower(near),
            4 => hint.set_upper(near),
            _ => hint.set_lower(u64::MAX),
        }
        hint
    }
}

fn data_length(step: &Step) -> usize {
    match step {
        Step::Data(data) => data.len(),
        _ => 0,
    }
}

/// What should come of it: the bytes and the trailers for the handler, or a
/// refusal; and how often the body is polled for that.
struct Expected {
    outcome: Result<(Genuine, Vec<u8>, Option<HeaderMap>), Code>,
    polls: usize,
}

fn expect(finished: &Finished, head: &Head, hint: SizeHint, steps: &[Step]) -> Expected {
    let refused = |code, polls| Expected {
        outcome: Err(code),
        polls,
    };
    let genuine = match finished.setup.judge_head(head) {
        Ok(genuine) => genuine,
        Err(code) => return refused(code, 0),
    };
    if hint.lower() > finished.setup.limit {
        return refused("body_too_large", 0);
    }
    let (mut bytes, mut trailers) = (Vec::new(), None);
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Wait { .. } => {}
            Step::Error => return refused("body_unreadable", at + 1),
            // There is one frame of them at most.
            Step::Trailers(found) => trailers = trailers.or(Some(found.clone())),
            Step::Data(data) => {
                bytes.extend_from_slice(data);
                if bytes.len() as u64 > finished.setup.limit {
                    return refused("body_too_large", at + 1);
                }
            }
        }
    }
    let outcome = finished.setup.judge_body(&genuine, &bytes);
    Expected {
        outcome: outcome.map(|()| (genuine, bytes, trailers)),
        polls: steps.len() + 1,
    }
}

/// Runs one input, and says what came of it: `ok` or a code.
///
/// # Panics
/// If the layer does anything else than the model.
pub fn run(data: &[u8]) -> &'static str {
    let script = Script::read(Reader::new(data));
    let finished = script.delivery.finish();
    let Some(verifier) = finished.verifier() else {
        return "no verifier";
    };
    let steps = script.steps(&finished.body);
    let hint = script.size_hint(&steps);
    let polls = Rc::new(Cell::new(0));
    let late = Rc::new(RefCell::new(None));
    let body = Scripted {
        steps: steps.clone().into(),
        hint,
        polls: polls.clone(),
        late: late.clone(),
        ended: false,
    };
    let request = request(&finished, body);
    let head = head_of(&request);
    let expected = expect(&finished, &head, hint, &steps);

    let handler = Handler {
        seen: Rc::default(),
        waits: script.handler_waits,
        fails: script.handler_fails,
        ready: false,
    };
    let seen = handler.seen.clone();
    let mut service = QstashLayer::new(verifier).layer(handler);
    drive(
        std::future::poll_fn(|cx| Service::<Request<Scripted>>::poll_ready(&mut service, cx)),
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
            agree::verdicts(Ok(&genuine), Ok(verified));
            assert_eq!(parts.headers, headers(&finished));
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
            agree::verdicts(Err(code), Err(refused));
            assert_eq!(parts.status, refused.status());
            assert_eq!(parts.headers["content-type"], "application/json");
            let challenge = parts.headers.contains_key("www-authenticate");
            assert_eq!(challenge, parts.status == 401);
            assert_eq!(collect(body), (refused.body().as_bytes().to_vec(), None));
            code
        }
    }
}

/// Headers that the `http` crate takes.
fn headers(finished: &Finished) -> HeaderMap {
    let headers = finished.headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name).ok()?;
        Some((name, HeaderValue::from_bytes(value).ok()?))
    });
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, value);
    }
    map
}

fn request(finished: &Finished, body: Scripted) -> Request<Scripted> {
    let mut request = Request::new(body);
    *request.headers_mut() = headers(finished);
    *request.uri_mut() = finished.target.parse().unwrap_or(Uri::from_static("/"));
    request
}

fn head_of(request: &Request<Scripted>) -> Head {
    let headers = request.headers().iter();
    let target = request.uri().path_and_query();
    Head {
        headers: headers
            .map(|(name, value)| (name.as_str().into(), value.as_bytes().to_vec()))
            .collect(),
        target: target.map_or("/", |target| target.as_str()).to_owned(),
    }
}

/// The body as the handler sees it, in both ways.
fn check_body(body: VerifiedBody, bytes: &[u8], trailers: Option<HeaderMap>) {
    assert_eq!(body.clone().into_bytes(), bytes);
    assert_eq!(body.size_hint().exact(), Some(bytes.len() as u64));
    assert_eq!(body.is_end_stream(), bytes.is_empty() && trailers.is_none());
    assert_eq!(collect(body), (bytes.to_vec(), trailers));
}

/// Polls a body that never waits to its end.
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
