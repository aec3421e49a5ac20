//! The layer in nested routers verifies the original URI.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{any_service, post};
use bytes::Bytes;
use tower::{Layer as _, service_fn};

use crate::routers::{check_url, send, to, webhook};
use crate::support::at_base;

#[tokio::test]
async fn nested_routers_verify_the_original_uri() {
    let nested = || Router::new().route("/qstash", post(webhook));
    check_url(&Router::new().nest("/hooks", nested().layer(at_base()))).await;
    check_url(&Router::new().nest("/hooks", nested().route_layer(at_base()))).await;
    check_url(&Router::new().nest("/hooks", nested()).layer(at_base())).await;
    let on_method = Router::new().route("/qstash", post(webhook).layer(at_base()));
    check_url(&Router::new().nest("/hooks", on_method)).await;
    // As a nested service.
    check_url(&Router::new().nest_service("/hooks", nested().layer(at_base()))).await;
    check_url(&Router::new().nest_service("/hooks", at_base().layer(nested()))).await;
    check_url(
        &Router::new()
            .nest_service("/hooks", nested())
            .layer(at_base()),
    )
    .await;
}

#[tokio::test]
async fn deeply_nested_routers_verify_the_original_uri() {
    async fn tenant(Path(tenant): Path<String>, body: Bytes) -> String {
        format!("{tenant} {}", body.len())
    }
    let inner = Router::new()
        .route("/qstash", post(tenant))
        .layer(at_base());
    let app = Router::new().nest("/a", Router::new().nest("/{tenant}", inner));
    let path = "/a/b%20c/qstash?d=e%20f";
    assert_eq!(send(&app, to(path, path)).await, (200, "b c 25".into()));
    for sub in [
        "/qstash?d=e%20f",
        "/b%20c/qstash?d=e%20f",
        "/a/b c/qstash?d=e%20f",
        "/a/b%20c/qstash",
    ] {
        assert_eq!(
            send(&app, to(path, sub)).await.1,
            r#"{"error":"url_mismatch"}"#,
            "{sub}"
        );
    }
}

#[tokio::test]
async fn nested_service_verifies_the_original_uri() {
    let plain = service_fn(|request: http::Request<Body>| async {
        assert_eq!(request.uri(), "/qstash?from=qstash");
        Ok::<_, std::convert::Infallible>(Response::new(request.into_body()))
    });
    check_url(&Router::new().nest_service("/hooks", at_base().layer(plain))).await;
    let plain = service_fn(|request: http::Request<Body>| async {
        Ok::<_, std::convert::Infallible>(Response::new(request.into_body()))
    });
    let service = at_base().layer(plain);
    check_url(&Router::new().route_service("/hooks/qstash", service.clone())).await;
    check_url(&Router::new().route("/hooks/qstash", any_service(service.clone()))).await;
    check_url(&Router::new().fallback_service(service)).await;
}
