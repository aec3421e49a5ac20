//! Identifiers, limits, escapes and the summary.

use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::testing;
use qstash_verify_test_support::DEFAULT;
use serde_json::json;

use super::{AT, NOTICE, URL, batch, code, default_pair, lines, token};
use crate::process::run;

#[test]
fn id_of_a_line_is_repeated() {
    let good = token(DEFAULT[0], "a");
    let input = lines(&[
        json!({"id": 7, "signature": good, "body": "a", "at": AT}),
        json!({"id": {"log": [1, "x"]}, "signature": good, "body": "b", "at": AT}),
        json!({"id": null, "signature": good}),
        json!({"id": "wrong", "signature": 7}),
        json!({"signature": good, "body": "a", "at": AT}),
        json!({"id": "x".repeat(70_000), "signature": good, "body": "a", "at": AT}),
    ]);
    let (answers, _) = batch(&default_pair(), &[], &input);
    let ids: Vec<_> = answers.iter().map(|answer| answer.get("id")).collect();
    assert_eq!(
        ids,
        [
            Some(&json!(7)),
            Some(&json!({"log": [1, "x"]})),
            Some(&json!(null)),
            Some(&json!("wrong")),
            None,
            None,
        ]
    );
    assert_eq!(
        answers[5]["message"],
        "id is longer than the limit of 64 KiB"
    );
}

#[test]
fn urls_are_compared_as_a_service_compares_them() {
    let good = token(DEFAULT[0], "a");
    let line = |more: serde_json::Value| {
        let mut line = json!({"signature": good, "body": "a", "at": AT});
        line.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        line
    };
    let base = "https://API.example.com";
    let input = lines(&[
        line(json!({"base_url": base, "path": "/orders"})),
        line(json!({"base_url": base, "path": "/x"})),
        line(json!({"base_url": base})),
        line(json!({"path": "/x"})),
        line(json!({"url": base, "base_url": base, "path": "/orders"})),
    ]);
    let (answers, _) = batch(&default_pair(), &[], &input);
    let codes: Vec<_> = answers.iter().map(code).collect();
    assert_eq!(codes, ["ok", "url_mismatch", "invalid_input", "ok", "ok"]);
    let options = ["--base-url", base];
    let input = lines(&[
        line(json!({"path": "/orders"})),
        line(json!({"path": "/x"})),
        line(json!({"url": URL})),
        line(json!({})),
    ]);
    let (answers, _) = batch(&default_pair(), &options, &input);
    let codes: Vec<_> = answers.iter().map(code).collect();
    assert_eq!(codes, ["ok", "url_mismatch", "ok", "invalid_input"]);
}

#[test]
fn control_characters_are_escaped() {
    let odd = "\u{9b}31m\u{202e}\u{1b}\u{2066}\u{200b}";
    let token = testing::delivery(URL, "a")
        .key(DEFAULT[0])
        .claim("jti", odd)
        .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
        .token();
    // Of these, serde_json only escapes U+001B.
    let input = lines(&[
        json!({"id": odd, "signature": token, "body": "a", "at": AT}),
        json!({"id": odd, "signature": token, "body": "a", "at": AT, "url": format!("https://a/{odd}")}),
    ]);
    let output = run(&["verify", "--batch"])
        .with(&default_pair())
        .input(input)
        .end();
    for c in odd.chars().filter(|c| !c.is_ascii()) {
        assert!(!output.all().contains(c), "{output:?}");
    }
    let first: serde_json::Value =
        serde_json::from_str(output.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["id"], &first["claims"]["jti"]),
        (&json!(odd), &json!(odd))
    );
}

#[test]
fn summary_is_printed_to_standard_error() {
    let good = token(DEFAULT[0], "a");
    let input = lines(&[
        json!({"signature": good, "body": "a", "at": AT}),
        json!({"signature": good, "body": "b", "at": AT}),
        json!({"signature": good, "body": "c", "at": AT}),
        json!([]),
    ]);
    let output = run(&["verify", "--batch"])
        .with(&default_pair())
        .input(input)
        .end();
    assert_eq!(
        output.stderr,
        "4 lines: 1 accepted, 3 refused (body_mismatch 2, invalid_input 1)\n"
    );
    let output = run(&["verify", "--batch"]).with(&default_pair()).end();
    output.code(0);
}

#[test]
fn without_keys_the_development_servers_are_used() {
    let development = token("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "a");
    let input = lines(&[
        json!({"signature": development, "body": "a", "at": AT}),
        json!({"signature": token(DEFAULT[0], "a"), "body": "a", "at": AT}),
        json!({"signature": development, "body": "a", "at": AT, "env": {}}),
    ]);
    let output = run(&["verify", "--batch"]).input(input).end().code(1);
    let errors: Vec<_> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|answer| code(&answer).to_owned())
        .collect();
    assert_eq!(errors, ["ok", "no_signing_keys", "no_signing_keys"]);
    assert_eq!(
        output.stderr,
        format!("{NOTICE}3 lines: 1 accepted, 2 refused (no_signing_keys 2)\n")
    );
}

#[test]
fn fields_have_limits() {
    let many: serde_json::Map<_, _> = (0..65)
        .map(|n| (format!("{n}_QSTASH"), json!("x")))
        .collect();
    let long = "x".repeat(64 * 1024 + 1);
    let input = lines(&[
        json!({"signature": null, "body": "", "url": long}),
        json!({"signature": null, "body": "", "env": {"QSTASH_TOKEN": long}}),
        json!({"signature": null, "body": "", "env": many}),
        json!({"signature": null, "body": "", "env": {"PATH": long}}),
        // The verdict of the core.
        json!({"signature": long, "body": ""}),
    ]);
    let (answers, _) = batch(&[], &[], &input);
    let messages: Vec<_> = answers.iter().map(|answer| &answer["message"]).collect();
    assert_eq!(messages[0], "url is longer than the limit of 64 KiB");
    assert_eq!(
        messages[1],
        "a value in `env` is longer than the limit of 64 KiB"
    );
    assert_eq!(
        messages[2],
        "`env` has more than the limit of 64 variables of QStash"
    );
    assert_eq!(answers[3]["error"], "no_signing_keys");
    assert_eq!(answers[4]["error"], "malformed_token");
}

/// The address space is limited to 400 MiB; an unbounded line needs 1.7 GiB.
#[cfg(target_os = "linux")]
#[test]
fn long_lines_take_bounded_memory() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use crate::process::COMMAND;

    let script = format!("ulimit -v 409600; exec '{COMMAND}' verify --batch --no-env-file");
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let mut input = br#"{"id":1,"signature":null,"body":"","env":{"#.to_vec();
        for number in 0..600_000 {
            let name = format!("\"V{number:0>70}\":\"{number:0>20}\",");
            input.extend_from_slice(name.as_bytes());
        }
        input.extend_from_slice(b"\"X\":null}}\n");
        assert!(input.len() < 72 * 1024 * 1024);
        input.extend_from_slice(br#"{"body":""#);
        input.resize(150 * 1024 * 1024, b'x');
        input.extend_from_slice(b"\"}\n{\"id\":3,\"signature\":null,\"body\":\"\"}\n");
        stdin.write_all(&input).unwrap();
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        answers.len(),
        3,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(answers[0]["error"], "no_signing_keys");
    assert_eq!(
        answers[1]["message"],
        "the line is longer than the limit of 72 MiB"
    );
    assert_eq!(answers[2]["id"], 3);
}
