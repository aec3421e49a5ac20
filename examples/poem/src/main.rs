//! A poem service that accepts only genuine QStash deliveries.
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
use std::sync::Arc;
use std::time::Duration;

use poem::error::{MethodNotAllowedError, NotFoundError};
use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::middleware::Tracing;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Route, Server};
use poem::{get, handler, post};
use qstash_verify_keys::{KeyRefresher, RefreshHandle};
use qstash_verify_poem::{
    ConfigError, Delivery, KeyRing, Metadata, QstashMiddleware, Region, ReplayProtection,
    SigningKeys, Verifier,
};
use qstash_verify_replay::{MemoryStore, RedisStore};
use serde_json::json;
use tokio::time::timeout;
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
    let listener = TcpAcceptor::from_tokio(listener)?;
    Server::new_with_acceptor(listener).run(app).await?;
    Ok(())
}

fn app(verifier: Verifier, replay: ReplayProtection) -> impl Endpoint {
    let protected = post(webhook).catch_error(async |_: MethodNotAllowedError| not_allowed("POST"));
    let open = get(health).catch_error(async |_: MethodNotAllowedError| not_allowed("GET,HEAD"));
    Route::new()
        .at(
            "/webhook",
            protected.with(QstashMiddleware::new(verifier).replay_store(replay)),
        )
        // Routes without the middleware are unprotected.
        .at("/health", open)
        .catch_error(async |_: NotFoundError| StatusCode::NOT_FOUND)
        .around(within_30_seconds)
        .with(Tracing)
}

/// Runs for genuine deliveries only: the `Delivery` extractor rejects others.
#[handler]
async fn webhook(
    Delivery(verified): Delivery,
    Metadata(message): Metadata,
    body: Vec<u8>,
) -> Response {
    let answer = json!({
        "message_id": message.message_id(),
        "region": verified.region().map(Region::as_str),
        "key": verified.key_slot().as_str(),
        "bytes": body.len(),
    });
    let response = Response::builder().content_type("application/json");
    response.body(answer.to_string())
}

#[handler]
fn health() -> &'static str {
    "ok"
}

fn not_allowed(methods: &'static str) -> Response {
    let response = Response::builder().status(StatusCode::METHOD_NOT_ALLOWED);
    response.header("allow", methods).finish()
}

/// poem has no timeout for a stalled body.
async fn within_30_seconds(inner: Arc<impl Endpoint>, request: Request) -> poem::Result<Response> {
    match timeout(Duration::from_secs(30), inner.call(request)).await {
        Ok(response) => Ok(response?.into_response()),
        Err(_) => Ok(StatusCode::REQUEST_TIMEOUT.into_response()),
    }
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
/// published: a real service must not fall back to them. Use `QstashMiddleware::from_env()?`.
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
