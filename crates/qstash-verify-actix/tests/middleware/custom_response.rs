//! Replaced answers as they come over a socket, to requests whose body nobody
//! read.

use actix_web::{HttpResponse, web};
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_test_support::{Answer, Connection, Request, builder};

use qstash_verify_test_support::ActixServer;

const BODY: &[u8] = b"hello";

/// The answer to a refused request, without its date. Its connection is kept,
/// and what comes next is the next answer.
fn refusal(answer: fn() -> HttpResponse) -> Answer {
    let server = ActixServer::start(1, move |config| {
        let qstash = QstashMiddleware::new(builder().build()).on_refusal(move |_| answer());
        let hook = web::resource("/{path}*").wrap(qstash);
        config.service(hook.route(web::to(async || "handled")));
    });
    let mut connection = Connection::open(server.address);
    let mut refusal = connection.ask(&Request::forged(BODY).body(BODY));
    let handled = connection.ask(&Request::genuine(BODY).body(BODY));
    assert_eq!(handled.brief(), (200, "handled".to_owned()));
    refusal.headers.retain(|(name, _)| name != "date");
    refusal
}

fn check(answer: fn() -> HttpResponse, line: &str, length: Option<&str>, body: &str) {
    let refusal = refusal(answer);
    assert_eq!((&*refusal.line, &*refusal.text()), (line, body));
    let length = length.map(|length| ("content-length".to_owned(), length.to_owned()));
    assert_eq!(refusal.headers, Vec::from_iter(length));
}

#[test]
fn an_answer_with_a_body_has_its_length() {
    let answer = || HttpResponse::Forbidden().body("no");
    check(answer, "HTTP/1.1 403 Forbidden", Some("2"), "no");
}

#[test]
fn an_empty_answer_says_so() {
    for answer in [
        || HttpResponse::Forbidden().finish(),
        || HttpResponse::Forbidden().body(""),
    ] {
        check(answer, "HTTP/1.1 403 Forbidden", Some("0"), "");
    }
}

#[test]
fn an_answer_that_can_have_no_body_has_none() {
    let answer = || HttpResponse::NoContent().finish();
    check(answer, "HTTP/1.1 204 No Content", None, "");
}
