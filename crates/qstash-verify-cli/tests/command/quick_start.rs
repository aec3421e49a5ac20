//! The quick start of README.md: its transcript and its log line.

use qstash_verify_test_support::{Answer, Example, Kind, Request};

use crate::pages::{assert_same, block, matches};
use crate::transcript::Shell;

/// Formats a response as `curl -i` prints it.
fn as_curl(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.line);
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    format!("{text}\n{}\n", answer.text())
}

#[test]
fn quick_start_is_up_to_date() {
    const CURL: &str = r#"curl -i http://127.0.0.1:3000/webhook -d '{"hello":"world"}'"#;
    let shown = block("README.md", "console", CURL);
    let mut example = Example::start(Kind::Axum, &[("NO_COLOR", "1")]);
    let unsigned = Request::post("/webhook").body(br#"{"hello":"world"}"#);
    let mut shell = Shell::new();
    shell.file("response", &as_curl(&example.ask(&unsigned)));
    let host = format!("localhost:{}", example.port());
    let played = shell.play(&shown, |line| {
        line.replace(CURL, "cat response")
            .replace("cargo run -q -p qstash-verify-cli --", "qstash-verify")
            .replace("localhost:3000", &host)
    });
    assert_same(&played.replace(&host, "localhost:3000"), &shown);

    let log = example.stop();
    let line = log.lines().find(|line| line.contains("delivery refused"));
    let (_time, line) = line.unwrap().split_once(' ').unwrap();
    let shown = block("README.md", "text", "delivery refused");
    // `exp` is in whole seconds, so the age is longer if a second begins in between.
    let age = "55 min 0 s";
    assert!(shown.contains(age), "{shown}");
    let pattern = shown.trim_end().replace(age, "55 min … s");
    assert!(
        matches(line.trim_start(), &pattern),
        "now:\n{line}\nthe page has:\n{pattern}"
    );
}
