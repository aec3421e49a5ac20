//! Printed responses.

use serde_json::json;

use crate::backend::{Backend, Nobody, Reply, answer_with, ok};

use super::{assert_printed, first, ping};

#[test]
fn control_characters_of_a_response_are_escaped() {
    let body = "\u{1b}[31mred\u{7}\r\n\n\u{9b}2J \"é\" \\ \u{202e}x\r".as_bytes();
    let body = [body, b"\xff"].concat();
    let reply = answer_with("200 \u{9b}31m", &["x-y: \u{9b}31m"], &body);
    let backend = Backend::start([reply]);
    let url = backend.url("/");
    assert_printed(
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
fn status_line_and_headers_are_shown_on_request() {
    let reply = answer_with(
        "299 Odd",
        &["X-Y: a\u{202e}", "set-cookie: b", "set-cookie: c"],
        b"{}",
    );
    let backend = Backend::start([reply]);
    let url = backend.url("/");
    assert_printed(
        &ping(&url, &["-i"]),
        0,
        &[
            &*first(&url),
            "299 after T",
            "HTTP/1.1 299 Odd",
            "content-length: 2",
            "x-y: a\\u{202e}",
            "set-cookie: b",
            "set-cookie: c",
            "",
            "{}",
        ],
    );
}

#[test]
fn each_attempt_is_one_line_of_json() {
    let nobody = Nobody::new();
    let backend = Backend::start([
        answer_with(
            "503 Service Unavailable",
            &["x-y: \u{9b}"],
            "\u{202e}".as_bytes(),
        ),
        ok(),
        answer_with("401 Unauthorized", &[], br#"{"error":"body_mismatch"}"#),
    ]);
    let json = |url: &str, arguments: &[&str], code| -> Vec<serde_json::Value> {
        let output = ping(url, &[&["--json"], arguments].concat()).code(code);
        assert!(!output.stdout.contains(['\u{9b}', '\u{202e}']));
        assert_eq!(output.stderr, "");
        let lines = output.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let url = backend.url("/");
    let mut lines = json(&url, &["--retries", "1", "--fast"], 0);
    lines.extend(json(&url, &["--corrupt", "body"], 0));
    lines.extend(json(&nobody.url("/"), &[], 1));
    let fields = |name: &str| -> Vec<_> { lines.iter().map(|line| line[name].clone()).collect() };
    assert_eq!(fields("ok"), [false, true, true, false]);
    assert_eq!(json!(fields("status")), json!([503, 200, 401, null]));
    assert_eq!(json!(fields("retried")), json!([0, 1, 0, 0]));
    assert_eq!(json!(fields("corrupt")), json!([null, null, "body", null]));
    assert_eq!(
        json!(fields("error")),
        json!([null, null, null, "no_answer"])
    );
    assert_eq!(lines[0]["headers"]["x-y"], json!(["\u{9b}"]));
    assert_eq!(lines[0]["body"], "\u{202e}");
    assert!(lines[0]["next_attempt_in"].as_f64().unwrap() > 12.0);
    assert_eq!(lines[1]["next_attempt_in"], json!(null));
    assert_eq!(lines[2]["message"], "refused as expected: body_mismatch");
    let keys = |line: &serde_json::Value| -> Vec<String> {
        line.as_object().unwrap().keys().cloned().collect()
    };
    for line in &lines {
        assert_eq!(keys(line), keys(&lines[0]));
        assert_eq!(
            (&line["key"], &line["bytes"]),
            (&json!("current"), &json!(4))
        );
    }
}

#[test]
fn long_response_is_cut() {
    let line = [&[b'x'; 1023][..], b"\n"].concat();
    let backend = Backend::start([
        answer_with("200 OK", &[], &line.repeat(16 * 1024)),
        answer_with("200 OK", &[], &line.repeat(64)),
        // The rest of this never comes.
        Reply::Keep(
            [
                &b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n"[..],
                &line.repeat(64),
                b"x",
            ]
            .concat(),
        ),
    ]);
    let url = backend.url("/");
    let shown = "x".repeat(1023);
    let cut = &["… (cut at 64 KiB)"][..];
    for rest in [cut, &[], cut] {
        let first = first(&url);
        let head = [&*first, "200 OK after T"];
        let lines = vec![&*shown; 64];
        assert_printed(&ping(&url, &[]), 0, &[&head[..], &lines, rest].concat());
    }
}

#[test]
fn response_body_in_json_is_text_or_base64() {
    const LIMIT: usize = 64 * 1024;
    let full = "x".repeat(LIMIT);
    let split = format!("{}é", &full[1..]);
    let longer = format!("{full}y");
    let bodies = [
        &b"\xff\0"[..],
        full.as_bytes(),
        longer.as_bytes(),
        split.as_bytes(),
    ];
    let backend = Backend::start(bodies.map(|body| answer_with("200 OK", &[], body)));
    let url = backend.url("/");
    for (text, base64, is_cut) in [
        (json!(null), json!("/wA="), false),
        (json!(full), json!(null), false),
        (json!(full), json!(null), true),
        (json!(full[1..]), json!(null), true),
    ] {
        let output = ping(&url, &["--json"]).code(0);
        let line: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        assert!(line["body"] == text, "{is_cut}");
        assert!(line["body_base64"] == base64, "{is_cut}");
        assert_eq!(line["body_is_cut"], is_cut);
    }
}
