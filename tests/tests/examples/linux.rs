//! What the process of an example has open and holds in memory, as Linux counts
//! it.

use std::sync::atomic::{AtomicUsize, Ordering};

use qstash_verify_tests::{
    Answer, Connection, DEFAULT, DEFAULT_VARIABLES, Kind, Request, on_each_server,
};

use crate::{BODY, MEBIBYTE, delivery, forged, signed};
use qstash_verify_tests::Example;

on_each_server! {
    clients_that_leave_in_the_middle_leave_nothing_behind,
    forged_posts_of_10_mib_take_no_memory,
    a_flood_is_neither_read_nor_kept,
}

fn open_files(example: &Example) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", example.id()));
    files.unwrap().count()
}

/// The most memory that it ever had, in KiB.
fn peak(example: &Example) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", example.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// Sends a delivery on a connection of its own, which the server closes.
fn assert_delivered(example: &Example) {
    let mut connection = example.connect();
    let request = delivery(DEFAULT[0], BODY).header("connection", "close");
    connection.send(request.bytes());
    let answers = connection.answers();
    let statuses: Vec<_> = answers.iter().map(Answer::status).collect();
    assert_eq!(statuses, [200]);
}

fn clients_that_leave_in_the_middle_leave_nothing_behind(kind: Kind) {
    const CLIENTS: usize = 200;
    let example = Example::start(kind, &DEFAULT_VARIABLES);
    // The server may take a moment to close what its client has closed.
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
        // in the head, between head and body, in the body, in a chunk
        (whole.bytes(), head / 2),
        (whole.bytes(), head),
        (whole.bytes(), head + 5),
        (chunked.bytes(), chunked.bytes().len() - 12),
        // before the answer is read
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
    // Connections are accepted in turn, so these have been, once a later one is
    // served. Those that were answered may be closed already.
    assert_delivered(&example);
    let during = open_files(&example);
    assert!(during >= before + CLIENTS / 2, "{during} {before}");
    drop(connections);

    // One by one, too.
    for (bytes, length) in starts.iter().cycle().take(CLIENTS) {
        example.connect().send(bytes.split_at(*length).0);
    }

    // The server goes on to serve, and closes what was left, in its own time.
    let closed = (0..5_000).any(|_| {
        assert_delivered(&example);
        open_files(&example) <= before
    });
    let files = open_files(&example);
    assert!(closed, "{files} files are open, {before} were");
}

/// A request with a long body, to be sent block by block.
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

    /// Sends it all, or as much as the server lets it, and says how many bytes
    /// that were.
    fn send(&self, connection: &mut Connection) -> usize {
        connection.send(&self.head);
        let blocks = (0..self.blocks).take_while(|_| connection.send(&self.block));
        blocks.count() * self.block.len()
    }
}

fn codes(connection: &mut Connection) -> Vec<String> {
    connection.answers().iter().map(Answer::text).collect()
}

fn forged_posts_of_10_mib_take_no_memory(kind: Kind) {
    // As often with a length as in chunks.
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
    // The kernel counts roughly, so it may even say that it fell.
    let grown = peak(&example).saturating_sub(before) / 1024;
    assert!(grown < 16, "{grown} MiB");
    assert_delivered(&example);
}

fn a_flood_is_neither_read_nor_kept(kind: Kind) {
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
        // What is sent is in the buffers of the two sockets.
        assert!(sent < 16 * MEBIBYTE, "{code}: {sent}");
        let codes = codes(&mut connection);
        assert_eq!(codes, [format!(r#"{{"error":"{code}"}}"#)]);
    }
    let grown = peak(&example).saturating_sub(before) / 1024;
    assert!(grown < 16, "{grown} MiB");
    assert_delivered(&example);
}
