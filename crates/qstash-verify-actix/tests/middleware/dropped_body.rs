//! Request bodies dropped before EOF by outer middleware or a replaced response.

use std::sync::Arc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{ErrorHandlerResponse, ErrorHandlers, Next, from_fn};
use actix_web::{Error, HttpMessage as _, HttpResponse, Resource, web};
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_test_support::{Answer, Connection, Request, builder};
use tokio::sync::Notify;

use qstash_verify_test_support::ActixServer;

const BODY: &[u8] = b"hello";

fn qstash() -> QstashMiddleware {
    QstashMiddleware::new(builder().build())
}

/// A resource for every path.
fn hook() -> Resource {
    web::resource("/{path}*").route(web::to(async || "handled"))
}

/// Requests with the first bytes of an unfinished body, declared and chunked.
fn unfinished(head: &Request) -> [Vec<u8>; 2] {
    let declared = head.clone().header("content-length", "1000000");
    let chunked = head.clone().header("transfer-encoding", "chunked");
    [
        declared.raw_body(BODY).bytes(),
        chunked.raw_body("5\r\nhello\r\n").bytes(),
    ]
}

/// Returns the responses until the server closes the connection.
fn answers(server: &ActixServer, bytes: &[u8]) -> Vec<Answer> {
    let mut connection = Connection::open(server.address);
    connection.send(bytes);
    connection.answers()
}

#[test]
fn cancelled_request_closes_its_connection() {
    let give_up = Arc::new(Notify::new());
    let given_up = Arc::clone(&give_up);
    let server = ActixServer::start(1, move |config| {
        let given_up = Arc::clone(&given_up);
        let until_given_up = move |request: ServiceRequest, next: Next<EitherBody<BoxBody>>| {
            let given_up = Arc::clone(&given_up);
            async move {
                tokio::select! {
                    biased;
                    answer = next.call(request) => answer,
                    () = given_up.notified() => Err(actix_web::error::ErrorRequestTimeout("late")),
                }
            }
        };
        config.service(hook().wrap(qstash()).wrap(from_fn(until_given_up)));
    });
    for bytes in unfinished(&Request::genuine(BODY)) {
        give_up.notify_one();
        let answers = answers(&server, &bytes);
        let answers: Vec<_> = answers.iter().map(Answer::brief).collect();
        assert_eq!(answers, [(408, "late".to_owned())]);
    }
}

#[test]
fn replaced_response_closes_its_connection() {
    let server = ActixServer::start(1, |config| {
        let replace = |response: ServiceResponse<EitherBody<BoxBody>>| {
            let response = response.map_body(|_, _| BoxBody::new("no"));
            Ok(ErrorHandlerResponse::Response(
                response.map_into_right_body(),
            ))
        };
        let handlers = ErrorHandlers::new().handler(StatusCode::UNAUTHORIZED, replace);
        config.service(hook().wrap(qstash()).wrap(handlers));
    });
    for bytes in unfinished(&Request::forged(BODY)) {
        let answers = answers(&server, &bytes);
        let answers: Vec<_> = answers.iter().map(Answer::brief).collect();
        assert_eq!(answers, [(401, "no".to_owned())]);
    }
}

#[test]
fn response_without_a_body_closes_its_connection() {
    for status in [StatusCode::FORBIDDEN, StatusCode::NO_CONTENT] {
        let server = ActixServer::start(1, move |config| {
            let qstash = qstash().on_refusal(move |_| HttpResponse::new(status));
            config.service(hook().wrap(qstash));
        });
        for bytes in unfinished(&Request::forged(BODY)) {
            let answers = answers(&server, &bytes);
            let answers: Vec<_> = answers.iter().map(Answer::brief).collect();
            assert_eq!(answers, [(status.as_u16(), String::new())]);
        }
    }
}

#[test]
fn wrapped_payload_is_not_drained_without_bound() {
    async fn wrap_payload(
        mut request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        let payload = request.take_payload();
        request.set_payload(Payload::Stream {
            payload: Box::pin(payload),
        });
        next.call(request).await
    }

    let server = ActixServer::start(1, |config| {
        config.service(hook().wrap(qstash()).wrap(from_fn(wrap_payload)));
    });
    let forged = Request::forged(BODY).header("transfer-encoding", "chunked");
    let mut connection = Connection::open(server.address);
    connection.send(forged.head());
    let chunk = [b"10000\r\n", &[b'x'; 0x10000][..], b"\r\n"].concat();
    let sent = (0..4096).take_while(|_| connection.send(&chunk)).count();
    // 16 MiB, most of it in the buffers of the two sockets.
    assert!(sent < 256, "{sent}");
    let answers = connection.answers();
    let answers: Vec<_> = answers.iter().map(Answer::status).collect();
    assert_eq!(answers, [401]);
}

#[test]
fn response_without_a_body_keeps_the_connection_after_eof() {
    let server = ActixServer::start(1, |config| {
        let qstash = qstash().on_refusal(|_| HttpResponse::new(StatusCode::FORBIDDEN));
        config.service(hook().wrap(qstash));
    });
    let mut connection = Connection::open(server.address);
    for body in [&b""[..], BODY, &[b'x'; 10_000]] {
        // Head and body are written together, so both are received before the refusal.
        let refused = connection.ask(&Request::forged(body).body(body));
        assert_eq!(refused.brief(), (403, String::new()));
        let handled = connection.ask(&Request::genuine(BODY).body(BODY));
        assert_eq!(handled.brief(), (200, "handled".to_owned()));
    }
}
