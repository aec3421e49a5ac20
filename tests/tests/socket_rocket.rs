//! Rocket's handling of a request before any guard runs.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use qstash_verify_tests::{Answer, Kind, Request, Server, builder};

const BODY: &[u8] = br#"{"message":"hello world"}"#;
/// The bytes that Rocket reads to look for a form's `_method`.
const PEEKED: usize = "_method=delete".len();

fn server() -> Server {
    Server::start(Kind::Rocket, builder().build())
}

/// hyper sends `100 Continue` at the first read of the body.
#[test]
fn refused_head_waits_for_14_bytes_of_the_body() {
    let server = server();
    let mut connection = server.connect();
    let forged = Request::forged(BODY).header("expect", "100-continue");
    let long = forged.header("content-length", "52428800");
    connection.send(long.head());
    assert_eq!(connection.answer().line, "HTTP/1.1 100 Continue");
    connection.send([b'x'; PEEKED]);
    connection.answer().assert_unauthorized("bad_signature");
    assert_eq!(server.calls(), 0);
}

#[test]
fn error_in_the_first_14_bytes_is_read_as_eof() {
    let server = server();
    let chunked = || Request::genuine(BODY).header("transfer-encoding", "chunked");
    for (chunks, status, code) in [
        ("5\r\nhello\r\nx\r\n", 401, "body_mismatch"),
        ("d\r\n{\"message\":\"h\r\nx\r\n", 401, "body_mismatch"),
        ("e\r\n{\"message\":\"he\r\nx\r\n", 400, "body_unreadable"),
    ] {
        let answer = server.connect().ask(&chunked().raw_body(chunks));
        let body = format!(r#"{{"error":"{code}"}}"#);
        assert_eq!(answer.brief(), (status, body), "{chunks}");
    }
    assert_eq!(server.calls(), 0);
}

#[test]
fn headers_that_are_not_utf_8_are_ignored() {
    let server = server();
    let unreadable = Request::post("/hook").signed([0xff]).body(BODY);
    let answer = server.connect().ask(&unreadable);
    answer.assert_unauthorized("missing_signature");
    // Rocket drops the second signature, so there is only one.
    let twice = Request::genuine(BODY).signed([0xff]).body(BODY);
    assert_eq!(server.connect().ask(&twice).status(), 200);
}

/// hyper 0.14 keeps the connection; hyper 1 closes it. The next request is verified.
#[test]
fn request_after_content_length_with_chunks_is_verified() {
    let server = server();
    let last = |request: Request| request.header("connection", "close").body(b"").bytes();
    for (next, status) in [(Request::forged(b""), 401), (Request::genuine(b""), 200)] {
        let request = Request::genuine(b"hello")
            .header("content-length", "5")
            .header("transfer-encoding", "chunked")
            .raw_body([b"5\r\nhello\r\n0\r\n\r\n", &*last(next)].concat());
        let mut connection = server.connect();
        connection.send(request.bytes());
        let answers = connection.answers();
        let statuses: Vec<_> = answers.iter().map(Answer::status).collect();
        assert_eq!(statuses, [200, status]);
    }
}
