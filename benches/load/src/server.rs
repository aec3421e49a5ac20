//! Servers with the same handler: bare, with the floor, wrapped.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use qstash_verify::{Verifier, testing};
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_axum::QstashLayer;
use qstash_verify_floor::{Floor, FloorLayer, FloorMiddleware};

use crate::cores;
use crate::failure::Failure;
use crate::target::{Framework, Target, Variant};

pub(crate) const BASE_URL: &str = "https://api.example.com";
pub(crate) const PATH: &str = "/webhooks/orders";
/// A route of bare servers that doesn't read the body.
pub(crate) const OPEN_PATH: &str = "/open";

/// Prints its port and serves until EOF on standard input, even if the client crashes.
pub(crate) fn run(target: Target) -> Result<Infallible, Failure> {
    if let Some(core) = target.core {
        cores::stay_on(core)?;
    }
    if target.log {
        let to_nowhere = tracing_subscriber::fmt().with_writer(std::io::sink);
        to_nowhere
            .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
            .init();
    }
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut output = std::io::stdout();
    writeln!(output, "{}", listener.local_addr()?.port())?;
    output.flush()?;
    std::thread::spawn(|| {
        // EOF, input and errors all stop the server.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let workers = match target.core {
        Some(_) => 1,
        None => std::thread::available_parallelism()?.get(),
    };
    match target.framework {
        Framework::Axum => axum(listener, target.variant, workers)?,
        Framework::Actix => actix(listener, target.variant, workers)?,
    }
    Err("the server stopped unexpectedly".into())
}

/// Returns a verifier with all checks and the system clock.
fn verifier() -> Result<Verifier, Failure> {
    let builder = Verifier::builder(testing::signing_keys());
    Ok(builder.base_url(BASE_URL)?.build())
}

fn axum(listener: TcpListener, variant: Variant, workers: usize) -> Result<(), Failure> {
    let app = match variant {
        Variant::Bare => Router::new()
            .route(PATH, post(handle))
            .route(OPEN_PATH, post(handle_unread)),
        Variant::Floor => Router::new()
            .route(PATH, post(handle))
            .layer(FloorLayer(Floor::Accept)),
        Variant::Wrapped => Router::new()
            .route(PATH, post(handle_verified_by_axum))
            .layer(QstashLayer::new(verifier()?)),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?;
    listener.set_nonblocking(true)?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        Ok(axum::serve(listener, app).await?)
    })
}

fn actix(listener: TcpListener, variant: Variant, workers: usize) -> Result<(), Failure> {
    // Unused unless the variant is wrapped.
    let qstash = QstashMiddleware::new(verifier()?);
    macro_rules! serve {
        ($($resource:expr),+) => {
            HttpServer::new(move || App::new()$(.service($resource))+)
                .workers(workers)
                // Connections are idle while other servers are measured.
                .keep_alive(Duration::from_secs(75))
                .disable_signals()
                .listen(listener)?
                .run()
        };
    }
    let resource = || web::resource(PATH);
    actix_web::rt::System::new().block_on(async {
        match variant {
            Variant::Bare => {
                let open = || web::resource(OPEN_PATH).route(web::post().to(handle_unread));
                serve!(resource().route(web::post().to(handle)), open()).await?;
            }
            Variant::Floor => {
                let resource = move || resource().wrap(FloorMiddleware(Floor::Accept));
                serve!(resource().route(web::post().to(handle))).await?;
            }
            Variant::Wrapped => {
                let handler = handle_verified_by_actix;
                let resource = move || resource().wrap(qstash.clone());
                serve!(resource().route(web::post().to(handler))).await?;
            }
        }
        Ok(())
    })
}

async fn handle(body: Bytes) -> String {
    describe(&body)
}

async fn handle_unread() -> &'static str {
    "unread"
}

async fn handle_verified_by_axum(_: qstash_verify_axum::Delivery, body: Bytes) -> String {
    describe(&body)
}

async fn handle_verified_by_actix(_: qstash_verify_actix::Delivery, body: Bytes) -> String {
    describe(&body)
}

/// Returns length and checksum of a body, which prove that it arrived whole and in
/// order. Takes less than 0.1 µs, so the handler's cost is negligible.
pub(crate) fn describe(body: &[u8]) -> String {
    let (words, rest) = body.as_chunks();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let rest = rest.iter().map(|byte| u64::from(*byte));
    let sum = words
        .chain(rest)
        .fold(0_u64, |sum, word| sum.rotate_left(5) ^ word);
    format!("{} {sum:016x}", body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_detects_changed_and_swapped_bytes() {
        let body: Vec<u8> = (0..=250).cycle().take(1027).collect();
        let described = describe(&body);
        assert!(described.starts_with("1027 "), "{described}");
        for at in 0..body.len() {
            let mut other = body.clone();
            other[at] ^= 1;
            assert_ne!(describe(&other), described, "{at}");
        }
        let mut swapped = body.clone();
        swapped.rotate_left(8);
        assert_ne!(describe(&swapped), described);
    }
}
