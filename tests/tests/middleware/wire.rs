//! Replaced answers as they come over a socket, to requests whose body nobody
//! read.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use actix_web::{HttpResponse, web};
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_tests::{Request, builder};

use crate::server::Actix;

const BODY: &[u8] = b"hello";

/// What comes of a refused request and a genuine one behind it, without the dates
/// and what is said of the connection.
fn answers(answer: fn() -> HttpResponse) -> String {
    let server = Actix::start(1, move |config| {
        let qstash = QstashMiddleware::new(builder().build()).on_refusal(move |_| answer());
        let hook = web::resource("/{path}*").wrap(qstash);
        config.service(hook.route(web::to(async || "handled")));
    });
    let mut stream = TcpStream::connect(server.address).unwrap();
    let refused = Request::forged(BODY).body(BODY).bytes();
    let genuine = Request::genuine(BODY).header("connection", "close");
    let both = [refused, genuine.body(BODY).bytes()].concat();
    stream.write_all(&both).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let lines = text.split_inclusive("\r\n");
    let left_out = |line: &str| line.starts_with("date: ") || line.starts_with("connection: ");
    lines.filter(|line| !left_out(line)).collect()
}

/// The answer to the genuine request, which ends the connection.
const HANDLED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\
                       content-type: text/plain; charset=utf-8\r\n\r\nhandled";

#[test]
fn an_answer_with_a_body_has_its_length() {
    let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno";
    let answers = answers(|| HttpResponse::Forbidden().body("no"));
    assert_eq!(answers, format!("{refusal}{HANDLED}"));
}

#[test]
fn an_empty_answer_ends_where_it_says() {
    for empty in [
        || HttpResponse::Forbidden().finish(),
        || HttpResponse::Forbidden().body(""),
    ] {
        let chunked = "HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
        let sized = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        let answers = answers(empty);
        let behind = answers.strip_prefix(chunked);
        let behind = behind.or_else(|| answers.strip_prefix(sized));
        assert_eq!(behind, Some(HANDLED), "{answers}");
    }
}

#[test]
fn an_answer_that_can_have_no_body_has_none() {
    let refusal = "HTTP/1.1 204 No Content\r\n\r\n";
    let answers = answers(|| HttpResponse::NoContent().finish());
    assert_eq!(answers, format!("{refusal}{HANDLED}"));
}
