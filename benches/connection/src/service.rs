//! Services with the same handler: bare, with the floor, wrapped.

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use actix_service::{IntoServiceFactory as _, Service as _, ServiceFactory as _};
use actix_web::dev::AppConfig;
use actix_web::{App, web};
use axum::Router;
use axum::body::Body;
use axum::routing::post;
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_axum::QstashLayer;
use qstash_verify_floor::{Floor, FloorLayer, FloorMiddleware};
use tower::ServiceExt as _;

use crate::delivery::{PATH, verifier};
use crate::protocol::Protocol;
use crate::spawn::Tasks;
use crate::wire::Socket;

/// The middleware around the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Bare,
    Floor(Floor),
    Wrapped,
}

/// A connection that is served, until it ends.
pub(crate) type Served = Pin<Box<dyn Future<Output = ()>>>;

type Failure = Box<dyn Error>;

/// Windows that hold the longest body.
const WINDOW: u32 = 1 << 24;

async fn handle(body: Bytes) -> String {
    body.len().to_string()
}

pub(crate) fn axum(
    variant: Variant,
    protocol: Protocol,
    socket: Socket,
    tasks: &Tasks,
) -> Result<Served, Failure> {
    let router = Router::new();
    let router = match variant {
        Variant::Bare => router.route(PATH, post(handle)),
        Variant::Floor(floor) => router.route(PATH, post(handle)).layer(FloorLayer(floor)),
        Variant::Wrapped => {
            let handle = |_: qstash_verify_axum::Delivery, body: Bytes| handle(body);
            router
                .route(PATH, post(handle))
                .layer(QstashLayer::new(verifier()?))
        }
    };
    // As `axum::serve` does: otherwise each request builds its route, and applies the layer.
    let router = router.with_state(());
    let service = router.map_request(|request: hyper::Request<_>| request.map(Body::new));
    let service = TowerToHyperService::new(service);
    let io = TokioIo::new(socket);
    Ok(match protocol {
        Protocol::Http1 => {
            let builder = hyper::server::conn::http1::Builder::new();
            let connection = builder.serve_connection(io, service);
            Box::pin(async { connection.await.map_or_else(drop, drop) })
        }
        Protocol::Http2 => {
            let mut builder = hyper::server::conn::http2::Builder::new(tasks.clone());
            builder.initial_stream_window_size(WINDOW);
            builder.initial_connection_window_size(WINDOW);
            let connection = builder.serve_connection(io, service);
            Box::pin(async { connection.await.map_or_else(drop, drop) })
        }
    })
}

pub(crate) async fn actix(variant: Variant, socket: Socket) -> Result<Served, Failure> {
    let resource = web::resource(PATH);
    macro_rules! serve {
        ($resource:expr) => {{
            let app = App::new().app_data(web::PayloadConfig::new(WINDOW as usize));
            let app = app.service($resource).into_factory();
            let app = actix_service::map_config(app, |()| AppConfig::default());
            let http = actix_http::HttpService::build()
                .keep_alive(Duration::from_secs(75))
                .h1(app);
            let http = http.new_service(()).await.map_err(|()| "no service")?;
            let peer: Option<SocketAddr> = Some(([127, 0, 0, 1], 5000).into());
            let served = http.call((socket, peer));
            Box::pin(async { served.await.map_or_else(drop, drop) })
        }};
    }
    Ok(match variant {
        Variant::Bare => serve!(resource.route(web::post().to(handle))),
        Variant::Floor(floor) => {
            serve!(
                resource
                    .wrap(FloorMiddleware(floor))
                    .route(web::post().to(handle))
            )
        }
        Variant::Wrapped => {
            let handle = |_: qstash_verify_actix::Delivery, body: Bytes| handle(body);
            let qstash = QstashMiddleware::new(verifier()?);
            serve!(resource.wrap(qstash).route(web::post().to(handle)))
        }
    })
}
