//! The route of `cron_secret.rs` accepts a genuine delivery or the secret.

use axum::body::Body;
use axum::http::Request;
use qstash_verify::testing;
use qstash_verify_axum::QstashLayer;
use tower::ServiceExt;

use crate::cron_secret::app;

const SECRET: &str = "Bearer cron";

async fn status(request: Request<Body>) -> u16 {
    let layer = QstashLayer::new(testing::verifier().build());
    let app = app(layer, |secret| secret == SECRET.as_bytes());
    app.oneshot(request).await.unwrap().status().as_u16()
}

fn unsigned(secret: &str) -> Request<Body> {
    let request = Request::post("/job").header("authorization", secret);
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_genuine_delivery_or_the_secret_is_accepted() {
    let delivery = testing::delivery("https://example.com/job", "7");
    assert_eq!(status(delivery.request().unwrap()).await, 200);
    assert_eq!(status(unsigned(SECRET)).await, 200);
    assert_eq!(status(unsigned("Bearer other")).await, 401);
}

#[tokio::test]
async fn the_secret_does_not_save_a_forged_delivery() {
    let forged = testing::delivery("https://example.com/job", "7").claim("exp", 0);
    let forged = forged.header("authorization", SECRET);
    assert_eq!(status(forged.request().unwrap()).await, 401);
}
