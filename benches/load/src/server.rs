//! The servers: the same handler, bare and wrapped.

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

use crate::floor::{self, Mac};
use crate::{Failure, Framework, Server, Variant, cores};

pub(crate) const BASE_URL: &str = "https://api.example.com";
pub(crate) const PATH: &str = "/webhooks/orders";

/// Says on standard output on which port it listens, and serves until standard input
/// ends, which it does if the client does in whatever way.
pub(crate) fn run(server: Server) -> Result<Infallible, Failure> {
    if let Some(core) = server.core {
        cores::stay_on(core)?;
    }
    if server.log {
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
        // Whatever is written or goes wrong, it is at its end.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let workers = match server.core {
        Some(_) => 1,
        None => std::thread::available_parallelism()?.get(),
    };
    match server.framework {
        Framework::Axum => axum(listener, server.variant, workers)?,
        Framework::Actix => actix(listener, server.variant, workers)?,
    }
    Err("the server has stopped by itself".into())
}

/// With the real clock, and all the checks there are.
fn verifier() -> Result<Verifier, Failure> {
    let builder = Verifier::builder(testing::signing_keys());
    Ok(builder.base_url(BASE_URL)?.build())
}

fn axum(listener: TcpListener, variant: Variant, workers: usize) -> Result<(), Failure> {
    let app = match variant {
        Variant::Bare => Router::new().route(PATH, post(handle)),
        Variant::Floor => Router::new().route(PATH, post(handle_with_floor)),
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
    // One of the two is not used.
    let qstash = QstashMiddleware::new(verifier()?);
    macro_rules! serve {
        ($resource:expr) => {
            HttpServer::new(move || App::new().service($resource))
                .workers(workers)
                // A connection has to wait while others have their turn.
                .keep_alive(Duration::from_secs(75))
                .disable_signals()
                .listen(listener)?
                .run()
        };
    }
    let resource = || web::resource(PATH);
    actix_web::rt::System::new().block_on(async {
        match variant {
            Variant::Bare => serve!(resource().route(web::post().to(handle))).await?,
            Variant::Floor => serve!(resource().route(web::post().to(handle_with_floor))).await?,
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

async fn handle_with_floor(_: Mac, body: Bytes) -> String {
    floor::hash(&body);
    describe(&body)
}

async fn handle_verified_by_axum(_: qstash_verify_axum::Delivery, body: Bytes) -> String {
    describe(&body)
}

async fn handle_verified_by_actix(_: qstash_verify_actix::Delivery, body: Bytes) -> String {
    describe(&body)
}

/// The answer to a body, by which the client knows that all of it arrived, in order,
/// and is the one that it sent. It takes less than a tenth of a microsecond: what
/// a handler does is not the subject.
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
    fn bodies_are_told_apart() {
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
