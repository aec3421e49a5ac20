use axum::Router;
use qstash_verify_axum::{Delivery, QstashLayer, Verifier};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

#[utoipa::path(post, path = "/webhook", request_body = String)]
async fn webhook(Delivery(verified): Delivery, body: String) -> String {
    format!("{body} for {}", verified.claims().sub())
}

pub(crate) fn app(verifier: Verifier) -> (Router, OpenApi) {
    OpenApiRouter::new()
        .routes(routes!(webhook))
        .route_layer(QstashLayer::new(verifier))
        .split_for_parts()
}
