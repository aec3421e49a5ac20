//! The middleware on endpoints: verdicts, the original URI, responses.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use http::uri::Scheme;
use http::{HeaderValue, Method, StatusCode};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Endpoint, EndpointExt as _, IntoResponse as _, Request, Response, Route};
use poem::{get, handler, post};
use qstash_verify_poem::{Delivery, QstashMiddleware, Refusal, Retry, Steer};
use qstash_verify_poem::{Verifier, VerifyError};
use qstash_verify_test_support::{
    BASE, BODY, BodyProbe, BodyScript, DEFAULT, Step, TARGET, builder, token,
};

#[handler]
fn echo(Delivery(verified): Delivery, body: Vec<u8>) -> Vec<u8> {
    assert_eq!(verified.claims().iss(), "Upstash");
    body
}

fn verifier() -> Verifier {
    builder().base_url(BASE).unwrap().body_limit(1024).build()
}

fn qstash() -> QstashMiddleware {
    QstashMiddleware::new(verifier())
}

/// A request as poem's server makes it: with an original URI, which
/// `Request::builder` lacks.
fn post_to(target: &str, key: &str, body: impl Into<Body>) -> Request {
    let request = http::Request::post(target);
    let request = request.header("upstash-signature", token(BODY).sign(key));
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let (local, remote) = (LocalAddr::default(), RemoteAddr::default());
    Request::from_parts((parts, local, remote, Scheme::HTTP).into(), body.into())
}

/// A delivery to [`TARGET`] that is genuine if the body turns out to be [`BODY`].
fn request(key: &str, body: impl Into<Body>) -> Request {
    post_to(TARGET, key, body)
}

fn script(steps: impl IntoIterator<Item = Step>) -> (Body, BodyProbe) {
    let (script, probe) = BodyScript::new(steps);
    (Body::from_bytes_stream(script), probe)
}

async fn text(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, response.into_body().into_string().await.unwrap())
}

fn accepted() -> (u16, String) {
    (200, String::from_utf8(BODY.to_vec()).unwrap())
}

fn refused(reason: &VerifyError) -> (u16, String) {
    (reason.status(), reason.body().to_owned())
}

#[tokio::test]
async fn handler_of_a_genuine_delivery_gets_its_bytes() {
    let app = post(echo).with(qstash());
    for key in DEFAULT {
        let whole = app.get_response(request(key, BODY)).await;
        assert_eq!(text(whole).await, accepted());
        let (body, _) = script(BODY.chunks(3).map(Step::data));
        let chunks = app.get_response(request(key, body)).await;
        assert_eq!(text(chunks).await, accepted());
    }
}

#[tokio::test]
async fn body_of_a_refused_head_is_not_polled() {
    let (body, probe) = script([Step::data(BODY)]);
    let app = post(echo).with(qstash());
    let response = app.get_response(request("sig_mallory", body)).await;
    assert_eq!(response.headers()["www-authenticate"], "Upstash-Signature");
    assert_eq!(response.headers()["content-type"], "application/json");
    let reason: VerifyError = response.extensions().get().cloned().unwrap();
    assert_eq!(reason.code(), "bad_signature");
    assert_eq!(text(response).await, refused(&reason));
    assert!(probe.is_dropped());
    assert_eq!(probe.polls(), 0);
}

#[tokio::test]
async fn body_is_refused_over_the_limit_and_if_it_breaks_off() {
    let app = post(echo).with(qstash());
    let (endless, probe) = script((0..1000).map(|_| Step::data(&[b'x'; 100])));
    let response = app.get_response(request(DEFAULT[0], endless)).await;
    assert_eq!(response.status(), 413);
    assert_eq!(probe.polls(), 11);

    let (broken, _) = script([Step::data(&BODY[..5]), Step::error("reset")]);
    let response = app.get_response(request(DEFAULT[0], broken)).await;
    let body = r#"{"error":"body_unreadable"}"#.to_owned();
    assert_eq!(text(response).await, (400, body));
}

#[tokio::test]
async fn url_is_the_original_one_in_nested_routes() {
    let route = || Route::new().at("/qstash", post(echo));
    for app in [
        Route::new().nest("/hooks", route().with(qstash())),
        Route::new().nest("/hooks", Route::new().nest("/", route().with(qstash()))),
        Route::new().nest_no_strip(
            "/hooks",
            Route::new().at("/hooks/qstash", post(echo).with(qstash())),
        ),
    ] {
        let response = app.get_response(request(DEFAULT[0], BODY)).await;
        assert_eq!(text(response).await, accepted());
    }
    let other = Route::new().nest("/v2/hooks", route().with(qstash()));
    let moved = post_to("/v2/hooks/qstash?from=qstash", DEFAULT[0], BODY);
    let (status, body) = text(other.get_response(moved).await).await;
    assert_eq!((status, &*body), (401, r#"{"error":"url_mismatch"}"#));
}

#[tokio::test]
async fn other_routes_are_open() {
    let app = Route::new()
        .at("/hooks/qstash", post(echo).with(qstash()))
        .at("/health", get(poem::endpoint::make_sync(|_| "ok")));
    let health = Request::builder().uri("/health".parse().unwrap()).finish();
    assert_eq!(text(app.get_response(health).await).await.1, "ok");
    let unsigned = Request::builder().method(Method::POST);
    let unsigned = unsigned.uri(TARGET.parse().unwrap()).finish();
    let response = app.get_response(unsigned).await;
    assert_eq!(
        text(response).await,
        refused(&VerifyError::MissingSignature)
    );
}

#[tokio::test]
async fn refusal_is_a_response_to_middleware_outside() {
    let app = post(echo).with(qstash());
    let app = app.catch_all_error(async |_| StatusCode::IM_A_TEAPOT);
    let response = app.get_response(request("sig_mallory", BODY)).await;
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn error_of_the_inner_endpoint_is_passed_on() {
    #[handler]
    fn never() -> Result<&'static str, Steer> {
        Err(Retry::Never)?
    }
    let app = post(never).with(qstash());
    let error = app.call(request(DEFAULT[0], BODY)).await.unwrap_err();
    assert!(error.is::<Steer>());
    let response = error.into_response();
    assert_eq!(response.headers()["upstash-nonretryable-error"], "true");
    assert_eq!(text(response).await, (489, String::new()));
}

#[tokio::test]
async fn on_refusal_replaces_the_response_and_keeps_the_reason() {
    let qstash = qstash().on_refusal(|reason| {
        let mut response = Refusal(reason.clone()).into_response();
        let name = HeaderValue::from_static("orders");
        response.headers_mut().insert("x-service", name);
        response.set_status(StatusCode::FORBIDDEN);
        response.extensions_mut().clear();
        response
    });
    let app = post(echo).with(qstash.clone());
    let response = app.get_response(request("sig_mallory", BODY)).await;
    assert_eq!(response.headers()["x-service"], "orders");
    assert_eq!(response.status(), 403);
    let reason = response.extensions().get::<VerifyError>();
    assert_eq!(reason.unwrap().code(), "bad_signature");
    assert!(format!("{qstash:?}").contains("refuse: custom"));
}

#[test]
fn keys_are_not_printed() {
    let printed = format!("{:?}", qstash());
    assert!(!printed.contains(DEFAULT[0]) && !printed.contains(DEFAULT[1]));
}

#[test]
fn middleware_reads_its_keys_from_a_lookup() {
    assert!(QstashMiddleware::from_lookup(|_| None).is_err());
    let lookup = |name: &str| {
        let set = ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"];
        set.contains(&name).then(|| format!("sig_{name}"))
    };
    assert!(QstashMiddleware::from_lookup(lookup).is_ok());
}
