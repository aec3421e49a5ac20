//! Connections: kept, closed by the server, left by the client.
#![allow(clippy::unwrap_used, reason = "tests: what goes wrong here is to fail")]

use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use qstash_verify_tests::{Answer, Kind, Request, Server, builder, on_each_server};
use qstash_verify_tower::QstashLayer;

on_each_server! {
    a_connection_is_kept_after_a_small_refusal,
    after_a_refusal_comes_the_right_answer_or_none,
    an_unread_body_is_never_taken_for_a_request,
    pipelined_requests_are_answered_in_turn,
    two_hundred_connections_get_their_own_answers,
}

const BODY: &[u8] = br#"{"message":"hello world"}"#;
const REFUSED: &str = r#"{"error":"bad_signature"}"#;

fn genuine() -> Request {
    Request::genuine(BODY).body(BODY)
}

/// A genuine one, after which the server closes the connection. (A client that
/// only says that it has finished sending may be taken for one that has left.)
fn last() -> Request {
    genuine().header("connection", "close")
}

fn server(kind: Kind) -> Server {
    Server::start(kind, builder().build())
}

fn assert_accepted(answer: &Answer) {
    assert_eq!((answer.status(), &*answer.body), (200, BODY));
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.brief(), (401, REFUSED.to_owned()));
}

fn a_connection_is_kept_after_a_small_refusal(kind: Kind) {
    let server = server(kind);
    let mut connection = server.connect();
    for body in [b"", &b"x"[..], BODY] {
        // Head and body are one write, so they are there together.
        assert_refused(&connection.ask(&Request::forged(body).body(body)));
        assert_accepted(&connection.ask(&genuine()));
    }
    assert_refused(&connection.ask(&Request::forged(b"")));
    assert_accepted(&connection.ask(&genuine()));
}

fn after_a_refusal_comes_the_right_answer_or_none(kind: Kind) {
    let server = server(kind);
    for length in [1, 1_000, 8_000, 32_000, 64_000, 256_000, 1_000_000] {
        for apart in [false, true] {
            for chunked in [false, true] {
                let body = vec![b'x'; length];
                let forged = Request::forged(&body);
                let forged = if chunked {
                    forged.chunks(&body, 1000)
                } else {
                    forged.body(&body)
                };
                let mut connection = server.connect();
                if apart {
                    let (head, bytes) = (forged.head(), forged.bytes());
                    let (_, body) = bytes.split_at(head.len());
                    connection.send(head);
                    assert_refused(&connection.answer());
                    connection.send(body);
                } else {
                    assert_refused(&connection.ask(&forged));
                }
                connection.send(last().bytes());
                let answers = connection.answers();
                answers.iter().for_each(assert_accepted);
                assert!(answers.len() <= 1, "{answers:?}");
            }
        }
    }
    assert_accepted(&server.connect().ask(&genuine()));
}

fn an_unread_body_is_never_taken_for_a_request(kind: Kind) {
    let server = server(kind);
    let hidden = Request::genuine(b"hidden").body(b"hidden").bytes();
    // Behind what is there to be skipped, at the places where a buffer may end.
    for padding in [0, 1, 4_096, 8_192, 16_384, 65_536, 524_288] {
        let mut body = vec![b'\n'; padding];
        body.extend_from_slice(&hidden);
        body.extend_from_slice(&hidden);
        let forged = Request::forged(&body);
        let long = forged.clone().header("content-length", "52428800");
        for request in [
            forged.clone().body(&body),
            forged.chunks(&body, 100_000),
            long.raw_body(body.clone()),
        ] {
            let bytes = request.bytes();
            let head = request.head().len();
            // In one piece, and with the body sent after the answer.
            for first in [bytes.len(), head, head + padding] {
                let (first, second) = bytes.split_at(first);
                let before = server.calls();
                let mut connection = server.connect();
                connection.send(first);
                assert_refused(&connection.answer());
                connection.send(second);
                connection.send(last().bytes());
                // The last one is answered, or swallowed with the body.
                let answers = connection.answers();
                answers.iter().for_each(assert_accepted);
                assert!(answers.len() <= 1, "{padding} {answers:?}");
                assert_eq!(server.calls(), before + answers.len());
            }
        }
    }
    assert_accepted(&server.connect().ask(&genuine()));
}

fn pipelined_requests_are_answered_in_turn(kind: Kind) {
    let server = server(kind);
    let forged = Request::forged(BODY).body(BODY);
    let mut connection = server.connect();
    let requests = [genuine(), forged.clone(), genuine(), forged, last()];
    let requests: Vec<_> = requests.iter().flat_map(Request::bytes).collect();
    connection.send(requests);
    let answers = connection.answers();
    answers.iter().step_by(2).for_each(assert_accepted);
    answers.iter().skip(1).step_by(2).for_each(assert_refused);
    // After a refusal the server may close the connection.
    assert!([2, 4, 5].contains(&answers.len()), "{answers:?}");
    assert_eq!(server.calls(), answers.len().div_ceil(2));
}

fn two_hundred_connections_get_their_own_answers(kind: Kind) {
    const CONNECTIONS: usize = 200;
    let server = Arc::new(server(kind));
    let start = Arc::new(Barrier::new(CONNECTIONS));
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let (server, start) = (Arc::clone(&server), Arc::clone(&start));
            std::thread::spawn(move || {
                // Some are in one piece, some are not.
                let body = format!("{number},").repeat(1 + number * 20).into_bytes();
                let genuine = Request::genuine(&body).chunks(&body, 7 + number);
                let forged = Request::forged(&body).body(&body);
                let mut connection = server.connect();
                start.wait();
                for turn in 0..5 {
                    if (number + turn) % 2 == 0 {
                        let answer = connection.ask(&genuine);
                        assert_eq!((answer.status(), &answer.body), (200, &body));
                    } else {
                        assert_refused(&connection.ask(&forged));
                        connection = server.connect();
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    // Even numbers begin with a genuine one: three of five are.
    assert_eq!(server.calls(), CONNECTIONS / 2 * 5);
}

#[test]
fn a_handler_is_dropped_when_its_client_leaves() {
    /// Says that it was dropped.
    struct Flag(mpsc::Sender<&'static str>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.send("dropped").unwrap();
        }
    }

    let (sender, events) = mpsc::channel();
    let handler = move || {
        let sender = sender.clone();
        async move {
            sender.send("entered").unwrap();
            let _flag = Flag(sender);
            std::future::pending::<()>().await;
        }
    };
    let layer = QstashLayer::new(builder().build());
    let server = Server::serve(Router::new().route("/{*path}", any(handler)).layer(layer));
    let next = || events.recv_timeout(Duration::from_secs(60)).unwrap();

    for _ in 0..10 {
        let mut connection = server.connect();
        connection.send(genuine().bytes());
        assert_eq!(next(), "entered");
        assert!(events.try_recv().is_err(), "it waits as long as its client");
        drop(connection);
        assert_eq!(next(), "dropped");
    }
}
