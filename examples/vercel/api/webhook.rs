//! A Vercel function that accepts only genuine QStash deliveries.
//!
//! | variable | meaning |
//! |---|---|
//! | `QSTASH_CURRENT_SIGNING_KEY`, `QSTASH_NEXT_SIGNING_KEY`, … | the signing keys |
//! | `PUBLIC_URL` | the base URL that QStash delivers to, such as `https://api.example.com`; if set, deliveries for other URLs are refused |
//! | `VERCEL_DEV_PORT` | the port on 127.0.0.1, in development; 3000 by default |

use std::env::VarError;
use std::process::ExitCode;

use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use qstash_verify_axum::{Delivery, KeyRing, Metadata, QstashLayer, Region, Verifier};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tracing_subscriber::filter::LevelFilter;
use vercel_runtime::{Error, Request, Response, ResponseBody, run, service_fn};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::INFO)
        .init();
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Error> {
    let app = app(verifier()?);
    // `VercelLayer` would read the whole body, without a limit, before the layer.
    run(service_fn(move |request: Request| {
        let app = app.clone();
        async move {
            let (parts, body) = app.oneshot(request).await?.into_parts();
            // Vercel's body must be `Sync`, which axum's is not.
            let body = body.collect().await?.to_bytes();
            Ok::<_, Error>(Response::from_parts(parts, ResponseBody::from(body)))
        }
    }))
    .await
}

fn app(verifier: Verifier) -> Router {
    Router::new()
        // The path of this file, and that of a rewrite to it.
        .route("/api/webhook", post(webhook))
        .route("/webhook", post(webhook))
        // The layer's limit applies; axum's is 2 MB.
        .layer(DefaultBodyLimit::disable())
        // Covers the routes above, not the 404.
        .route_layer(QstashLayer::new(verifier))
}

/// Runs for genuine deliveries only: the `Delivery` extractor rejects others.
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

fn verifier() -> Result<Verifier, Error> {
    let mut builder = Verifier::builder(KeyRing::from_env()?);
    match std::env::var("PUBLIC_URL") {
        Ok(url) => builder = builder.base_url(&url)?,
        Err(VarError::NotPresent) => {}
        Err(VarError::NotUnicode(_)) => return Err("PUBLIC_URL is not UTF-8".into()),
    }
    Ok(builder.build())
}
