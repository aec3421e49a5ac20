//! Bodies over sockets: declared, chunked, over the limit, truncated, malformed.
#![allow(clippy::indexing_slicing, reason = "a panic fails the test")]

use qstash_verify_tests::{
    Answer, Connection, Kind, NOW, Request, Server, Token, URL, builder, on_each_server,
};

on_each_server! {
    genuine_head_gets_100_continue,
    body_up_to_the_limit_is_accepted,
    chunks_over_the_limit_are_refused_before_eof,
    one_byte_writes_and_chunks_are_accepted,
    trailers_are_passed_on_and_not_signed,
    chunk_extensions_are_ignored,
    empty_body_may_be_chunked;
    except_rocket:
    forgery_is_refused_before_its_body,
    declared_length_over_the_limit_is_refused_before_the_body,
    truncated_body_is_400_without_a_handler_call,
    malformed_chunks_are_400_without_a_handler_call,
    content_length_with_chunks_smuggles_no_request,
}

const BODY: &[u8] = br#"{"message":"hello world"}"#;
const LIMIT: usize = 1024;

fn server(kind: Kind) -> Server {
    Server::start(kind, builder().body_limit(LIMIT as u64).build())
}

/// Opens a connection and sends these bytes.
fn sent(server: &Server, bytes: impl AsRef<[u8]>) -> Connection {
    let mut connection = server.connect();
    connection.send(bytes);
    connection
}

/// Reads the final response to a refused head with `Expect: 100-continue`.
fn final_answer(kind: Kind, connection: &mut Connection, expect: bool) -> Answer {
    // actix-web sends 100 Continue before any middleware runs.
    if expect && kind == Kind::Actix {
        assert_eq!(connection.answer().line, "HTTP/1.1 100 Continue");
    }
    connection.answer()
}

fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.brief(), (status, format!(r#"{{"error":"{code}"}}"#)));
}

fn forgery_is_refused_before_its_body(kind: Kind) {
    let server = server(kind);
    // Over the limit as well: a forgery doesn't reveal the limit.
    for length in [1, LIMIT, LIMIT + 1, 52_428_800] {
        for expect in [false, true] {
            let mut request = Request::forged(BODY).header("content-length", length.to_string());
            if expect {
                request = request.header("expect", "100-continue");
            }
            let mut connection = sent(&server, request.head());
            let answer = final_answer(kind, &mut connection, expect);
            refused(&answer, 401, "bad_signature");
        }
    }
    let chunked = Request::forged(BODY).header("transfer-encoding", "chunked");
    refused(
        &sent(&server, chunked.head()).answer(),
        401,
        "bad_signature",
    );
    let unsigned = Request::post("/hook").header("content-length", "52428800");
    refused(
        &sent(&server, unsigned.head()).answer(),
        401,
        "missing_signature",
    );
    assert_eq!(server.calls(), 0);
}

fn declared_length_over_the_limit_is_refused_before_the_body(kind: Kind) {
    let server = server(kind);
    for length in ["1025", "52428800", "9223372036854775808"] {
        for expect in [false, true] {
            let mut request = Request::genuine(BODY).header("content-length", length);
            if expect {
                request = request.header("expect", "100-continue");
            }
            let mut connection = sent(&server, request.head());
            let answer = final_answer(kind, &mut connection, expect);
            refused(&answer, 413, "body_too_large");
            assert_eq!(answer.line, "HTTP/1.1 413 Payload Too Large");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("www-authenticate"), None);
        }
    }
    assert_eq!(server.calls(), 0);
}

fn genuine_head_gets_100_continue(kind: Kind) {
    let server = server(kind);
    let request = Request::genuine(BODY)
        .header("expect", "100-continue")
        .body(BODY);
    let mut connection = sent(&server, request.head());
    let interim = connection.answer();
    assert_eq!(interim.line, "HTTP/1.1 100 Continue");
    connection.send(BODY);
    let answer = connection.answer();
    assert_eq!((answer.status(), &*answer.body), (200, BODY));

    // A genuine head with another body.
    let mut connection = sent(&server, request.head());
    assert_eq!(connection.answer().status(), 100);
    connection.send(vec![b'x'; BODY.len()]);
    refused(&connection.answer(), 401, "body_mismatch");
    assert_eq!(server.calls(), 1);
}

fn body_up_to_the_limit_is_accepted(kind: Kind) {
    let server = server(kind);
    for (length, status) in [(0, 200), (LIMIT - 1, 200), (LIMIT, 200), (LIMIT + 1, 413)] {
        let body = vec![b'x'; length];
        let genuine = Request::genuine(&body);
        let forms = [1, 100, LIMIT, 2 * LIMIT].map(|size| genuine.clone().chunks(&body, size));
        for request in forms.into_iter().chain([genuine.clone().body(&body)]) {
            let answer = sent(&server, request.bytes()).answer();
            assert_eq!(answer.status(), status, "{length}");
            if status == 200 {
                assert_eq!(answer.body, body);
            } else {
                refused(&answer, 413, "body_too_large");
            }
        }
    }
}

fn chunks_over_the_limit_are_refused_before_eof(kind: Kind) {
    let server = server(kind);
    let body = vec![b'x'; LIMIT + 1];
    let mut request = Request::genuine(&body).chunks(&body, 64).bytes();
    // Without the last chunk, the body has no EOF.
    request.truncate(request.len() - b"0\r\n\r\n".len());
    refused(&sent(&server, request).answer(), 413, "body_too_large");
    assert_eq!(server.calls(), 0);
}

fn one_byte_writes_and_chunks_are_accepted(kind: Kind) {
    let server = server(kind);
    let mut connection = server.connect();
    for byte in Request::genuine(BODY).chunks(BODY, 1).bytes() {
        assert!(connection.send([byte]));
    }
    let answer = connection.answer();
    assert_eq!((answer.status(), &*answer.body), (200, BODY));
}

fn trailers_are_passed_on_and_not_signed(kind: Kind) {
    let server = server(kind);
    let mut connection = server.connect();
    for ending in [
        "0\r\nx-trailer: seen\r\n\r\n",
        "0\r\nx-trailer: seen\r\nupstash-signature: forged\r\n\r\n",
    ] {
        let chunk = format!("{:x}\r\n", BODY.len());
        let body = [chunk.as_bytes(), BODY, b"\r\n", ending.as_bytes()].concat();
        let request = Request::genuine(BODY)
            .header("transfer-encoding", "chunked")
            .header("trailer", "x-trailer");
        let answer = connection.ask(&request.clone().raw_body(body));
        assert_eq!((answer.status(), &*answer.body), (200, BODY));
        // actix-web, poem's middleware and Rocket drop trailers.
        let seen = matches!(kind, Kind::Axum | Kind::Hyper).then_some("seen");
        assert_eq!(answer.header("x-trailer"), seen);
    }
    // A signature in the trailers is ignored.
    let token = Token::new(URL, BODY, NOW).sign(qstash_verify_tests::DEFAULT[0]);
    let trailers = format!("0\r\nupstash-signature: {token}\r\n\r\n");
    let request = Request::post("/hook").header("transfer-encoding", "chunked");
    let answer = server.connect().ask(&request.raw_body(trailers));
    refused(&answer, 401, "missing_signature");
}

fn chunk_extensions_are_ignored(kind: Kind) {
    let server = server(kind);
    let request = Request::genuine(b"hello").header("transfer-encoding", "chunked");
    let body = "2;a=b\r\nhe\r\n3;name=\"a value\"\r\nllo\r\n0;last\r\n\r\n";
    let answer = server.connect().ask(&request.raw_body(body));
    assert_eq!(answer.brief(), (200, "hello".to_owned()));
}

fn empty_body_may_be_chunked(kind: Kind) {
    let server = server(kind);
    let answer = server.connect().ask(&Request::genuine(b"").chunks(b"", 1));
    assert_eq!(answer.brief(), (200, String::new()));
    let answer = server.connect().ask(&Request::genuine(BODY).chunks(b"", 1));
    refused(&answer, 401, "body_mismatch");
}

fn truncated_body_is_400_without_a_handler_call(kind: Kind) {
    let server = server(kind);
    let whole = Request::genuine(BODY).body(BODY).bytes();
    let chunked = Request::genuine(BODY).chunks(BODY, 5).bytes();
    // The last one lacks only the last chunk: all signed bytes are sent.
    for (bytes, missing) in [
        (&whole, 1),
        (&whole, BODY.len()),
        (&chunked, 30),
        (&chunked, 5),
    ] {
        let (start, _) = bytes.split_at(bytes.len() - missing);
        let mut connection = sent(&server, start);
        connection.finish_sending();
        let answers = connection.answers();
        assert_eq!(answers.len(), 1, "{missing} {answers:?}");
        refused(&answers[0], 400, "body_unreadable");
    }
    assert_eq!(server.calls(), 0);
    assert_eq!(sent(&server, whole).answer().status(), 200);
}

fn malformed_chunks_are_400_without_a_handler_call(kind: Kind) {
    let server = server(kind);
    for body in [
        "x\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloo\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    ] {
        let request = Request::genuine(b"hello").header("transfer-encoding", "chunked");
        let answers = sent(&server, request.raw_body(body).bytes()).answers();
        assert_eq!(answers.len(), 1, "{answers:?}");
        refused(&answers[0], 400, "body_unreadable");
    }
    assert_eq!(server.calls(), 0);
}

fn content_length_with_chunks_smuggles_no_request(kind: Kind) {
    let server = server(kind);
    // A proxy that uses the length would forward this as the next request.
    let next = Request::genuine(b"").bytes();
    let request = Request::genuine(b"hello")
        .header("content-length", "5")
        .header("transfer-encoding", "chunked")
        .raw_body([b"5\r\nhello\r\n0\r\n\r\n", &*next].concat());
    let answers = sent(&server, request.bytes()).answers();
    // hyper uses the chunks and closes; actix-web refuses the request.
    let (answer, calls) = if kind == Kind::Actix {
        ((400, String::new()), 0)
    } else {
        ((200, "hello".to_owned()), 1)
    };
    let answers: Vec<_> = answers.iter().map(Answer::brief).collect();
    assert_eq!(answers, [answer]);
    assert_eq!(server.calls(), calls);
}
