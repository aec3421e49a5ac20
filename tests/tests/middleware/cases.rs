//! Requests of every kind, and what the tower layer and the middleware answer to
//! them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use bytes::Bytes;
use futures_core::Stream;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use qstash_verify::{KeyRing, Verifier, VerifyError};
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_tests::{
    DEFAULT, EU, EU_VARIABLES, MULTI_REGION, NOW, Token, URL, builder, lookup, pinned,
};
use qstash_verify_tower::{QstashLayer, VerifiedBody};
use tower::{Layer as _, ServiceExt as _, service_fn};

pub(crate) const TARGET: &str = "/hooks/qstash?from=qstash";
const BODY: &[u8] = b"hello";

/// A request, and the code of its refusal, or `ok`.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) code: &'static str,
    pub(crate) verifier: Verifier,
    pub(crate) headers: Vec<(&'static str, Vec<u8>)>,
    pub(crate) chunks: Chunks,
}

/// A body for both: it ends where the chunks do, or is cut off there.
#[derive(Clone)]
pub(crate) struct Chunks {
    chunks: VecDeque<Bytes>,
    is_cut: bool,
}

impl Chunks {
    fn next(&mut self) -> Option<Result<Bytes, PayloadError>> {
        let chunk = self.chunks.pop_front().map(Ok);
        chunk.or_else(|| self.is_cut.then_some(Err(PayloadError::Incomplete(None))))
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.next())
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = PayloadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, PayloadError>>> {
        Poll::Ready(self.next().map(|chunk| chunk.map(Frame::data)))
    }
}

impl Case {
    /// A request that is refused with this code, or not.
    fn new(code: &'static str, token: impl Into<Vec<u8>>) -> Self {
        let verifier = builder().base_url("https://api.example.com").unwrap();
        Case {
            code,
            verifier: verifier.body_limit(100).build(),
            headers: vec![("upstash-signature", token.into())],
            chunks: Chunks {
                chunks: VecDeque::from([Bytes::from_static(BODY)]),
                is_cut: false,
            },
        }
    }

    /// The same for a token that is signed with the right key.
    fn signed(code: &'static str, token: &Token) -> Self {
        Case::new(code, token.sign(DEFAULT[0]))
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn body(mut self, chunks: &[&'static [u8]]) -> Self {
        self.chunks.chunks = chunks.iter().copied().map(Bytes::from_static).collect();
        self
    }

    fn cut(mut self) -> Self {
        self.chunks.is_cut = true;
        self
    }

    /// With the keys of EU alone.
    fn of_eu(mut self) -> Self {
        let variables = [&EU_VARIABLES[..], &[MULTI_REGION]].concat();
        let keys = KeyRing::from_lookup(lookup(&variables)).unwrap();
        self.verifier = Verifier::builder(keys).clock(pinned(NOW + 10)).build();
        self
    }
}

/// At least one for each code.
pub(crate) fn cases() -> Vec<Case> {
    let token = || Token::new(URL, BODY, NOW);
    let genuine = || Case::signed("ok", &token());
    let all = vec![
        genuine(),
        genuine().header("content-length", "5"),
        genuine().body(&[b"he", b"", b"l", b"lo"]),
        Case::new("ok", token().sign(DEFAULT[1])),
        Case::signed("ok", &Token::new(URL, b"", NOW)).body(&[]),
        Case::new("malformed_token", ""),
        Case::new("malformed_token", "a.b"),
        Case::new("malformed_token", [0x80, 0xff]),
        Case::new("malformed_token", "a".repeat(8193)),
        Case::signed("malformed_token", &token().payload("[]")),
        Case::signed("malformed_token", &token()).header("upstash-signature", "x"),
        Case::signed(
            "unsupported_algorithm",
            &token().header(r#"{"alg":"HS512"}"#),
        ),
        Case::signed(
            "unsupported_algorithm",
            &token().header(r#"{"alg":"HS256","crit":["x"]}"#),
        ),
        Case::new("bad_signature", token().sign("sig_mallory")),
        Case::new("bad_signature", token().sign("sig_mallory")).header("content-length", "101"),
        Case::signed("missing_claim", &token().without("body")),
        Case::signed("invalid_claim", &token().claim("exp", "[]")),
        Case::signed("invalid_claim", &token().again("exp", "1")),
        Case::signed("wrong_issuer", &token().claim("iss", r#""x""#)),
        Case::signed("expired", &token().claim("exp", "1")),
        Case::signed("not_yet_valid", &token().claim("nbf", "9e9")),
        Case::signed("url_mismatch", &Token::new("https://x/\n", BODY, NOW)),
        Case::signed("body_mismatch", &token()).body(&[b"other"]),
        Case::signed("body_mismatch", &token()).body(&[]),
        Case::signed("body_too_large", &token()).header("content-length", "101"),
        Case::signed("body_too_large", &token()).body(&[&[b'x'; 60], &[b'x'; 60]]),
        Case::signed("body_unreadable", &token()).cut(),
        Case::signed("body_unreadable", &token())
            .body(&[b"he"])
            .cut(),
        Case::new("no_signing_keys", token().sign(EU[0])).of_eu(),
        Case::new("ok", token().sign(EU[0]))
            .of_eu()
            .header("upstash-region", "EU-CENTRAL-1"),
    ];
    let mut unsigned = Case::new("missing_signature", "");
    unsigned.headers.clear();
    all.into_iter().chain([unsigned]).collect()
}

/// What is answered, and the reason in the extensions.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In the order of the alphabet.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Bytes,
    pub(crate) reason: Option<VerifyError>,
}

pub(crate) async fn on_tower(case: &Case) -> Answer {
    async fn handler(request: Request<VerifiedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
        tracing::trace!("handled");
        tokio::task::yield_now().await;
        tracing::trace!("handled on");
        Ok(Response::new(request.into_body().into_bytes().into()))
    }
    let mut request = Request::post(TARGET);
    for (name, value) in &case.headers {
        request = request.header(*name, &**value);
    }
    let request = request.body(case.chunks.clone()).unwrap();
    let service = QstashLayer::new(case.verifier.clone()).layer(service_fn(handler));
    let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
    let headers = parts.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    headers.sort();
    Answer {
        status: parts.status.as_u16(),
        headers,
        body: body.collect().await.unwrap().to_bytes(),
        reason: parts.extensions.get().cloned(),
    }
}

pub(crate) async fn on_actix(case: &Case) -> Answer {
    async fn handler(body: Bytes) -> Bytes {
        tracing::trace!("handled");
        tokio::task::yield_now().await;
        tracing::trace!("handled on");
        body
    }
    let mut request = TestRequest::post().uri(TARGET);
    for (name, value) in &case.headers {
        let value = actix_web::http::header::HeaderValue::from_bytes(value).unwrap();
        request = request.append_header((*name, value));
    }
    let mut request = request.to_request();
    let payload = Box::pin(case.chunks.clone());
    *request.payload() = Payload::Stream { payload };
    let app = App::new()
        .wrap(QstashMiddleware::new(case.verifier.clone()))
        .default_service(web::to(handler));
    let response = call_service(&init_service(app).await, request).await;
    let headers = response.headers().iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    headers.sort();
    let reason = response.response().extensions().get().cloned();
    Answer {
        status: response.status().as_u16(),
        headers,
        body: read_body(response).await,
        reason,
    }
}
