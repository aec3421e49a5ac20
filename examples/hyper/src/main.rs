//! A hyper service that accepts only genuine QStash deliveries, without an adapter.
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

use std::convert::Infallible;
use std::env::VarError;
use std::error::Error;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use qstash_verify::{
    ConfigError, KeyRing, MessageMetadata, Region, ReplayProtection, RequestHead, SigningKeys,
    Verified, Verifier, VerifyError,
};
use qstash_verify_keys::{KeyRefresher, RefreshHandle};
use qstash_verify_replay::{MemoryStore, RedisStore};
use serde_json::json;
use tokio::net::TcpListener;
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
    let replay = replay_store()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = match listener.accept().await {
            Ok(connection) => connection,
            Err(error) => {
                // Most likely out of file descriptors: wait until some are closed.
                tracing::warn!("no connection could be accepted: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (verifier, replay) = (verifier.clone(), replay.clone());
        let service = service_fn(move |request| answer(verifier.clone(), replay.clone(), request));
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!("a connection ended early: {error}");
            }
        });
    }
}

async fn answer(
    verifier: Verifier,
    replay: ReplayProtection,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let response = match (request.uri().path(), request.method()) {
        ("/webhook", _) => {
            // hyper has no timeout for a stalled body.
            let answer = timeout(
                Duration::from_secs(30),
                webhook(&verifier, &replay, request),
            )
            .await;
            answer.unwrap_or_else(|_| empty(StatusCode::REQUEST_TIMEOUT))
        }
        ("/health", &Method::GET | &Method::HEAD) => typed("text/plain; charset=utf-8", "ok"),
        ("/health", _) => not_allowed("GET,HEAD"),
        _ => empty(StatusCode::NOT_FOUND),
    };
    Ok(response)
}

/// Verifies the head, then the body. A forgery is refused before its body is read.
async fn webhook(
    verifier: &Verifier,
    replay: &ReplayProtection,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let head = RequestHead::from_http(&parts.headers, &parts.uri);
    match receive(verifier, replay, &head, body).await {
        Err(refused) => {
            refused.log(&head);
            refused.response()
        }
        Ok(_) if parts.method != Method::POST => not_allowed("POST"),
        Ok((verified, body)) => {
            let _span = verified.span().entered();
            handle(&verified, &parts.headers, &body)
        }
    }
}

async fn receive(
    verifier: &Verifier,
    replay: &ReplayProtection,
    head: &RequestHead<'_>,
    body: Incoming,
) -> Result<(Verified, Bytes), VerifyError> {
    let received = verifier.receive(head, body).await;
    replay.check_received(received).await
}

/// Runs for genuine deliveries only: only `receive` returns a `Verified`.
fn handle(verified: &Verified, headers: &HeaderMap, body: &Bytes) -> Response<Full<Bytes>> {
    let message = MessageMetadata::from_headers(headers);
    let answer = json!({
        "message_id": message.message_id(),
        "region": verified.region().map(Region::as_str),
        "key": verified.key_slot().as_str(),
        "bytes": body.len(),
    });
    typed("application/json", answer.to_string())
}

fn typed(content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn not_allowed(methods: &'static str) -> Response<Full<Bytes>> {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    let allow = HeaderValue::from_static(methods);
    response.headers_mut().insert(ALLOW, allow);
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
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
/// Published: a real service must not fall back to them. Use `Verifier::from_env()?`.
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
