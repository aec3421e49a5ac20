//! File descriptors and memory of an example's process, on Linux.

use std::sync::atomic::{AtomicUsize, Ordering};

use qstash_verify_tests::{
    Answer, Connection, DEFAULT, DEFAULT_VARIABLES, Kind, Request, on_each_server,
};

use crate::{BODY, MEBIBYTE, delivery, forged, signed};
use qstash_verify_tests::Example;

on_each_server! {
    and_examples:
    disconnects_leak_no_file_descriptors,
    forged_10_mib_bodies_are_not_buffered,
    flood_is_neither_read_nor_buffered,
}

fn open_files(example: &Example) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", example.id()));
    files.unwrap().count()
}

/// Returns the peak resident memory of its process, in KiB.
fn peak(example: &Example) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", example.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// Sends a delivery on a new connection and asserts that it is accepted.
fn assert_delivered(example: &Example) {
    let mut connection = example.connect();
    let request = delivery(DEFAULT[0], BODY).header("connection", "close");
    connection.send(request.bytes());
    let answers = connection.answers();
    let statuses: Vec<_> = answers.iter().map(Answer::status).collect();
    assert_eq!(statuses, [200]);
}

fn disconnects_leak_no_file_descriptors(kind: Kind) {
    const CLIENTS: usize = 200;
    let example = Example::start(kind, &DEFAULT_VARIABLES);
    // The server may close connections with a delay.
    let before = (0..50).map(|_| {
        assert_delivered(&example);
        open_files(&example)
    });
    let before = before.min().unwrap();

    let whole = delivery(DEFAULT[0], BODY);
    let chunked = signed(DEFAULT[0], BODY).chunks(BODY, 5);
    let refused = forged(BODY).body(BODY);
    let asking = signed(DEFAULT[0], BODY).header("expect", "100-continue");
    let asking = asking.header("content-length", BODY.len().to_string());
    let head = whole.head().len();
    let starts = [
        // Within the head, after it, within the body, within a chunk.
        (whole.bytes(), head / 2),
        (whole.bytes(), head),
        (whole.bytes(), head + 5),
        (chunked.bytes(), chunked.bytes().len() - 12),
        // Before the response is read.
        (refused.bytes(), refused.head().len() + 5),
        (asking.bytes(), asking.head().len()),
    ];
    let connections: Vec<_> = starts
        .iter()
        .cycle()
        .take(CLIENTS)
        .map(|(bytes, length)| {
            let mut connection = example.connect();
            connection.send(bytes.split_at(*length).0);
            connection
        })
        .collect();
    // Connections are accepted in order, so all are once a later one is served. Refused
    // ones may be closed already.
    assert_delivered(&example);
    let during = open_files(&example);
    assert!(during >= before + CLIENTS / 2, "{during} {before}");
    drop(connections);

    // One at a time.
    for (bytes, length) in starts.iter().cycle().take(CLIENTS) {
        example.connect().send(bytes.split_at(*length).0);
    }

    // The server keeps serving, and eventually closes the connections.
    let closed = (0..5_000).any(|_| {
        assert_delivered(&example);
        open_files(&example) <= before
    });
    let files = open_files(&example);
    assert!(closed, "{files} files are open, {before} were");
}

/// A request with a long body that is sent in blocks.
struct Sender {
    head: Vec<u8>,
    block: Vec<u8>,
    blocks: usize,
}

impl Sender {
    fn declared(request: &Request, length: usize) -> Self {
        let block = vec![b'x'; 64 * 1024];
        let request = request.clone().header("content-length", length.to_string());
        Sender {
            head: request.head(),
            blocks: length / block.len(),
            block,
        }
    }

    fn chunked(request: &Request, length: usize) -> Self {
        let request = request.clone().header("transfer-encoding", "chunked");
        Sender {
            head: request.head(),
            block: [b"10000\r\n", &*vec![b'x'; 64 * 1024], b"\r\n"].concat(),
            blocks: length / (64 * 1024),
        }
    }

    /// Sends the body until the server closes; returns the number of bytes sent.
    fn send(&self, connection: &mut Connection) -> usize {
        connection.send(&self.head);
        let blocks = (0..self.blocks).take_while(|_| connection.send(&self.block));
        blocks.count() * self.block.len()
    }
}

fn codes(connection: &mut Connection) -> Vec<String> {
    connection.answers().iter().map(Answer::text).collect()
}

fn forged_10_mib_bodies_are_not_buffered(kind: Kind) {
    // With `Content-Length`, and chunked.
    const POSTS: usize = 100;
    const AT_ONCE: usize = 25;
    let example = Example::start(kind, &DEFAULT_VARIABLES);
    for _ in 0..20 {
        assert_delivered(&example);
    }
    let before = peak(&example);

    let length = 10 * MEBIBYTE;
    let forged = forged(BODY);
    for sender in [
        Sender::declared(&forged, length),
        Sender::chunked(&forged, length),
    ] {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    while next.fetch_add(1, Ordering::Relaxed) < POSTS {
                        let mut connection = example.connect();
                        sender.send(&mut connection);
                        let codes = codes(&mut connection);
                        assert_eq!(codes, [r#"{"error":"bad_signature"}"#]);
                    }
                });
            }
        });
    }
    // The kernel's count is imprecise and may decrease.
    let grown = peak(&example).saturating_sub(before) / 1024;
    assert!(grown < 16, "{grown} MiB");
    assert_delivered(&example);
}

fn flood_is_neither_read_nor_buffered(kind: Kind) {
    const FLOOD: usize = 2048 * MEBIBYTE;
    let limit = ("MAX_BODY_BYTES", "1048576");
    let example = Example::start(kind, &[&DEFAULT_VARIABLES[..], &[limit]].concat());
    for _ in 0..20 {
        assert_delivered(&example);
    }
    let before = peak(&example);
    let (forged, genuine) = (forged(BODY), signed(DEFAULT[0], BODY));
    let unsigned = Request::post("/webhook");
    for (sender, code) in [
        (Sender::declared(&forged, FLOOD), "bad_signature"),
        (Sender::chunked(&forged, FLOOD), "bad_signature"),
        (Sender::declared(&unsigned, FLOOD), "missing_signature"),
        (Sender::chunked(&unsigned, FLOOD), "missing_signature"),
        (Sender::declared(&genuine, FLOOD), "body_too_large"),
        (Sender::chunked(&genuine, FLOOD), "body_too_large"),
    ] {
        let mut connection = example.connect();
        let sent = sender.send(&mut connection);
        // The sent bytes are in the buffers of the two sockets.
        assert!(sent < 16 * MEBIBYTE, "{code}: {sent}");
        let codes = codes(&mut connection);
        assert_eq!(codes, [format!(r#"{{"error":"{code}"}}"#)]);
    }
    let grown = peak(&example).saturating_sub(before) / 1024;
    assert!(grown < 16, "{grown} MiB");
    assert_delivered(&example);
}
