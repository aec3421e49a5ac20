//! A Rocket service that accepts only genuine QStash deliveries.
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

use qstash_verify_keys::{KeyRefresher, RefreshHandle};
use qstash_verify_replay::{MemoryStore, RedisStore};
use qstash_verify_rocket::{
    ConfigError, Delivery, KeyRing, Metadata, QstashFairing, Region, ReplayProtection, SigningKeys,
    Verifier,
};
use rocket::config::Ident;
use rocket::fairing::AdHoc;
use rocket::http::ContentType;
use rocket::shield::Shield;
use rocket::{Build, Config, Rocket, get, post, routes};
use serde_json::json;
use tracing_subscriber::EnvFilter;

#[rocket::main]
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

async fn serve() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Set before Rocket's own logger, to receive Rocket's lines as well.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    // At level `debug` Rocket logs whole heads with their tokens.
    log::set_max_level(log::max_level().min(log::LevelFilter::Info));

    let config = Config {
        port: number("PORT")?.unwrap_or(3000),
        cli_colors: false,
        ident: Ident::none(),
        ..Config::release_default()
    };
    let verifier = verifier()?;
    let _refresh = refresh_keys(&verifier)?;
    let app = app(config, verifier, replay_store()?);
    app.launch().await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the line with the address")]
fn app(config: Config, verifier: Verifier, replay: ReplayProtection) -> Rocket<Build> {
    rocket::custom(config)
        .attach(QstashFairing::new(verifier).replay_store(replay))
        // Its headers are for browsers.
        .attach(Shield::new())
        .attach(AdHoc::on_liftoff("address", |rocket| {
            Box::pin(async {
                let config = rocket.config();
                println!("listening on http://{}:{}", config.address, config.port);
            })
        }))
        .mount("/", routes![webhook, health])
}

/// Runs for genuine deliveries only: the `Delivery` guard rejects others.
#[post("/webhook", data = "<delivery>")]
async fn webhook(message: Metadata, delivery: Delivery) -> (ContentType, String) {
    let answer = json!({
        "message_id": message.0.message_id(),
        "region": delivery.verified.region().map(Region::as_str),
        "key": delivery.verified.key_slot().as_str(),
        "bytes": delivery.body.len(),
    });
    (ContentType::JSON, answer.to_string())
}

/// A route whose handler has no guard is unprotected.
#[get("/health")]
fn health() -> &'static str {
    "ok"
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
/// published: a real service must not fall back to them. Use `QstashFairing::from_env()?`.
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
