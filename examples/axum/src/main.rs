//! An axum service that accepts only genuine QStash deliveries.
//!
//! | variable | meaning |
//! |---|---|
//! | `PORT` | the port on 127.0.0.1; 3000 by default, 0 for any free port |
//! | `PUBLIC_URL` | the base URL that QStash delivers to, such as `https://api.example.com`; if set, deliveries for other URLs are refused |
//! | `MAX_BODY_BYTES` | the body limit; 10 MiB by default |
//! | `QSTASH_CURRENT_SIGNING_KEY`, `QSTASH_NEXT_SIGNING_KEY`, … | the signing keys; by default those of the development server |
//! | `REFRESH_KEYS` | the interval in seconds at which keys are fetched from QStash's API; by default they are not |
//! | `REPLAY_STORE` | `memory`, or the URL of a Redis (`redis://…`, `rediss://…`): replays are refused; by default they are not |
//! | `RUST_LOG` | the log filter; `info` by default |

use std::env::VarError;
use std::error::Error;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use bytes::Bytes;
use qstash_verify_axum::{
    ConfigError, Delivery, KeyRing, Metadata, QstashLayer, Region, ReplayProtection, SigningKeys,
    Verifier,
};
use qstash_verify_keys::{KeyRefresher, RefreshHandle};
use qstash_verify_replay::{MemoryStore, RedisStore};
use serde_json::{Value, json};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing_subscriber::EnvFilter;

#[tokio::main]
#[expect(clippy::print_stderr, reason = "printed even if logs are off")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the line with the address")]
async fn serve() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let port: u16 = number("PORT")?.unwrap_or(3000);
    let verifier = verifier()?;
    let _refresh = refresh_keys(&verifier)?;
    let app = app(verifier, replay_store()?);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

fn app(verifier: Verifier, replay: ReplayProtection) -> Router {
    Router::new()
        .route("/webhook", post(webhook))
        // The layer's limit applies; axum's is 2 MB.
        .layer(DefaultBodyLimit::disable())
        // Covers the routes above, not the 404.
        .route_layer(QstashLayer::new(verifier).replay_store(replay))
        // Routes added after the layer are unprotected.
        .route("/health", get(|| async { "ok" }))
        // axum has no timeout for a stalled body.
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            Duration::from_secs(30),
        ))
        .layer(TraceLayer::new_for_http())
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

fn verifier() -> Result<Verifier, Box<dyn Error>> {
    let mut builder = Verifier::builder(keys()?);
    if let Some(url) = variable("PUBLIC_URL")? {
        builder = builder.base_url(&url)?;
    }
    if let Some(limit) = number("MAX_BODY_BYTES")? {
        builder = builder.body_limit(limit);
    }
    Ok(builder.build())
}

/// Returns the keys of the environment, or those of the development server, which are
/// Published: a real service must not fall back to them. Use `QstashLayer::from_env()?`.
#[expect(clippy::print_stderr, reason = "printed even if logs are off")]
fn keys() -> Result<KeyRing, ConfigError> {
    match KeyRing::from_env() {
        Err(ConfigError::NoSigningKeys { half, unused, .. })
            if half.is_empty() && unused.is_empty() =>
        {
            eprintln!(
                "no signing keys are set: using the published keys of the development server"
            );
            Ok(KeyRing::from(SigningKeys::development()))
        }
        keys => keys,
    }
}

/// Keeps the keys fresh until the handle is dropped, if `REFRESH_KEYS` is set.
fn refresh_keys(verifier: &Verifier) -> Result<Option<RefreshHandle>, Box<dyn Error>> {
    let Some(seconds) = number("REFRESH_KEYS")? else {
        return Ok(None);
    };
    let refresher = KeyRefresher::from_env(verifier)?.interval(Duration::from_secs(seconds));
    Ok(Some(refresher.start()?))
}

/// Returns the replay store of `REPLAY_STORE`; none by default.
fn replay_store() -> Result<ReplayProtection, Box<dyn Error>> {
    Ok(match variable("REPLAY_STORE")?.as_deref() {
        None => ReplayProtection::default(),
        Some("memory") => MemoryStore::new().into(),
        Some(url) => RedisStore::connect(url)?.into(),
    })
}

fn number<T: FromStr>(name: &str) -> Result<Option<T>, String> {
    let parse = |text: String| {
        text.trim()
            .parse()
            .map_err(|_| format!("{name} is not a valid number: {text:?}; set a whole number"))
    };
    variable(name)?.map(parse).transpose()
}

/// Returns an environment variable, unless it is empty.
fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is set to bytes that are not UTF-8")),
    }
}
