//! Responses that come before the body was read.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use qstash_verify_test_support::DEFAULT_VARIABLES;

use super::{assert_said, send, timeless};
use crate::process::Listen;

const LENGTH: usize = 11 * 1024 * 1024;

/// Times that a test is repeated: a lost race would show.
const TIMES: usize = 10;

#[test]
fn the_answer_is_shown_though_the_body_was_not_read() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        for _ in 0..TIMES {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.windows(4).any(|window| window == b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let answer = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 7\r\n\
                          connection: close\r\n\r\ntoo big";
            stream.write_all(answer.as_bytes()).unwrap();
            // Closed with unread data: the client's next write fails.
        }
    });
    for _ in 0..TIMES {
        let output = send(&url, &["--data", "@big"])
            .with(&DEFAULT_VARIABLES)
            .file("big", vec![b'x'; LENGTH])
            .end();
        let first = format!(
            "POST {url}: {LENGTH} bytes from EU_CENTRAL_1, signed with the current key of the \
             default pair"
        );
        assert_said(
            &output,
            1,
            &[&*first, "413 Payload Too Large after T", "too big"],
        );
    }
    server.join().unwrap();
}

#[test]
fn the_answer_of_a_service_with_a_limit_is_shown() {
    let listen = Listen::start(&["--body-limit", "10485760"], &DEFAULT_VARIABLES);
    for _ in 0..TIMES {
        let output = send(&listen.url("/"), &["--data", "@big"])
            .with(&DEFAULT_VARIABLES)
            .file("big", vec![b'x'; LENGTH])
            .end()
            .code(1);
        let said = timeless(&output.stdout);
        assert!(
            said.ends_with("\n413 Payload Too Large after T\n{\"error\":\"body_too_large\"}\n"),
            "{said}"
        );
    }
}

#[test]
fn a_connection_that_is_closed_without_an_answer_is_explained() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 16]).unwrap();
    });
    let output = send(&url, &["--data", "@big"])
        .with(&DEFAULT_VARIABLES)
        .file("big", vec![b'x'; LENGTH])
        .end()
        .code(1);
    server.join().unwrap();
    assert!(output.stdout.contains("no answer after "), "{output:?}");
    assert!(
        output
            .stdout
            .contains("(the service closed the connection before the body was whole")
            || output.stdout.contains("connection reset")
            || output.stdout.contains("Connection reset"),
        "{output:?}"
    );
}
