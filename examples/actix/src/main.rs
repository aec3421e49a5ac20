//! An actix-web service that accepts only genuine QStash deliveries.
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

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::middleware::{Logger, Next, from_fn};
use actix_web::rt::time::timeout;
use actix_web::{App, HttpResponse, HttpServer, web};
use qstash_verify_actix::{
    ConfigError, Delivery, KeyRing, Metadata, QstashMiddleware, Region, ReplayProtection,
    SigningKeys, Verifier,
};
use qstash_verify_keys::{KeyRefresher, RefreshHandle};
use qstash_verify_replay::{MemoryStore, RedisStore};
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

#[actix_web::main]
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
    // Created once and cloned for each worker.
    let qstash = QstashMiddleware::new(verifier).replay_store(replay_store()?);
    let server = HttpServer::new(move || {
        App::new()
            .service(
                web::resource("/webhook")
                    .wrap(qstash.clone())
                    // The middleware's limit applies; actix-web's is 256 KiB.
                    .app_data(web::PayloadConfig::new(usize::MAX))
                    .route(web::post().to(webhook)),
            )
            // Routes without the middleware are unprotected.
            .service(
                web::resource("/health")
                    .route(web::get().to(async || "ok"))
                    .route(web::head().to(async || "ok")),
            )
            // actix-web has no timeout for a stalled body.
            .wrap(from_fn(within_30_seconds))
            .wrap(Logger::default())
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}

/// Runs for genuine deliveries only: the `Delivery` extractor rejects others.
async fn webhook(
    Delivery(verified): Delivery,
    Metadata(message): Metadata,
    body: web::Bytes,
) -> web::Json<Value> {
    web::Json(json!({
        "message_id": message.message_id(),
        "region": verified.region().map(Region::as_str),
        "key": verified.key_slot().as_str(),
        "bytes": body.len(),
    }))
}

async fn within_30_seconds(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let answer = timeout(Duration::from_secs(30), next.call(request)).await;
    answer.unwrap_or_else(|late| {
        let response = HttpResponse::RequestTimeout().finish();
        Err(InternalError::from_response(late, response).into())
    })
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
/// Published: a real service must not fall back to them. Use `QstashMiddleware::from_env()?`.
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
