use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use qstash_verify_tower::{QstashLayer, Verified, VerifiedBody, Verifier};
use std::convert::Infallible;
use tokio::net::TcpListener;
use tower::{Layer, service_fn};

async fn webhook(request: Request<VerifiedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    // The layer inserts a `Verified` into the extensions.
    let verified = request.extensions().get::<Verified>();
    let sub = verified.map(|verified| format!(" for {}", verified.claims().sub()));
    let body = request.into_body().into_bytes();
    let answer = [&body[..], sub.unwrap_or_default().as_bytes()].concat();
    Ok(Response::new(Full::from(answer)))
}

pub(crate) async fn serve(listener: TcpListener, verifier: Verifier) -> std::io::Result<()> {
    let layer = QstashLayer::new(verifier);
    let service = TowerToHyperService::new(layer.layer(service_fn(webhook)));
    loop {
        let (stream, _) = listener.accept().await?;
        let connection = http1::Builder::new();
        tokio::spawn(connection.serve_connection(TokioIo::new(stream), service.clone()));
    }
}
