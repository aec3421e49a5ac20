//! Webhooks beside a gRPC service, on one HTTP/2 connection.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use qstash_verify_tests::{DEFAULT, Server};
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tower::Service;

use crate::tonic::app;
use crate::{ACCEPTED, BODY, URL, assert_verifies, signature, verifier};

/// A gRPC service like those that tonic generates. It responds with the status OK.
#[derive(Clone)]
struct Ping;

impl NamedService for Ping {
    const NAME: &'static str = "test.Ping";
}

impl Service<Request<Body>> for Ping {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<Body>) -> Self::Future {
        ready(Ok(Status::ok("").into_http()))
    }
}

/// Sends a POST and returns status, `grpc-status` and body.
async fn post(
    sender: &mut SendRequest<Full<Bytes>>,
    url: &str,
    header: (&str, &str),
) -> (u16, Option<String>, Bytes) {
    let request = Request::post(url).header(header.0, header.1);
    let response = sender.send_request(request.body(BODY.into()).unwrap());
    let (parts, body) = response.await.unwrap().into_parts();
    let grpc = parts.headers.get("grpc-status");
    let grpc = grpc.map(|status| status.to_str().unwrap().to_owned());
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), grpc, body)
}

#[tokio::test]
async fn grpc_and_webhooks_share_an_http_2_connection() {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let service = TowerToHyperService::new(app(Routes::new(Ping), verifier()));
    let server =
        http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(server), service);
    tokio::spawn(server);
    let client = handshake(TokioExecutor::new(), TokioIo::new(client));
    let (mut sender, connection) = client.await.unwrap();
    tokio::spawn(connection);

    let genuine = signature(DEFAULT[0]);
    let forged = signature("sig_ofSomebodyElse");
    let refused = br#"{"error":"bad_signature"}"#;
    for (url, header, status, grpc, body) in [
        // No signature is asked for.
        (
            "https://example.com/test.Ping/ping",
            ("content-type", "application/grpc"),
            200,
            Some("0"),
            &b""[..],
        ),
        (
            URL,
            ("upstash-signature", &genuine),
            200,
            None,
            ACCEPTED.as_bytes(),
        ),
        (URL, ("upstash-signature", &forged), 401, None, refused),
    ] {
        let answer = post(&mut sender, url, header).await;
        let answer = (answer.0, answer.1.as_deref(), &answer.2[..]);
        assert_eq!(answer, (status, grpc, body), "{url}");
    }
}

#[test]
fn webhooks_beside_grpc_are_verified_over_http_1() {
    let router = app(Routes::new(Ping), verifier());
    assert_verifies(Server::serve(router).connect());
}
