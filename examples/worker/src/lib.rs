//! A Cloudflare Worker that accepts only genuine QStash deliveries.
//!
//! | binding | meaning |
//! |---|---|
//! | `QSTASH_CURRENT_SIGNING_KEY`, `QSTASH_NEXT_SIGNING_KEY`, … | the signing keys |
//! | `LOG_LEVEL` | the log level; `info` by default |
//! | `LOG_TIME` | if set, lines of the log begin with the time |
//!
//! The bindings `LOG_LEVEL` and `LOG_TIME` are read once for each isolate.

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use qstash_verify::VerifierCache;
use qstash_verify_axum::{Delivery, Metadata, QstashLayer, Region, Verifier};
use serde_json::{Value, json};
use tower_service::Service as _;
use worker::{Context, Env, Error, Request, Response, Result, event};

mod console;
mod request;
mod response;

/// Rebuilds the verifier when a binding changes, which may not restart the isolate.
static VERIFIER: VerifierCache = VerifierCache::new(|keys| Ok(Verifier::new(keys)));

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let binding = |name: &str| Some(env.var(name).ok()?.to_string());
    console::init(binding);
    let verifier = VERIFIER
        .get(binding)
        .map_err(|error| Error::RustError(error.to_string()))?;
    let response = app(verifier).call(request::convert(request)?).await?;
    response::convert(response).await
}

fn app(verifier: Verifier) -> Router {
    Router::new()
        .route("/webhook", post(webhook))
        // The layer's limit applies; axum's is 2 MB.
        .layer(DefaultBodyLimit::disable())
        // Covers the routes above, not the 404.
        .route_layer(QstashLayer::new(verifier))
        // Routes added after the layer are unprotected.
        .route("/health", get(|| async { "ok" }))
}

/// Runs for genuine deliveries only: the `Delivery` extractor rejects others.
///
/// A handler that awaits a JavaScript promise also needs `#[worker::send]`.
async fn webhook(
    Delivery(verified): Delivery,
    Metadata(message): Metadata,
    body: Bytes,
) -> Json<Value> {
    Json(json!({
        "message_id": message.message_id(),
        "region": verified.region().map(Region::as_str),
        "key": verified.key_slot().as_str(),
        "bytes": body.len(),
    }))
}
