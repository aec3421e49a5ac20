//! Mount points of the layer: routers, routes, handlers, services, fallbacks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use qstash_verify_axum::Delivery;
use qstash_verify_test_support::{DEFAULT, Token};
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::map_request_body::MapRequestBodyLayer;
use tower_http::map_response_body::MapResponseBodyLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::support::{BASE, BODY, NOW, answer, at_base, forged, genuine, layer};

pub(crate) async fn webhook(Delivery(verified): Delivery, body: Bytes) -> Bytes {
    assert_eq!(verified.claims().iss(), "Upstash");
    body
}

pub(crate) async fn send(app: &Router, request: Request) -> (u16, String) {
    let (status, text) = answer(app.clone(), request).await;
    (status.as_u16(), text)
}

/// Sends a genuine and a forged delivery to `/hooks/qstash`.
async fn check(app: &Router) {
    let (status, text) = send(app, genuine(BODY, Body::from(BODY))).await;
    assert_eq!((status, text.as_bytes()), (200, BODY));
    let (status, text) = send(app, forged(Body::from(BODY))).await;
    assert_eq!((status, &*text), (401, r#"{"error":"bad_signature"}"#));
}

/// Runs [`check`], then sends deliveries that were signed for another URL.
pub(crate) async fn check_url(app: &Router) {
    check(app).await;
    for sub in [
        "https://api.example.com/qstash?from=qstash",
        "https://api.example.com/hooks/qstash",
    ] {
        let token = Token::new(sub, BODY, NOW).sign(DEFAULT[0]);
        let (status, text) = send(app, crate::support::request(&token, Body::from(BODY))).await;
        assert_eq!((status, &*text), (401, r#"{"error":"url_mismatch"}"#));
    }
}

fn app() -> Router {
    Router::new().route("/hooks/qstash", post(webhook))
}

/// A request to `path` with a token whose `sub` claim has the path `sub`.
pub(crate) fn to(path: &str, sub: &str) -> Request {
    let token = Token::new(&format!("{BASE}{sub}"), BODY, NOW).sign(DEFAULT[0]);
    let mut request = crate::support::request(&token, Body::from(BODY));
    *request.uri_mut() = path.parse().unwrap();
    request
}

#[tokio::test]
async fn router_layer_covers_the_404() {
    let app = app().layer(at_base());
    check_url(&app).await;
    // A path without a route.
    assert_eq!(send(&app, to("/nowhere", "/nowhere")).await.0, 404);
    assert_eq!(send(&app, to("/nowhere", "/elsewhere")).await.0, 401);
}

#[tokio::test]
async fn route_layer_does_not_cover_the_404() {
    let app = app().route_layer(at_base());
    check_url(&app).await;
    assert_eq!(send(&app, to("/nowhere", "/elsewhere")).await.0, 404);
}

#[tokio::test]
async fn method_router_layer_leaves_other_routes_unprotected() {
    let app = Router::new()
        .route("/hooks/qstash", post(webhook).layer(at_base()))
        .route("/health", get(|| async { "well" }));
    check_url(&app).await;
    let health = Request::get("/health").body(Body::empty()).unwrap();
    assert_eq!(send(&app, health).await, (200, "well".into()));
    check_url(&Router::new().route("/hooks/qstash", post(webhook).route_layer(at_base()))).await;
}

#[tokio::test]
async fn handler_layer_is_supported() {
    use axum::handler::Handler as _;
    check_url(&Router::new().route("/hooks/qstash", post(webhook.layer(at_base())))).await;
}

#[tokio::test]
async fn service_builder_with_layers_outside_and_inside() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = || {
        let seen = seen.clone();
        from_fn(move |request: Request, next: Next| {
            seen.fetch_add(1, Ordering::SeqCst);
            async { next.run(request).await }
        })
    };
    let seconds = std::time::Duration::from_secs(60);
    let timeout = TimeoutLayer::with_status_code(http::StatusCode::GATEWAY_TIMEOUT, seconds);
    let stack = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(timeout)
        .layer(count())
        .layer(at_base())
        .layer(MapRequestBodyLayer::new(Body::new))
        .layer(count())
        .layer(RequestDecompressionLayer::new())
        .layer(TraceLayer::new_for_http());
    check_url(&app().layer(stack)).await;
    // Four requests outside, one accepted inside.
    assert_eq!(seen.load(Ordering::SeqCst), 2 + 3);
}

#[tokio::test]
async fn router_layers_work_outside_and_inside() {
    async fn pass(request: Request, next: Next) -> Response {
        next.run(request).await
    }
    // No body mapping is needed.
    check_url(&app().layer(from_fn(pass)).layer(at_base())).await;
    check_url(&app().layer(at_base()).layer(from_fn(pass))).await;
    let layered = app()
        .layer(from_fn(pass))
        .layer(at_base())
        .layer(from_fn(pass));
    check_url(&layered.layer(TraceLayer::new_for_http())).await;
    let decompressing = app()
        .layer(RequestDecompressionLayer::new())
        .layer(at_base());
    check_url(&decompressing).await;
}

#[tokio::test]
async fn option_layer_switches_the_layer() {
    // Both branches need the same response body type.
    let optional = |on: bool| {
        let layers = (MapResponseBodyLayer::new(Body::new), at_base());
        tower::util::option_layer(on.then_some(layers))
    };
    let app = || Router::new().route("/hooks/qstash", post(|body: Bytes| async { body }));
    check_url(&app().layer(optional(true))).await;
    let off = app().layer(optional(false));
    assert_eq!(send(&off, forged(Body::from(BODY))).await.0, 200);
}

#[tokio::test]
async fn service_builder_wraps_a_router() {
    let around = ServiceBuilder::new().layer(at_base()).service(app());
    let (status, _) = answer(around.clone(), genuine(BODY, Body::from(BODY))).await;
    assert_eq!(status, 200);
    let (status, _) = answer(around, to("/hooks/qstash", "/hooks/other")).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn merge_keeps_routes_protected_or_not() {
    let open = Router::new().route("/health", get(|| async { "well" }));
    let health = || Request::get("/health").body(Body::empty()).unwrap();
    for app in [
        app().layer(at_base()).merge(open.clone()),
        open.clone().merge(app().layer(at_base())),
    ] {
        check_url(&app).await;
        assert_eq!(send(&app, health()).await, (200, "well".into()));
    }
    let closed = app().merge(open).layer(at_base());
    check_url(&closed).await;
    assert_eq!(
        send(&closed, health()).await.1,
        r#"{"error":"missing_signature"}"#
    );
}

#[tokio::test]
async fn merged_route_layer_does_not_cover_the_404() {
    let unknown = || Request::get("/nope").body(Body::empty()).unwrap();
    let open = Router::new().route("/health", get(|| async { "well" }));
    let webhooks = app().route_layer(at_base());
    for app in [open.clone().merge(webhooks.clone()), webhooks.merge(open)] {
        check_url(&app).await;
        assert_eq!(send(&app, unknown()).await.0, 404);
    }
}

#[tokio::test]
async fn fallback_layer_is_supported() {
    check_url(&Router::new().fallback(webhook).layer(at_base())).await;
    let method_fallback = get(|| async {}).fallback(webhook).layer(at_base());
    check_url(&Router::new().route("/hooks/qstash", method_fallback)).await;
    let nested = Router::new().fallback(webhook).layer(at_base());
    check_url(&Router::new().nest("/hooks", nested)).await;
}

#[tokio::test]
async fn router_with_state_is_supported() {
    async fn counting(
        State(seen): State<Arc<AtomicUsize>>,
        Delivery(_): Delivery,
        body: Bytes,
    ) -> Bytes {
        seen.fetch_add(1, Ordering::SeqCst);
        body
    }
    let seen = Arc::new(AtomicUsize::new(0));
    let routes = || Router::new().route("/hooks/qstash", post(counting));
    check_url(&routes().layer(at_base()).with_state(seen.clone())).await;
    check_url(&routes().with_state(seen.clone()).layer(at_base())).await;
    let on_method = post(counting).layer(at_base()).with_state(seen.clone());
    check_url(&Router::new().route("/hooks/qstash", on_method)).await;
    assert_eq!(seen.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn any_path_is_accepted_without_base_url() {
    let app = Router::new().fallback(webhook).layer(layer());
    assert_eq!(send(&app, to("/anything", "/else")).await.0, 200);
}

#[tokio::test]
async fn absolute_form_is_compared_by_path_and_query() {
    let app = app().layer(at_base());
    let target = "http://10.0.0.1:3000/hooks/qstash?from=qstash";
    assert_eq!(
        send(&app, to(target, "/hooks/qstash?from=qstash")).await.0,
        200
    );
    assert_eq!(send(&app, to(target, "/hooks/other")).await.0, 401);
    // An empty path equals `/`.
    let root = Router::new().route("/", post(webhook)).layer(at_base());
    assert_eq!(send(&root, to("http://10.0.0.1:3000", "/")).await.0, 200);
    let response = root.oneshot(to("/", "")).await.unwrap();
    assert_eq!(response.status(), 200);
}
