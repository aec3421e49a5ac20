//! The response as it is shown.

use crate::backend::{Backend, Reply, answer_with};

use super::{assert_said, first, ping};

#[test]
fn control_characters_of_a_response_are_escaped() {
    let body = "\u{1b}[31mred\u{7}\r\n\n\u{9b}2J \"é\" \\ \u{202e}x\r".as_bytes();
    let body = [body, b"\xff"].concat();
    let reply = answer_with("200 \u{9b}31m", &["x-y: \u{9b}31m"], &body);
    let backend = Backend::start([reply]);
    let url = backend.url("/");
    assert_said(
        &ping(&url, &[]),
        0,
        &[
            &*first(&url),
            "200 OK after T",
            r"\u{1b}[31mred\u{7}",
            "",
            "\\u{9b}2J \"é\" \\ \\u{202e}x\\r\u{fffd}",
        ],
    );
}

#[test]
fn a_long_response_is_cut() {
    let line = [&[b'x'; 1023][..], b"\n"].concat();
    let backend = Backend::start([
        answer_with("200 OK", &[], &line.repeat(16 * 1024)),
        answer_with("200 OK", &[], &line.repeat(63)),
        // The rest of this never comes.
        Reply::Keep(
            [
                &b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n"[..],
                &line.repeat(64),
            ]
            .concat(),
        ),
    ]);
    let url = backend.url("/");
    let shown = "x".repeat(1023);
    let cut = &["… (no more of it was read)"][..];
    for (lines, rest) in [(64, cut), (63, &[]), (64, cut)] {
        let first = first(&url);
        let head = [&*first, "200 OK after T"];
        let lines = vec![&*shown; lines];
        assert_said(&ping(&url, &[]), 0, &[&head[..], &lines, rest].concat());
    }
}
