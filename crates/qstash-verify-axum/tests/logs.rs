//! Log events of the extractors.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use http_body_util::BodyExt as _;
use qstash_verify_axum::Delivery;
use qstash_verify_test_support::BODY;
use qstash_verify_test_support::log::Log;
use qstash_verify_test_support::service::genuine;
use tower::ServiceExt as _;
use tracing::Level;

#[tokio::test]
async fn missing_layer_is_logged_as_an_error() {
    let (log, _guard) = Log::start();
    let app = Router::new().route("/hooks/qstash", post(async |_: Delivery| {}));
    let response = app.oneshot(genuine(BODY, Body::from(BODY))).await.unwrap();
    assert_eq!(response.status(), 500);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, r#"{"error":"not_verified"}"#);
    let mut lines = log.take();
    lines.retain(|line| line.target.starts_with("qstash_verify"));
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].level, Level::ERROR);
    assert_eq!(lines[0].fields["path"], "/hooks/qstash");
    let message = &lines[0].fields["message"];
    assert!(
        message.contains("the QStash middleware is not on this route"),
        "{message}"
    );
}
