//! `sign`: headers, JSON and curl commands that a service accepts.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use qstash_verify::{KeySlot, RequestHead, SigningKeys, Verified, Verifier, VerifyError};
use qstash_verify_test_support::{DEFAULT, EU, US};
use serde_json::Value;

use crate::process::{Listen, run};

const URL: &str = "https://api.example.com/orders?a=b";
/// When the deliveries here are signed.
const AT: &str = "2026-07-11T18:26:05Z";
const UNIX_AT: u64 = 1_783_794_365;

fn verify(
    keys: [&str; 2],
    headers: &BTreeMap<String, String>,
    body: &[u8],
) -> Result<Verified, VerifyError> {
    let [current, next] = keys;
    let verifier = Verifier::builder(SigningKeys::new(current, next).unwrap())
        .url(URL)
        .unwrap()
        .clock(|| UNIX_EPOCH + Duration::from_secs(UNIX_AT))
        .build();
    verifier.verify(&RequestHead::new(headers, "/"), body)
}

/// Parses printed headers, one a line.
fn headers(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(|line| line.split_once(": ").unwrap());
    lines
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn sign(variables: &[(&str, &str)], arguments: &[&str]) -> BTreeMap<String, String> {
    let fixed = ["sign", "--url", URL, "--data", "hello", "--at", AT];
    let output = run(&[&fixed[..], arguments].concat())
        .with(variables)
        .end()
        .code(0);
    assert_eq!(output.stderr, "");
    headers(&output.stdout)
}

const PAIR: [(&str, &str); 2] = [
    ("QSTASH_CURRENT_SIGNING_KEY", DEFAULT[0]),
    ("QSTASH_NEXT_SIGNING_KEY", DEFAULT[1]),
];
const REGIONS: [(&str, &str); 5] = [
    ("QSTASH_REGION", "US_EAST_1"),
    ("US_EAST_1_QSTASH_CURRENT_SIGNING_KEY", US[0]),
    ("US_EAST_1_QSTASH_NEXT_SIGNING_KEY", US[1]),
    ("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY", EU[0]),
    ("EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY", EU[1]),
];

#[test]
fn headers_are_those_of_qstash() {
    let signed = sign(
        &PAIR,
        &[
            "--message-id",
            "msg_1",
            "--schedule-id",
            "scd_1",
            "--retried",
            "2",
        ],
    );
    let verified = verify(DEFAULT, &signed, b"hello").unwrap();
    assert_eq!(verified.key_slot(), KeySlot::Current);
    assert_eq!(verified.claims().sub(), URL);
    assert_eq!(
        verified.claims().exp(),
        UNIX_EPOCH + Duration::from_secs(UNIX_AT + 300)
    );
    let mut rest = signed.clone();
    rest.remove("upstash-signature");
    let expected = [
        ("content-type", "text/plain; charset=utf-8"),
        ("upstash-message-id", "msg_1"),
        ("upstash-region", "EU-CENTRAL-1"),
        ("upstash-retried", "2"),
        ("upstash-schedule-id", "scd_1"),
        ("user-agent", "Upstash-QStash"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(rest, BTreeMap::from(expected));

    // Each delivery has its own ID and token.
    let (one, other) = (sign(&PAIR, &[]), sign(&PAIR, &[]));
    assert_ne!(one["upstash-message-id"], other["upstash-message-id"]);
    assert_ne!(one["upstash-signature"], other["upstash-signature"]);
    let id = &one["upstash-message-id"];
    assert!(id.starts_with("msg_") && id.len() == 32, "{id}");
}

#[test]
fn signing_key_is_the_one_a_service_verifies_with() {
    let next = sign(&PAIR, &["--next"]);
    assert_eq!(
        verify(DEFAULT, &next, b"hello").unwrap().key_slot(),
        KeySlot::Next
    );

    // The primary region, unless another one is asked for.
    let us = sign(&REGIONS, &[]);
    assert_eq!(us["upstash-region"], "US-EAST-1");
    verify(US, &us, b"hello").unwrap();
    let eu = sign(&REGIONS, &["--region", "eu-central-1", "--next"]);
    assert_eq!(eu["upstash-region"], "EU-CENTRAL-1");
    assert_eq!(verify(EU, &eu, b"hello").unwrap().key_slot(), KeySlot::Next);

    // Given keys take precedence over variables.
    let given = sign(
        &REGIONS,
        &["--current-key", DEFAULT[0], "--next-key", DEFAULT[1]],
    );
    verify(DEFAULT, &given, b"hello").unwrap();

    let output = run(&["sign", "--url", URL, "--data", "hello", "--at", AT])
        .end()
        .code(0);
    let note =
        "note: no signing keys are set: using the published keys of the development server\n";
    assert_eq!(output.stderr, note);
    let development = [
        "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
        "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
    ];
    verify(development, &headers(&output.stdout), b"hello").unwrap();
    let on = sign(&[("QSTASH_DEV", "1"), PAIR[0], PAIR[1]], &[]);
    verify(development, &on, b"hello").unwrap();
}

#[test]
fn missing_keys_are_an_error() {
    let eu_only = [&REGIONS[..1], &REGIONS[3..]].concat();
    let output = run(&["sign", "--url", URL, "--data", ""])
        .with(&eu_only)
        .end()
        .code(2);
    assert!(
        output
            .stderr
            .contains("US_EAST_1_QSTASH_CURRENT_SIGNING_KEY"),
        "{output:?}"
    );
    let half = run(&["sign", "--url", URL, "--data", ""])
        .with(&PAIR[..1])
        .end()
        .code(2);
    assert!(
        half.stderr.contains("QSTASH_NEXT_SIGNING_KEY is not set"),
        "{half:?}"
    );
    assert!(half.stderr.contains("qstash-verify check"), "{half:?}");
    assert!(!half.all().contains(DEFAULT[0]), "{half:?}");
}

#[test]
fn token_expires_as_requested() {
    for (seconds, code) in [("-5", Some("expired")), ("0", Some("expired")), ("1", None)] {
        let signed = sign(&PAIR, &["--expires-in", seconds]);
        let verdict = verify(DEFAULT, &signed, b"hello");
        assert_eq!(verdict.err().map(|reason| reason.code()), code, "{seconds}");
    }
}

#[test]
fn json_has_the_delivery() {
    let arguments = [
        "sign", "--url", URL, "--body", "-", "--at", AT, "--json", "--method", "PUT", "-H",
        "X-A: b",
    ];
    for body in [&b"{\"a\":1}"[..], b"plain", b"\xff\x00"] {
        let output = run(&arguments).with(&PAIR).input(body).end().code(0);
        assert_eq!(output.stdout.lines().count(), 1, "{output:?}");
        let value: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(
            (&value["url"], &value["method"]),
            (&URL.into(), &"PUT".into())
        );
        let signed: BTreeMap<String, String> =
            serde_json::from_value(value["headers"].clone()).unwrap();
        assert_eq!(signed["x-a"], "b");
        let content_type = match body[0] {
            b'{' => "application/json",
            b'p' => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        };
        assert_eq!(signed["content-type"], content_type);
        verify(DEFAULT, &signed, body).unwrap();
        match value["body"].as_str() {
            Some(text) => assert_eq!(text.as_bytes(), body),
            None => {
                let text = value["body_base64"].as_str().unwrap();
                assert_eq!(BASE64_STANDARD.decode(text).unwrap(), body);
            }
        }
    }
}

#[test]
fn curl_command_for_head_has_no_body() {
    let head = |body: &'static [u8], given: &str| {
        let arguments = [
            "sign", "--url", URL, "--data", given, "--curl", "-X", "HEAD",
        ];
        run(&arguments).with(&PAIR).file("b", body).end()
    };
    for output in [head(b"", ""), head(b"", "@b")] {
        let output = output.code(0);
        assert!(output.stdout.contains(" --head "), "{output:#?}");
        assert!(!output.stdout.contains("--data"), "{output:#?}");
        assert!(!output.stdout.trim_end().ends_with('\\'), "{output:#?}");
    }
    for output in [head(b"", "x"), head(b"x", "@b")] {
        output.assert_misuse(
            "curl sends no body with HEAD: --curl -X HEAD; leave the body out, or use --json",
        );
    }
}

#[test]
fn curl_command_quotes_an_unusual_method() {
    let arguments = ["sign", "--url", URL, "--data", "", "--curl", "-X", "A|b`c`"];
    let output = run(&arguments).with(&PAIR).end().code(0);
    assert!(output.stdout.contains(" -X 'A|b`c`' "), "{output:#?}");
}

#[cfg(unix)]
#[test]
fn curl_command_sends_the_delivery_unchanged() {
    if Command::new("curl").arg("--version").output().is_err() {
        // Not installed.
        return;
    }
    let listen = Listen::start(&["--body"], &[]);
    let url = listen.url("/it's/./here?a=b&c='d'&e[1]={f,g}");
    for body in [
        "{\"a\":\"it's\"}",
        "@not a file",
        "two\nlines\n",
        "",
        "$HOME `x` \\ \"q\"",
    ] {
        let output = run(&[
            "sign",
            "--url",
            &url,
            "--data-raw",
            body,
            "--curl",
            "--method",
            "PATCH",
        ])
        .end()
        .code(0);
        let answer = Command::new("sh")
            .args(["-c", &format!("exec {} -sS", output.stdout.trim_end())])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&answer.stdout);
        assert!(
            text.starts_with("HTTP/1.1 200 OK"),
            "{text}\n{}",
            output.stdout
        );
        let line = listen.line();
        assert!(
            line.starts_with("accepted 200 PATCH /it's/./here?a=b&c='d'&e[1]={f,g} "),
            "{line}"
        );
        if !body.is_empty() {
            assert_eq!(listen.line(), format!("  {}", body.replace('\n', "\\n")));
        }
    }
    let head = ["sign", "--url", &url, "--data", "", "--curl", "-X", "HEAD"];
    let output = run(&head).end().code(0);
    let answer = Command::new("sh")
        .args(["-c", &format!("exec {} -sS", output.stdout.trim_end())])
        .output()
        .unwrap();
    assert!(answer.status.success(), "{answer:?}");
    let line = listen.line();
    assert!(line.starts_with("accepted 200 HEAD /it's"), "{line}");
    listen.stop().code(0);
    let binary = ["sign", "--url", URL, "--body", "-", "--curl"];
    for body in [&b"\xff"[..], b"a\x1b[31m", b"\0"] {
        let output = run(&binary).with(&PAIR).input(body).end();
        output.assert_misuse(
            "the body has bytes that a command line can't hold: --curl; give it with --body FILE",
        );
    }
    let file = run(&["sign", "--url", URL, "--data", "@b", "--curl"])
        .with(&PAIR)
        .file("b", b"\xff")
        .end();
    assert!(file.code(0).stdout.ends_with(" \\\n  --data-binary '@b'\n"));
}
