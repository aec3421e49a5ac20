use aide::{NoApi, axum::ApiRouter, axum::routing::post, openapi::OpenApi};
use axum::Router;
use qstash_verify_axum::{Delivery, QstashLayer, Verifier};

/// `NoApi` keeps an extractor out of the specification.
async fn webhook(NoApi(Delivery(verified)): NoApi<Delivery>, body: String) -> String {
    format!("{body} for {}", verified.claims().sub())
}

pub(crate) fn app(verifier: Verifier) -> (Router, OpenApi) {
    let mut api = OpenApi::default();
    let router = ApiRouter::new()
        .api_route("/webhook", post(webhook))
        .route_layer(QstashLayer::new(verifier))
        .finish_api(&mut api);
    (router, api)
}
