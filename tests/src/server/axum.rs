use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::any;
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_axum::{Delivery, QstashLayer};

use super::{Calls, Running, Server, description, listen_on_tokio};

pub(super) fn router(verifier: Verifier, replay: ReplayProtection, calls: &Calls) -> Router {
    Router::new()
        .route("/{*path}", any(echo))
        .with_state(Calls::clone(calls))
        .layer(QstashLayer::new(verifier).replay_store(replay))
}

pub(super) fn start(router: Router, calls: Calls) -> Server {
    let (runtime, listener, address) = listen_on_tokio();
    runtime.spawn(async move { axum::serve(listener, router).await });
    Server {
        address,
        calls,
        running: Running::Tokio(Some(runtime)),
    }
}

async fn echo(
    State(calls): State<Calls>,
    Delivery(verified): Delivery,
    request: Request<Body>,
) -> Response<Full<Bytes>> {
    calls.fetch_add(1, Ordering::SeqCst);
    let body = request.into_body().collect().await.unwrap();
    let trailers = body.trailers().cloned();
    let mut response = Response::new(Full::new(body.to_bytes()));
    for (name, value) in description(&verified) {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    if let Some(value) = trailers.and_then(|mut trailers| trailers.remove("x-trailer")) {
        response.headers_mut().insert("x-trailer", value);
    }
    response
}
