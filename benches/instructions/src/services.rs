//! Services that respond with the body length, wrapped in the adapters and bare.

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use actix_web::dev::ServiceResponse;
use actix_web::{App, HttpResponse, test, web};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_tower::QstashLayer;
use tower::{Layer as _, Service, service_fn};

use crate::request::Request;
use crate::work::{Measurement, Work};

/// A service, wrapped and bare.
pub(crate) type Pair = [Work; 2];

pub(crate) const TOWER: Pair = [
    |request, repeats| {
        let layer = QstashLayer::new(request.verifier.clone());
        run_tower(layer.layer(service_fn(length)), request, repeats)
    },
    |request, repeats| run_tower(service_fn(length), request, repeats),
];

pub(crate) const ACTIX: Pair = [
    |request, repeats| run_actix(request, Some(&request.verifier), repeats),
    |request, repeats| run_actix(request, None, repeats),
];

/// Wrapped, and a bare service that refuses without reading the body.
pub(crate) const TOWER_REFUSES: Pair = [TOWER[0], |request, repeats| {
    run_tower(service_fn(refuse), request, repeats)
}];

/// The same in actix-web.
pub(crate) const ACTIX_REFUSES: Pair = [ACTIX[0], |request, repeats| {
    let resource = web::resource("/webhooks/orders");
    let refuse = || async { HttpResponse::Unauthorized().finish() };
    actix_web::rt::System::new().block_on(async move {
        let resource = resource.route(web::post().to(refuse));
        let app = test::init_service(App::new().service(resource)).await;
        call_actix(&app, request, repeats).await
    })
}];

async fn refuse<B>(_: http::Request<B>) -> Result<http::Response<String>, Infallible> {
    let mut response = http::Response::new(String::new());
    *response.status_mut() = http::StatusCode::UNAUTHORIZED;
    Ok(response)
}

async fn length<B>(request: http::Request<B>) -> Result<http::Response<String>, Infallible>
where
    B: http_body::Body<Data = Bytes, Error = Infallible>,
{
    let Ok(body) = request.into_body().collect().await;
    Ok(http::Response::new(body.to_bytes().len().to_string()))
}

/// Calls the service with a request in memory.
fn run_tower<S, B>(mut service: S, request: &Request, repeats: u64) -> Measurement
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>, Error = Infallible>,
{
    let mut whole = http::Request::post("/webhooks/orders");
    for (name, value) in &request.headers {
        whole = whole.header(name, value);
    }
    let body = Full::new(Bytes::from(request.body.clone()));
    let whole = whole.body(body).expect("a request");
    let mut measurement = Measurement::default();
    for repeats in batches(repeats) {
        let requests: Vec<_> = (0..repeats).map(|_| whole.clone()).collect();
        let start = Instant::now();
        for request in requests {
            let Ok(response) = block_on(service.call(black_box(request)));
            measurement.status = black_box(response).status().as_u16();
        }
        measurement.elapsed += start.elapsed();
    }
    measurement
}

fn run_actix(
    request: &Request,
    verifier: Option<&qstash_verify::Verifier>,
    repeats: u64,
) -> Measurement {
    let length = |body: Bytes| async move { body.len().to_string() };
    let resource = || web::resource("/webhooks/orders");
    actix_web::rt::System::new().block_on(async move {
        match verifier {
            None => {
                let resource = resource().route(web::post().to(length));
                let app = test::init_service(App::new().service(resource)).await;
                call_actix(&app, request, repeats).await
            }
            Some(verifier) => {
                let qstash = QstashMiddleware::new(verifier.clone());
                let resource = resource().wrap(qstash).route(web::post().to(length));
                let app = test::init_service(App::new().service(resource)).await;
                call_actix(&app, request, repeats).await
            }
        }
    })
}

async fn call_actix<B>(
    app: &impl actix_web::dev::Service<
        actix_http::Request,
        Response = ServiceResponse<B>,
        Error = actix_web::Error,
    >,
    request: &Request,
    repeats: u64,
) -> Measurement {
    let body = Bytes::from(request.body.clone());
    let whole = || {
        let mut whole = test::TestRequest::post().uri("/webhooks/orders");
        // Without a peer, the middleware would look up the runtime.
        whole = whole.peer_addr(([127, 0, 0, 1], 50_000).into());
        for (name, value) in &request.headers {
            whole = whole.insert_header((name.as_str(), value.as_str()));
        }
        whole.set_payload(body.clone()).to_request()
    };
    let mut measurement = Measurement::default();
    for repeats in batches(repeats) {
        let requests: Vec<_> = (0..repeats).map(|_| whole()).collect();
        let start = Instant::now();
        for request in requests {
            let response = app.call(black_box(request)).await;
            let response = response.expect("the handler is infallible");
            measurement.status = black_box(response).status().as_u16();
        }
        measurement.elapsed += start.elapsed();
    }
    measurement
}

/// Splits the repeats into batches whose requests fit in the CPU cache, like a request
/// that was just read.
fn batches(repeats: u64) -> impl Iterator<Item = u64> {
    const BATCH: u64 = 4;
    let whole = (0..repeats / BATCH).map(|_| BATCH);
    whole.chain([repeats % BATCH])
}

/// Polls a future that never waits for a wake-up until it completes.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return output;
        }
    }
}
