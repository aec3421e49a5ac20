//! Custom responses on the wire, to requests with an unread body.

use actix_web::{HttpResponse, web};
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_test_support::{Answer, Connection, Request, builder};

use qstash_verify_test_support::ActixServer;

const BODY: &[u8] = b"hello";

/// Returns the response to a refused request without its `Date`, and checks that the
/// connection stays usable.
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
fn response_with_a_body_has_its_content_length() {
    let answer = || HttpResponse::Forbidden().body("no");
    check(answer, "HTTP/1.1 403 Forbidden", Some("2"), "no");
}

#[test]
fn empty_response_has_content_length_zero() {
    for answer in [
        || HttpResponse::Forbidden().finish(),
        || HttpResponse::Forbidden().body(""),
    ] {
        check(answer, "HTTP/1.1 403 Forbidden", Some("0"), "");
    }
}

#[test]
fn no_content_has_no_content_length() {
    let answer = || HttpResponse::NoContent().finish();
    check(answer, "HTTP/1.1 204 No Content", None, "");
}
