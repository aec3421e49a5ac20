//! Log events and spans of the layer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Full, Limited};
use qstash_verify_test_support::{
    DEFAULT, EU_VARIABLES, MULTI_REGION, NOW, Token, US, US_VARIABLES, lookup, pinned, signing_keys,
};
use qstash_verify_tower::{KeyRing, QstashLayer, VerifiedBody, Verifier, VerifierBuilder};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tracing::Level;

use qstash_verify_test_support::log::{Fields, Line, Log};

const URL: &str = "https://api.example.com/hooks/qstash";
const BODY: &[u8] = b"hello";

fn builder(keys: impl Into<KeyRing>) -> VerifierBuilder {
    Verifier::builder(keys)
        .clock(pinned(NOW + 10))
        .body_limit(100)
}

fn token() -> Token {
    Token::new(URL, BODY, NOW)
}

fn request(signature: Option<&str>, body: &[u8]) -> Request<Full<Bytes>> {
    let mut request = Request::post(URL);
    if let Some(signature) = signature {
        request = request.header("upstash-signature", signature);
    }
    let body = Full::from(Bytes::copy_from_slice(body));
    let request = request.header("upstash-region", "us-east-1");
    request
        .header("upstash-message-id", "msg_7")
        .body(body)
        .unwrap()
}

/// Logs an event before and after a yield.
async fn handler(_: Request<VerifiedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    tracing::trace!("handled");
    tokio::task::yield_now().await;
    tracing::trace!("handled on");
    Ok(Response::default())
}

/// Sends a request through the layer and returns the status.
async fn send<B>(verifier: &Verifier, request: Request<B>) -> u16
where
    B: http_body::Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let service = QstashLayer::new(verifier.clone()).layer(service_fn(handler));
    service.oneshot(request).await.unwrap().status().as_u16()
}

/// One request for each code, with the level of its event.
fn refusals() -> Vec<(&'static str, Level, Option<Token>, &'static [u8])> {
    let elsewhere = Token::new("https://example.com/", BODY, NOW);
    let header = r#"{"alg":"HS512"}"#;
    vec![
        ("missing_signature", Level::DEBUG, None, BODY),
        (
            "malformed_token",
            Level::INFO,
            Some(token().payload("[]")),
            BODY,
        ),
        (
            "unsupported_algorithm",
            Level::INFO,
            Some(token().header(header)),
            BODY,
        ),
        (
            "missing_claim",
            Level::WARN,
            Some(token().without("body")),
            BODY,
        ),
        (
            "invalid_claim",
            Level::WARN,
            Some(token().claim("exp", "[]")),
            BODY,
        ),
        (
            "wrong_issuer",
            Level::WARN,
            Some(token().claim("iss", "\"x\"")),
            BODY,
        ),
        (
            "expired",
            Level::WARN,
            Some(token().claim("exp", "1")),
            BODY,
        ),
        (
            "not_yet_valid",
            Level::WARN,
            Some(token().claim("nbf", "9e9")),
            BODY,
        ),
        ("url_mismatch", Level::WARN, Some(elsewhere), BODY),
        ("body_mismatch", Level::WARN, Some(token()), b"other"),
        ("body_too_large", Level::WARN, Some(token()), &[b'x'; 101]),
    ]
}

fn check(log: &Log, code: &str, level: Level) {
    let lines = log.take();
    let [line] = &lines[..] else {
        panic!("{code}: {lines:?}");
    };
    assert_eq!(line.level, level, "{code}");
    assert_eq!(line.fields["code"], code);
    assert_eq!(line.fields["region"], "US_EAST_1");
    assert_eq!(line.fields["message_id"], "msg_7");
    assert!(
        line.fields["message"].starts_with("delivery refused: "),
        "{line:?}"
    );
    assert_eq!(line.fields["path"], "/hooks/qstash");
    assert_eq!(line.fields.len(), 5, "{line:?}");
    assert!(line.spans.is_empty(), "{line:?}");
    assert!(line.target.starts_with("qstash_verify"), "{line:?}");
    assert!(log.closed().is_empty());
}

#[tokio::test]
async fn each_refusal_is_one_event() {
    let (log, _guard) = Log::start();
    let verifier = builder(signing_keys(&DEFAULT)).url(URL).unwrap().build();
    for (code, level, token, body) in refusals() {
        let signature = token.map(|token| token.sign(DEFAULT[0]));
        let status = send(&verifier, request(signature.as_deref(), body)).await;
        assert!(status >= 400, "{code}");
        check(&log, code, level);
    }
    let forged = token().sign("sig_mallory");
    assert_eq!(send(&verifier, request(Some(&forged), BODY)).await, 401);
    check(&log, "bad_signature", Level::WARN);
    let genuine = token().sign(DEFAULT[0]);
    let cut = request(Some(&genuine), BODY).map(|body| Limited::new(body, 3));
    assert_eq!(send(&verifier, cut).await, 400);
    check(&log, "body_unreadable", Level::WARN);

    let variables = [&EU_VARIABLES[..], &[MULTI_REGION]].concat();
    let none_of_us = KeyRing::from_lookup(lookup(&variables)).unwrap();
    log.take();
    assert_eq!(
        send(&builder(none_of_us).build(), request(Some(&genuine), BODY)).await,
        401
    );
    check(&log, "no_signing_keys", Level::ERROR);
}

#[tokio::test]
async fn absent_headers_are_not_in_the_event() {
    let (log, _guard) = Log::start();
    let verifier = builder(signing_keys(&DEFAULT)).build();
    let bare = Request::post(URL)
        .body(Full::new(Bytes::from(BODY)))
        .unwrap();
    assert_eq!(send(&verifier, bare).await, 401);
    let lines = log.take();
    assert_eq!(lines.len(), 1);
    let names: Vec<_> = lines[0].fields.keys().copied().collect();
    assert_eq!(names, ["code", "message", "path"]);
}

#[tokio::test]
async fn custom_response_does_not_change_the_event() {
    let (log, _guard) = Log::start();
    let layer = QstashLayer::new(builder(signing_keys(&DEFAULT)).build())
        .on_refusal(|_| Response::new(Bytes::new()));
    let service = layer.layer(service_fn(handler));
    let response = service.oneshot(request(None, BODY)).await.unwrap();
    assert_eq!(response.status(), 200);
    check(&log, "missing_signature", Level::DEBUG);
}

#[tokio::test]
async fn handler_runs_in_the_deliverys_span() {
    let (log, _guard) = Log::start();
    let verifier = builder(signing_keys(&DEFAULT)).build();
    let genuine = token().sign(DEFAULT[0]);
    // A service may log in `call` and in its future.
    let inner = service_fn(|request: Request<VerifiedBody>| {
        tracing::trace!("called");
        handler(request)
    });
    let service = QstashLayer::new(verifier).layer(inner);
    let response = service
        .clone()
        .oneshot(request(Some(&genuine), BODY))
        .await
        .unwrap();
    assert_eq!(log.closed().len(), 1, "the span ends with the handler");
    drop(response);
    let lines = log.take();
    let messages: Vec<_> = lines.iter().map(|line| &*line.fields["message"]).collect();
    assert_eq!(messages, ["called", "handled", "handled on"]);
    let fields = Fields::from([("region", "US_EAST_1".into()), ("key", "current".into())]);
    for line in lines {
        assert_eq!(line.spans, [("qstash_delivery", fields.clone())]);
    }
    let mut elsewhere = request(Some(&genuine), BODY);
    elsewhere.headers_mut().remove("upstash-region");
    service.oneshot(elsewhere).await.unwrap();
    let fields = Fields::from([("key", "current".into())]);
    assert_eq!(log.take()[0].spans, [("qstash_delivery", fields)]);
}

#[tokio::test]
async fn key_roll_is_logged_once() {
    let (log, _guard) = Log::start();
    let verifier = builder(signing_keys(&DEFAULT)).build();
    let own = || -> Vec<Line> {
        let lines = log.take().into_iter();
        lines
            .filter(|line| line.target.starts_with("qstash_verify"))
            .collect()
    };
    let current = token().sign(DEFAULT[0]);
    let next = token().sign(DEFAULT[1]);
    assert_eq!(send(&verifier, request(Some(&current), BODY)).await, 200);
    assert!(own().is_empty());
    assert_eq!(send(&verifier, request(Some(&next), BODY)).await, 200);
    let lines = own();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].level, Level::WARN);
    assert_eq!(lines[0].fields["source"], "explicit");
    assert_eq!(lines[0].fields["region"], "US_EAST_1");
    assert!(lines[0].fields["message"].contains("the signing keys were rolled"));
    for signature in [&next, &current, &next] {
        assert_eq!(send(&verifier, request(Some(signature), BODY)).await, 200);
        assert!(own().is_empty());
    }
    let spans = log.closed();
    let keys: Vec<_> = spans.iter().map(|(_, fields)| &*fields["key"]).collect();
    assert_eq!(keys, ["current", "next", "next", "current", "next"]);
}

#[tokio::test]
async fn keys_and_tokens_are_not_logged() {
    let (log, _guard) = Log::start();
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let rings = [
        KeyRing::from(signing_keys(&US)),
        KeyRing::from_lookup(lookup(&variables)).unwrap(),
    ];
    let mut tokens = Vec::new();
    for ring in rings {
        let verifier = builder(ring).url(URL).unwrap().build();
        tracing::trace!("{verifier:?} {:?}", QstashLayer::new(verifier.clone()));
        for (_, _, token, body) in refusals() {
            for key in US.into_iter().chain(["sig_mallory"]) {
                let Some(token) = &token else { continue };
                let signature = token.sign(key);
                send(&verifier, request(Some(&signature), body)).await;
                send(&verifier, request(Some(&signature), BODY)).await;
                // Malformed, but a genuine token without the appended dot.
                let broken = format!("{signature}.");
                send(&verifier, request(Some(&broken), BODY)).await;
                tokens.push(signature);
            }
        }
    }
    let lines = log.take();
    assert!(lines.len() > 100, "{}", lines.len());
    let text = format!("{lines:?} {:?}", log.closed());
    assert!(text.contains("delivery refused") && text.contains("qstash_delivery"));
    for (_, key) in &variables {
        assert!(!text.contains(key) || *key == MULTI_REGION.1, "{key}");
    }
    for token in tokens {
        // Neither the signing input nor the MAC is logged.
        let (input, mac) = token.rsplit_once('.').unwrap();
        assert!(!text.contains(mac), "{token}");
        assert!(!text.contains(input), "{token}");
    }
}
