//! Lines and answers as streams.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use qstash_verify_test_support::DEFAULT;
use serde_json::json;

use crate::process::COMMAND;

use super::{AT, batch, code, default_pair, token};

#[test]
fn line_that_is_not_json_has_an_answer() {
    let good = json!({"signature": token(DEFAULT[0], "a"), "body": "a", "at": AT}).to_string();
    let input = [
        &b"nonsense\n\n{\n\xff\xfe\n{\"signature\":null,\"signature\":null,\"body\":\"\"}\n \r\n"[..],
        good.as_bytes(),
        b"\r\n{\"body\":\"\"} x\n",
        good.as_bytes(),
    ]
    .concat();
    let (answers, status) = batch(&default_pair(), &[], &input);
    let codes: Vec<_> = answers.iter().map(code).collect();
    let invalid = "invalid_input";
    assert_eq!(
        codes,
        [
            invalid, invalid, invalid, invalid, invalid, invalid, "ok", invalid, "ok"
        ]
    );
    assert_eq!(status, Some(1));
    assert_eq!(batch(&[], &[], b""), (Vec::new(), Some(0)));
}

#[test]
fn each_line_is_answered_at_once() {
    let mut child = Command::new(COMMAND)
        .args(["verify", "--batch", "--no-env-file"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (head, tail) = (r#"{"signa"#, "ture\":null,\"body\":\"\"}\n");
    input.write_all(head.as_bytes()).unwrap();
    for _ in 0..3 {
        // Half of the next line does not delay this answer.
        input.write_all(format!("{tail}{head}").as_bytes()).unwrap();
        // A delayed answer would never come.
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert!(line.contains("missing_signature"), "{line}");
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn closed_stdout_ends_the_batch() {
    let mut child = Command::new(COMMAND)
        .args(["verify", "--batch", "--no-env-file"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    // The batch ends during these writes.
    while input.write_all(&b"nonsense\n".repeat(1000)).is_ok() {}
    drop(input);
    let output = child.wait_with_output().unwrap();
    // Lines before that are counted.
    assert_eq!(output.status.code(), Some(1));
    let summary = String::from_utf8(output.stderr).unwrap();
    assert!(
        summary.contains(" lines: 0 accepted, ") && summary.ends_with(")\n"),
        "{summary}"
    );
}
