//! The code of docs/frameworks-on-axum.md, as servers.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod aide;
mod grpc;
mod hyper_util;
mod tonic;
mod utoipa;

use qstash_verify::Verifier;
use qstash_verify_tests::{Answer, Connection, DEFAULT, NOW, Request, Server, Token, builder};

const BODY: &[u8] = b"hello";
const URL: &str = "https://example.com/webhook";
const ACCEPTED: &str = "hello for https://example.com/webhook";

fn verifier() -> Verifier {
    builder().base_url("https://example.com").unwrap().build()
}

fn signature(key: &str) -> String {
    Token::new(URL, BODY, NOW).sign(key)
}

/// Asserts that the handler answers a genuine delivery, and that a forgery is refused.
fn assert_verifies(mut connection: Connection) {
    let mut ask = |key: &str| -> Answer {
        let request = Request::post("/webhook").signed(signature(key));
        connection.ask(&request.body(BODY))
    };
    assert_eq!(ask(DEFAULT[0]).brief(), (200, ACCEPTED.to_owned()));
    ask("sig_ofSomebodyElse").assert_unauthorized("bad_signature");
}

#[test]
fn utoipa_route_is_verified_and_specified() {
    let (router, api) = utoipa::app(verifier());
    assert_verifies(Server::serve(router).connect());
    let webhook = &api.paths.paths["/webhook"];
    let webhook = webhook.post.as_ref().unwrap();
    assert!(webhook.request_body.is_some());
    assert!(webhook.parameters.is_none());
}

#[test]
fn aide_route_is_verified_and_specified() {
    let (router, api) = aide::app(verifier());
    assert_verifies(Server::serve(router).connect());
    let webhook = &api.paths.unwrap().paths["/webhook"];
    let webhook = webhook.as_item().unwrap().post.as_ref().unwrap();
    assert!(webhook.request_body.is_some());
    assert!(webhook.parameters.is_empty());
}

#[test]
fn tower_to_hyper_service_is_verified() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
    let listener = listener.unwrap();
    let address = listener.local_addr().unwrap();
    let server = runtime.spawn(hyper_util::serve(listener, verifier()));
    assert_verifies(Connection::open(address));
    assert!(!server.is_finished());
    runtime.shutdown_background();
}
