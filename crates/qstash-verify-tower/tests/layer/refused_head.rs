//! A request refused for its head: its body is not polled.

use http::Request;
use qstash_verify_test_support::{DEFAULT, Token};
use qstash_verify_tower::QstashLayer;
use tower::Layer as _;

use crate::support::{
    BASE, BODY, BodyScript, Recorder, TARGET, URL, builder, forged, genuine, layer, refused,
    request, start, token,
};

/// One request per refusal of a head, with its code.
fn refused_heads() -> Vec<(&'static str, Request<()>)> {
    let signed = |token: Token| request(&token.sign(DEFAULT[0]), ());
    let mut twice = genuine(BODY, ());
    let signature = twice.headers()["upstash-signature"].clone();
    twice.headers_mut().append("upstash-signature", signature);
    let mut declared = genuine(BODY, ());
    let headers = declared.headers_mut();
    headers.insert("content-length", 1001.into());
    let mut elsewhere = genuine(BODY, ());
    *elsewhere.uri_mut() = "/hooks/other".parse().unwrap();
    vec![
        ("missing_signature", Request::post(TARGET).body(()).unwrap()),
        ("malformed_token", request("Bearer x", ())),
        ("malformed_token", twice),
        (
            "unsupported_algorithm",
            signed(token(BODY).header(r#"{"alg":"none"}"#)),
        ),
        ("bad_signature", forged(())),
        ("missing_claim", signed(token(BODY).without("sub"))),
        ("invalid_claim", signed(token(BODY).claim("exp", "true"))),
        (
            "wrong_issuer",
            signed(token(BODY).claim("iss", r#""Mallory""#)),
        ),
        ("expired", signed(token(BODY).claim("exp", "1"))),
        (
            "not_yet_valid",
            signed(token(BODY).claim("nbf", "9999999999")),
        ),
        ("url_mismatch", elsewhere),
        ("body_too_large", declared),
    ]
}

#[tokio::test]
async fn body_of_a_refused_head_is_not_polled() {
    let verifier = builder().url(URL).unwrap().build();
    let at_url = QstashLayer::new(verifier);
    let verifier = builder().base_url(BASE).unwrap().body_limit(1000).build();
    let layer = QstashLayer::new(verifier);
    for (code, request) in refused_heads() {
        let (parts, ()) = request.into_parts();
        let (body, probe) = BodyScript::frames(&[BODY]);
        let inner = Recorder::default();
        let request = Request::from_parts(parts, body);
        let reason = refused(layer.layer(inner.clone()), request).await;
        assert_eq!(reason.code(), code);
        assert_eq!(probe.polls(), 0, "{code}");
        assert!(probe.is_dropped(), "{code}");
        assert_eq!(inner.calls(), 0, "{code}");
    }
    let wrong_url = token(BODY).claim("sub", r#""https://example.com/""#);
    let (body, probe) = BodyScript::frames(&[BODY]);
    let request = request(&wrong_url.sign(DEFAULT[0]), body);
    let reason = refused(at_url.layer(Recorder::default()), request).await;
    assert_eq!((reason.code(), probe.polls()), ("url_mismatch", 0));
}

#[tokio::test]
async fn call_refuses_before_the_future_is_polled() {
    // `call` checks the head and drops the body.
    let (body, probe) = BodyScript::frames(&[BODY]);
    let mut service = layer().layer(Recorder::default());
    let future = start(&mut service, forged(body)).await;
    assert!(probe.is_dropped());
    assert_eq!(future.await.unwrap().status(), 401);
}
