//! Disconnects and floods. The tests measure the whole process, so they run one at a
//! time and in their own test binary.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use qstash_verify_tests::{Answer, Connection, Kind, Request, Server, builder, on_each_server};

on_each_server! {
    disconnects_leak_no_file_descriptors,
    flood_is_neither_read_nor_buffered,
}

const BODY: &[u8] = br#"{"message":"hello world"}"#;
const MEBIBYTE: usize = 1024 * 1024;

fn exclusive() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Returns the peak resident memory of this process, in KiB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// Sends a delivery on a new connection and asserts that it is accepted.
fn assert_delivered(server: &Server) {
    let mut connection = server.connect();
    let request = Request::genuine(BODY).header("connection", "close");
    connection.send(request.body(BODY).bytes());
    let answers = connection.answers();
    let answers: Vec<_> = answers
        .iter()
        .map(|answer| (answer.status(), &*answer.body))
        .collect();
    assert_eq!(answers, [(200, BODY)]);
}

/// Sends up to 200 MiB, until the server closes; returns the number of bytes sent.
fn flood(connection: &mut Connection, block: &[u8]) -> usize {
    let blocks = 200 * MEBIBYTE / block.len();
    let sent = (0..blocks).take_while(|_| connection.send(block)).count();
    sent * block.len()
}

fn disconnects_leak_no_file_descriptors(kind: Kind) {
    const CLIENTS: usize = 200;
    let _lock = exclusive();
    let server = Server::start(kind, builder().build());
    assert_delivered(&server);
    let before = open_files();

    let whole = Request::genuine(BODY).body(BODY);
    let chunked = Request::genuine(BODY).chunks(BODY, 5);
    let head = whole.head().len();
    let starts = [
        // in the head, between head and body, in the body, in a chunk
        (whole.bytes(), head / 2),
        (whole.bytes(), head),
        (whole.bytes(), head + 5),
        (chunked.bytes(), chunked.bytes().len() - 12),
    ];
    let connections: Vec<_> = starts
        .iter()
        .cycle()
        .take(CLIENTS)
        .map(|(bytes, length)| {
            let mut connection = server.connect();
            connection.send(bytes.split_at(*length).0);
            connection
        })
        .collect();
    let during = open_files();
    assert!(during >= before + CLIENTS, "{during} {before}");
    assert_delivered(&server);
    drop(connections);

    // The server keeps serving, and eventually closes the connections.
    let closed = (0..5_000).any(|_| {
        assert_delivered(&server);
        open_files() <= before
    });
    assert!(closed, "{} files are open, {before} were", open_files());
}

fn flood_is_neither_read_nor_buffered(kind: Kind) {
    let _lock = exclusive();
    let server = Server::start(kind, builder().body_limit(MEBIBYTE as u64).build());
    assert_delivered(&server);
    let before = peak();

    let plain = vec![b'x'; 64 * 1024];
    let chunk = [b"10000\r\n", &*plain, b"\r\n"].concat();
    let length = (200 * MEBIBYTE).to_string();
    let long = |request: Request| request.header("content-length", &length);
    let endless = |request: Request| request.header("transfer-encoding", "chunked");
    let (forged, genuine) = (Request::forged(BODY), Request::genuine(BODY));
    for (request, block, code) in [
        (long(forged.clone()), &plain, "bad_signature"),
        (endless(forged), &chunk, "bad_signature"),
        (long(Request::post("/hook")), &plain, "missing_signature"),
        (long(genuine.clone()), &plain, "body_too_large"),
        (endless(genuine), &chunk, "body_too_large"),
    ] {
        let mut connection = server.connect();
        connection.send(request.head());
        let sent = flood(&mut connection, block);
        // The sent bytes are in the buffers of the two sockets.
        assert!(sent < 16 * MEBIBYTE, "{code}: {sent}");
        let answers = connection.answers();
        let texts: Vec<_> = answers.iter().map(Answer::text).collect();
        assert_eq!(texts, [format!(r#"{{"error":"{code}"}}"#)]);
    }
    // The kernel's count is imprecise and may decrease.
    let grown = peak().saturating_sub(before) / 1024;
    assert!(grown < 32, "{grown} MiB");
    assert_delivered(&server);
}
