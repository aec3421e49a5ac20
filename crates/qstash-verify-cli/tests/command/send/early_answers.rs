//! Responses before the body was read.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use qstash_verify_test_support::DEFAULT_VARIABLES;

use super::{assert_printed, send, timeless};
use crate::process::Listen;

const LENGTH: usize = 11 * 1024 * 1024;

/// Repetitions of a test that a race may fail.
const TIMES: usize = 10;

#[test]
fn response_before_eof_of_the_body_is_printed() {
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
        assert_printed(
            &output,
            1,
            &[&*first, "413 Payload Too Large after T", "too big"],
        );
    }
    server.join().unwrap();
}

#[test]
fn response_of_a_service_with_a_limit_is_printed() {
    let listen = Listen::start(&["--body-limit", "10485760"], &DEFAULT_VARIABLES);
    for _ in 0..TIMES {
        let output = send(&listen.url("/"), &["--data", "@big"])
            .with(&DEFAULT_VARIABLES)
            .file("big", vec![b'x'; LENGTH])
            .end()
            .code(1);
        let printed = timeless(&output.stdout);
        assert!(
            printed.ends_with("\n413 Payload Too Large after T\n{\"error\":\"body_too_large\"}\n"),
            "{printed}"
        );
    }
}

#[test]
fn connection_closed_without_a_response_is_explained() {
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
    assert!(output.stdout.contains("no response after "), "{output:?}");
    assert!(
        output
            .stdout
            .contains("(the service closed the connection before the body was whole")
            || output.stdout.contains("connection reset")
            || output.stdout.contains("Connection reset"),
        "{output:?}"
    );
}
