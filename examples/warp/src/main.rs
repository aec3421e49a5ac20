//! A warp service that accepts only genuine QStash deliveries.
//!
//! A filter calls the core.
//!
//! | variable | meaning |
//! |---|---|
//! | `PORT` | the port on 127.0.0.1; 3000 by default, 0 for any free port |
//! | `PUBLIC_URL` | the base URL that QStash delivers to, such as `https://api.example.com`; if set, deliveries for other URLs are refused |
//! | `MAX_BODY_BYTES` | the body limit; 10 MiB by default |
//! | `QSTASH_CURRENT_SIGNING_KEY`, `QSTASH_NEXT_SIGNING_KEY`, … | the signing keys; by default those of the development server |
//! | `RUST_LOG` | the log filter; `info` by default |

use std::env::VarError;
use std::error::Error;
use std::future::{Future, ready};
use std::pin::pin;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{Stream, TryStreamExt};
use qstash_verify::{
    ConfigError, KeyRing, MessageMetadata, Region, RequestHead, SigningKeys, Verified, Verifier,
    VerifyError,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tracing::Instrument;
use tracing_subscriber::EnvFilter;
use warp::http::{HeaderMap, Method, StatusCode};
use warp::path::FullPath;
use warp::reject::{Reject, Rejection};
use warp::reply::{Reply, Response};
use warp::{Filter, reject, reply};

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
    let app = app(verifier()?);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    warp::serve(app).incoming(listener).run().await;
    Ok(())
}

fn app(verifier: Verifier) -> impl Filter<Extract = impl Reply> + Clone + Send + Sync + 'static {
    let webhook = at("/webhook")
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(qstash(verifier))
        .then(webhook);
    // Routes without the filter are unprotected.
    let health = at("/health").and(warp::method()).then(health);
    webhook.or(health).recover(recover)
}

/// Extracts genuine deliveries, and rejects others.
fn qstash(
    verifier: Verifier,
) -> impl Filter<Extract = ((Verified, Bytes),), Error = Rejection> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::header::headers_cloned()
        .and(warp::path::full())
        .and(query)
        .and(warp::body::stream())
        .and_then(
            move |headers: HeaderMap, path: FullPath, query: String, body| {
                let verifier = verifier.clone();
                async move {
                    let target = match &*query {
                        "" => path.as_str().to_owned(),
                        query => format!("{}?{query}", path.as_str()),
                    };
                    let head = RequestHead::new(&headers, &target);
                    // warp has no timeout for a stalled body.
                    let received = receive(&verifier, &head, body);
                    match timeout(Duration::from_secs(30), received).await {
                        Ok(Ok(delivery)) => Ok(delivery),
                        Ok(Err(refused)) => {
                            refused.log(&head);
                            Err(reject::custom(Refusal(refused)))
                        }
                        Err(_) => Err(reject::custom(Stalled)),
                    }
                }
            },
        )
}

/// Verifies the head, then the body: forgeries are refused before the body is read.
async fn receive(
    verifier: &Verifier,
    head: &RequestHead<'_>,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<(Verified, Bytes), VerifyError> {
    let mut delivery = verifier.authenticate(head)?.buffered();
    let mut body = pin!(body);
    let unreadable = |error| VerifyError::body_unreadable(&error);
    while let Some(mut chunk) = body.try_next().await.map_err(unreadable)? {
        delivery.update(chunk.copy_to_bytes(chunk.remaining()))?;
    }
    delivery.finish()
}

#[derive(Debug)]
struct Refusal(VerifyError);

impl Reject for Refusal {}

#[derive(Debug)]
struct Stalled;

impl Reject for Stalled {}

async fn recover(rejection: Rejection) -> Result<Response, Rejection> {
    if let Some(Refusal(refused)) = rejection.find() {
        let response: warp::http::Response<Bytes> = refused.response();
        Ok(response.into_response())
    } else if let Some(Stalled) = rejection.find() {
        Ok(StatusCode::REQUEST_TIMEOUT.into_response())
    } else if rejection.is_not_found() {
        Ok(StatusCode::NOT_FOUND.into_response())
    } else {
        Err(rejection)
    }
}

/// Runs for genuine deliveries only: only verification returns a `Verified`.
fn webhook(
    method: Method,
    headers: HeaderMap,
    (verified, body): (Verified, Bytes),
) -> impl Future<Output = Response> + Send {
    let span = verified.span();
    let handled = async move {
        if method != Method::POST {
            return not_allowed("POST");
        }
        let message = MessageMetadata::from_headers(&headers);
        let answer = json!({
            "message_id": message.message_id(),
            "region": verified.region().map(Region::as_str),
            "key": verified.key_slot().as_str(),
            "bytes": body.len(),
        });
        reply::json(&answer).into_response()
    };
    handled.instrument(span)
}

async fn health(method: Method) -> Response {
    match method {
        Method::GET | Method::HEAD => "ok".into_response(),
        _ => not_allowed("GET,HEAD"),
    }
}

fn not_allowed(methods: &'static str) -> Response {
    reply::with_header(StatusCode::METHOD_NOT_ALLOWED, "allow", methods).into_response()
}

/// Matches exactly this path; `warp::path!` also matches `/webhook/`.
fn at(path: &'static str) -> impl Filter<Extract = (), Error = Rejection> + Copy {
    let matches = move |full: FullPath| {
        let is_it = full.as_str() == path;
        ready(is_it.then_some(()).ok_or_else(reject::not_found))
    };
    warp::path::full().and_then(matches).untuple_one()
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
/// published: a real service must not fall back to them. Use `Verifier::from_env()?`.
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
