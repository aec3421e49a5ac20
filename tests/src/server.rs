//! Real servers behind the layer, each on a free port of this machine.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::any;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use qstash_verify::{Region, Verified, Verifier, VerifierBuilder};
use qstash_verify_tower::{Delivery, QstashLayer, VerifiedBody};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower::{Layer as _, service_fn};

use crate::{Connection, DEFAULT, NOW, pinned, signing_keys};

/// What most servers here verify with: the default pair, ten seconds after
/// [`NOW`].
pub fn builder() -> VerifierBuilder {
    Verifier::builder(signing_keys(&DEFAULT)).clock(pinned(NOW + 10))
}

/// A server, up until this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    calls: Calls,
    runtime: Option<Runtime>,
}

/// How often the handler was entered.
type Calls = Arc<AtomicUsize>;

impl Server {
    /// axum with the layer, and behind it a handler that answers with the body
    /// it was given; `x-region`, `x-key` and `x-trailer` say what else it saw.
    #[must_use]
    pub fn axum(verifier: Verifier) -> Self {
        let calls = Calls::default();
        let router = Router::new()
            .route("/{*path}", any(echo))
            .with_state(Calls::clone(&calls))
            .layer(QstashLayer::new(verifier));
        Server::start(router, calls)
    }

    /// axum with any other routes.
    #[must_use]
    pub fn serve(router: Router) -> Self {
        Server::start(router, Calls::default())
    }

    fn start(router: Router, calls: Calls) -> Self {
        let (runtime, listener, address) = listen();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Server {
            address,
            calls,
            runtime: Some(runtime),
        }
    }

    /// hyper alone, with the layer and a handler that answers with the body it
    /// was given.
    #[must_use]
    pub fn hyper(verifier: Verifier) -> Self {
        let calls = Calls::default();
        let counter = Calls::clone(&calls);
        let handler = service_fn(move |request: Request<VerifiedBody>| {
            counter.fetch_add(1, Ordering::SeqCst);
            let verified = request.extensions().get::<Verified>().unwrap().clone();
            let body = Full::new(request.into_body().into_bytes());
            let mut response = Response::new(body);
            describe(&mut response, &verified);
            async { Ok::<_, Infallible>(response) }
        });
        let service = TowerToHyperService::new(QstashLayer::new(verifier).layer(handler));
        let (runtime, listener, address) = listen();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let builder = hyper::server::conn::http1::Builder::new();
                tokio::spawn(builder.serve_connection(TokioIo::new(stream), service.clone()));
            }
        });
        Server {
            address,
            calls,
            runtime: Some(runtime),
        }
    }

    /// A new connection to it.
    #[must_use]
    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// How often the handler was entered; only [`axum`](Self::axum) and
    /// [`hyper`](Self::hyper) count.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn listen() -> (Runtime, TcpListener, SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_io()
        .enable_time()
        .build()
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    (runtime, listener, address)
}

async fn echo(
    State(calls): State<Calls>,
    Delivery(verified): Delivery,
    request: Request<Body>,
) -> Response<Full<Bytes>> {
    calls.fetch_add(1, Ordering::SeqCst);
    let body = request.into_body().collect().await.unwrap();
    let trailer = body
        .trailers()
        .and_then(|trailers| trailers.get("x-trailer"))
        .cloned();
    let mut response = Response::new(Full::new(body.to_bytes()));
    describe(&mut response, &verified);
    if let Some(value) = trailer {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-trailer"), value);
    }
    response
}

fn describe<B>(response: &mut Response<B>, verified: &Verified) {
    let region = verified.region().map_or("none", Region::as_str);
    let headers = response.headers_mut();
    headers.insert("x-region", HeaderValue::from_static(region));
    headers.insert("x-key", HeaderValue::from_static(verified.key().as_str()));
}
