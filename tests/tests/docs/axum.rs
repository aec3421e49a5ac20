use axum::body::Body;
use axum::{Router, routing::post};
use qstash_verify::testing;
use qstash_verify_axum::{Message, QstashLayer, Verifier};
use tower::ServiceExt;

fn app(verifier: Verifier) -> Router {
    Router::new()
        .route(
            "/webhook",
            post(async |Message(id): Message<u64>| format!("order {id}")),
        )
        .layer(QstashLayer::new(verifier))
}

#[tokio::test]
async fn only_genuine_deliveries_are_taken() -> Result<(), Box<dyn std::error::Error>> {
    let app = app(testing::verifier().build());
    let delivery = testing::delivery("https://example.com/webhook", "7");
    let response = app.clone().oneshot(delivery.request::<Body>()?).await?;
    assert_eq!(response.status(), 200);

    let expired = delivery.claim("exp", 0);
    let response = app.oneshot(expired.request::<Body>()?).await?;
    assert_eq!(response.status(), 401);
    Ok(())
}
