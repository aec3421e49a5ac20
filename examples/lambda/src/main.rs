//! An AWS Lambda function that accepts only genuine QStash deliveries.
//!
//! | variable | meaning |
//! |---|---|
//! | `QSTASH_CURRENT_SIGNING_KEY`, `QSTASH_NEXT_SIGNING_KEY`, … | the signing keys |
//! | `PUBLIC_URL` | the base URL that QStash delivers to, such as `https://api.example.com`; if set, deliveries for other URLs are refused |
//! | `AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH` | if set, `lambda_http` does not put the stage in front of the path: for custom domains of API Gateway |
//! | `AWS_LAMBDA_LOG_LEVEL` | the log level; `INFO` by default |

use std::env::VarError;
use std::process::ExitCode;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use lambda_http::{Error, run, tracing};
use qstash_verify_axum::{Delivery, KeyRing, Metadata, QstashLayer, Region, Verifier};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing::init_default_subscriber();
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Error> {
    run(app(verifier()?)).await
}

fn app(verifier: Verifier) -> Router {
    Router::new()
        .route("/webhook", post(webhook))
        // With the stage that `lambda_http` puts in front of the path.
        .route("/{stage}/webhook", post(webhook))
        // The layer's limit applies; axum's is 2 MB.
        .layer(DefaultBodyLimit::disable())
        // Covers the routes above, not the 404.
        .route_layer(QstashLayer::new(verifier))
        // Routes added after the layer are unprotected.
        .route("/health", get(|| async { "ok" }))
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
        // `lambda_http` loses the order of the query behind REST APIs and ALBs.
        Ok(url) => builder = builder.base_url(&url)?.any_query_order(),
        Err(VarError::NotPresent) => {}
        Err(VarError::NotUnicode(_)) => return Err("PUBLIC_URL is not UTF-8".into()),
    }
    Ok(builder.build())
}
