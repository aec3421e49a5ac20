//! Connections: keep-alive, pipelining, unread bodies, disconnects.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use qstash_verify_tests::{Answer, Kind, Request, Server, builder, on_each_server};
use qstash_verify_tower::QstashLayer;

on_each_server! {
    connection_is_kept_after_a_small_refused_body,
    pipelined_requests_are_answered_in_order,
    two_hundred_connections_do_not_mix_responses;
    except_rocket:
    refusal_is_followed_by_the_next_response_or_eof,
    unread_body_is_not_parsed_as_a_request,
}

const BODY: &[u8] = br#"{"message":"hello world"}"#;
const REFUSED: &str = r#"{"error":"bad_signature"}"#;

fn genuine() -> Request {
    Request::genuine(BODY).body(BODY)
}

/// A genuine request with `Connection: close`. (Servers may treat a client that shuts
/// down its sending side as disconnected.)
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

fn connection_is_kept_after_a_small_refused_body(kind: Kind) {
    let server = server(kind);
    let mut connection = server.connect();
    for body in [b"", &b"x"[..], BODY] {
        // Head and body are written together, so both are received before the refusal.
        assert_refused(&connection.ask(&Request::forged(body).body(body)));
        assert_accepted(&connection.ask(&genuine()));
    }
    assert_refused(&connection.ask(&Request::forged(b"")));
    assert_accepted(&connection.ask(&genuine()));
}

fn refusal_is_followed_by_the_next_response_or_eof(kind: Kind) {
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

fn unread_body_is_not_parsed_as_a_request(kind: Kind) {
    let server = server(kind);
    let hidden = Request::genuine(b"hidden").body(b"hidden").bytes();
    // With padding up to likely buffer boundaries.
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
            // In one write, and with the body after the response.
            for first in [bytes.len(), head, head + padding] {
                let (first, second) = bytes.split_at(first);
                let before = server.calls();
                let mut connection = server.connect();
                connection.send(first);
                assert_refused(&connection.answer());
                connection.send(second);
                connection.send(last().bytes());
                // The last request is answered, or discarded with the body.
                let answers = connection.answers();
                answers.iter().for_each(assert_accepted);
                assert!(answers.len() <= 1, "{padding} {answers:?}");
                assert_eq!(server.calls(), before + answers.len());
            }
        }
    }
    assert_accepted(&server.connect().ask(&genuine()));
}

fn pipelined_requests_are_answered_in_order(kind: Kind) {
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

fn two_hundred_connections_do_not_mix_responses(kind: Kind) {
    const CONNECTIONS: usize = 200;
    let server = Arc::new(server(kind));
    let start = Arc::new(Barrier::new(CONNECTIONS));
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let (server, start) = (Arc::clone(&server), Arc::clone(&start));
            std::thread::spawn(move || {
                // Bodies of one and of many chunks.
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
    // Even connections send three genuine requests, odd ones two.
    assert_eq!(server.calls(), CONNECTIONS / 2 * 5);
}

#[test]
fn disconnect_drops_the_handler() {
    /// Sends an event when dropped.
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
        assert!(events.try_recv().is_err(), "dropped before the disconnect");
        drop(connection);
        assert_eq!(next(), "dropped");
    }
}
