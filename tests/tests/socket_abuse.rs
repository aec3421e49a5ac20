//! Clients that take more than they are given. What is counted here is the whole
//! process's, so one test runs at a time, and no others share this file.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests: what goes wrong here is to fail")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use qstash_verify_tests::{Answer, Connection, Kind, Request, Server, builder, on_each_server};

on_each_server! {
    clients_that_leave_in_the_middle_leave_nothing_behind,
    a_flood_is_neither_read_nor_kept,
}

const BODY: &[u8] = br#"{"message":"hello world"}"#;
const MEBIBYTE: usize = 1024 * 1024;

fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The most memory that this process ever had, in KiB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// Sends a delivery on a connection of its own, which the server closes.
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

/// Sends 200 MB, or as much of it as the server lets it, and says how much.
fn flood(connection: &mut Connection, block: &[u8]) -> usize {
    let blocks = 200 * MEBIBYTE / block.len();
    let sent = (0..blocks).take_while(|_| connection.send(block)).count();
    sent * block.len()
}

fn clients_that_leave_in_the_middle_leave_nothing_behind(kind: Kind) {
    const CLIENTS: usize = 200;
    let _alone = alone();
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

    // The server goes on to serve, and closes what was left, in its own time.
    let closed = (0..5_000).any(|_| {
        assert_delivered(&server);
        open_files() <= before
    });
    assert!(closed, "{} files are open, {before} were", open_files());
}

fn a_flood_is_neither_read_nor_kept(kind: Kind) {
    let _alone = alone();
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
        // What is sent is in the buffers of the two sockets.
        assert!(sent < 16 * MEBIBYTE, "{code}: {sent}");
        let answers = connection.answers();
        let texts: Vec<_> = answers.iter().map(Answer::text).collect();
        assert_eq!(texts, [format!(r#"{{"error":"{code}"}}"#)]);
    }
    // The kernel counts roughly, so it may even say that it fell.
    let grown = peak().saturating_sub(before) / 1024;
    assert!(grown < 32, "{grown} MiB");
    assert_delivered(&server);
}
