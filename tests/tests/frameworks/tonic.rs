use axum::{Router, extract::DefaultBodyLimit, routing::post};
use qstash_verify_axum::{Delivery, QstashLayer, Verifier};
use tonic::service::Routes;

async fn webhook(Delivery(verified): Delivery, body: String) -> String {
    format!("{body} for {}", verified.claims().sub())
}

/// Serves gRPC and webhooks on one port.
pub(crate) fn app(grpc: Routes, verifier: Verifier) -> Router {
    let webhooks = Router::new()
        .route("/webhook", post(webhook))
        // The layer's limit applies; axum's is 2 MB.
        .layer(DefaultBodyLimit::disable())
        .route_layer(QstashLayer::new(verifier));
    grpc.into_axum_router().merge(webhooks)
}
