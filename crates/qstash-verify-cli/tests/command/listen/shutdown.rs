//! Shutdown.

use std::sync::mpsc;

use qstash_verify_test_support::Request;

use crate::backend::{Backend, Reply};

use super::{BODY, assert_ended, delivery, forged, forward, genuine, listen};

#[test]
fn shutdown_prints_a_summary() {
    for signal in ["INT", "TERM"] {
        assert_ended(
            &listen(&[]).stop_with(signal),
            &["0 requests: 0 accepted, 0 refused"],
        );

        let listen = listen(&[]);
        listen.ask(&delivery(BODY));
        listen.line();
        let output = listen.stop_with(signal);
        assert_ended(&output, &["1 request: 1 accepted, 0 refused"]);
    }
    let listen = listen(&[]);
    for _ in 0..2 {
        listen.ask(&delivery(BODY));
        listen.ask(&Request::post("/").signed(forged(BODY)));
        listen.line();
        listen.line();
    }
    listen.ask(&Request::post("/"));
    listen.line();
    assert_ended(
        &listen.stop(),
        &["5 requests: 2 accepted, 3 refused (bad_signature 2, missing_signature 1)"],
    );
}

#[test]
fn idle_clients_do_not_delay_shutdown() {
    let listen = listen(&[]);
    let mut idle = listen.connect();
    assert_eq!(idle.ask(&delivery(BODY)).status(), 200);
    listen.line();
    let output = listen.stop();
    assert_ended(&output, &["1 request: 1 accepted, 0 refused"]);
    assert_eq!(idle.next_answer(), None);
}

#[test]
fn stalled_clients_delay_shutdown_briefly() {
    let listen = listen(&[]);
    let mut stalled = listen.connect();
    let request = Request::post("/").signed(genuine(BODY));
    let request = request
        .header("content-length", "7")
        .header("expect", "100-continue");
    stalled.send(request.head());
    // The server is reading the body now.
    assert_eq!(stalled.answer().status(), 100);
    stalled.send("{");
    assert_ended(&listen.stop(), &["0 requests: 0 accepted, 0 refused"]);
}

#[test]
fn requests_in_flight_may_finish() {
    let (tell, told) = mpsc::channel();
    let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_vec();
    let backend = Backend::start([Reply::Wait(told, answer)]);
    let listen = forward(&backend, "");
    let mut connection = listen.connect();
    connection.send(delivery(BODY).bytes());
    backend.request();
    let mut idle = listen.connect();
    idle.ask(&Request::post("/"));
    listen.line();
    let ended = std::thread::spawn(move || listen.stop());
    // Idle connections are closed at the signal.
    assert_eq!(idle.next_answer(), None);
    tell.send(()).unwrap();
    assert_eq!(connection.answer().status(), 202);
    assert_ended(
        &ended.join().unwrap(),
        &[
            "accepted 202 POST /webhook [no region, current key (default), 7 bytes]",
            "2 requests: 1 accepted, 1 refused (missing_signature 1)",
        ],
    );
}
