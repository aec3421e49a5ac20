use std::convert::Infallible;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use qstash_verify::{ReplayProtection, RequestHead, Verified, Verifier, VerifyError};
use qstash_verify_tower::{QstashLayer, VerifiedBody};
use tower::Layer as _;

use super::{Calls, Running, Server, description, listen_on_tokio};

pub(super) fn start(verifier: Verifier, replay: ReplayProtection, calls: Calls) -> Server {
    let (runtime, listener, address) = listen_on_tokio();
    let state = (verifier, replay, Calls::clone(&calls));
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let state = state.clone();
            let service = service_fn(move |request| {
                let (verifier, replay, calls) = state.clone();
                async move { Ok::<_, Infallible>(answer(&verifier, &replay, &calls, request).await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    Server {
        address,
        calls,
        running: Running::Tokio(Some(runtime)),
    }
}

async fn answer(
    verifier: &Verifier,
    replay: &ReplayProtection,
    calls: &Calls,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let head = RequestHead::from_http(&parts.headers, &parts.uri);
    match receive(verifier, replay, &head, body).await {
        Ok((verified, body, trailers)) => {
            calls.fetch_add(1, Ordering::SeqCst);
            echo(&verified, body, trailers)
        }
        Err(refused) => {
            refused.log(&head);
            refused.response()
        }
    }
}

async fn receive(
    verifier: &Verifier,
    replay: &ReplayProtection,
    head: &RequestHead<'_>,
    mut body: Incoming,
) -> Result<(Verified, Bytes, HeaderMap), VerifyError> {
    let mut delivery = verifier.authenticate(head)?.buffered();
    let mut trailers = HeaderMap::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| VerifyError::body_unreadable(&error))?;
        match frame.into_data() {
            Ok(chunk) => delivery.update(chunk)?,
            Err(frame) => trailers = frame.into_trailers().unwrap(),
        }
    }
    let (verified, body) = delivery.finish()?;
    if let Some(check) = replay.check(&verified) {
        check.await?;
    }
    Ok((verified, body, trailers))
}

fn echo(verified: &Verified, body: Bytes, mut trailers: HeaderMap) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    for (name, value) in description(verified) {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    if let Some(value) = trailers.remove("x-trailer") {
        response.headers_mut().insert("x-trailer", value);
    }
    response
}

pub(super) fn start_layered(verifier: Verifier, replay: ReplayProtection, calls: Calls) -> Server {
    let (runtime, listener, address) = listen_on_tokio();
    let counter = Calls::clone(&calls);
    let handler = tower::service_fn(move |request: Request<VerifiedBody>| {
        counter.fetch_add(1, Ordering::SeqCst);
        let verified = request.extensions().get::<Verified>().unwrap();
        let verified = verified.clone();
        let body = request.into_body().into_bytes();
        let response = echo(&verified, body, HeaderMap::new());
        async { Ok::<_, Infallible>(response) }
    });
    let layer = QstashLayer::new(verifier).replay_store(replay);
    let service = TowerToHyperService::new(layer.layer(handler));
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = http1::Builder::new();
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service.clone()));
        }
    });
    Server {
        address,
        calls,
        running: Running::Tokio(Some(runtime)),
    }
}
