//! `verify --batch`: JSON Lines in, JSON Lines out.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use qstash_verify::testing;
use qstash_verify_test_support::{DEFAULT, EU, US, captures};
use serde_json::{Value, json};

use crate::process::{COMMAND, run};

const AT: u64 = 1_783_794_365;
const URL: &str = "https://api.example.com/orders";

/// The answers to these lines, and the exit status.
fn batch(
    variables: &[(&str, &str)],
    arguments: &[&str],
    lines: &[u8],
) -> (Vec<Value>, Option<i32>) {
    let output = run(&[&["verify", "--batch"], arguments].concat())
        .with(variables)
        .input(lines)
        .end();
    assert_eq!(output.stderr, "");
    let answers = output.stdout.lines();
    let answers = answers
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (answers, output.code)
}

fn lines(values: &[Value]) -> Vec<u8> {
    let lines = values.iter().map(|value| format!("{value}\n"));
    lines.collect::<String>().into_bytes()
}

fn token(key: &str, body: impl Into<Vec<u8>>) -> String {
    testing::delivery(URL, body)
        .key(key)
        .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
        .token()
}

fn default_pair() -> [(&'static str, &'static str); 2] {
    [
        ("QSTASH_CURRENT_SIGNING_KEY", DEFAULT[0]),
        ("QSTASH_NEXT_SIGNING_KEY", DEFAULT[1]),
    ]
}

fn code(answer: &Value) -> &str {
    assert_eq!(answer["ok"], answer["error"].is_null());
    assert_ne!(answer["message"], "");
    answer["error"].as_str().unwrap_or("ok")
}

#[test]
fn an_accepted_line_has_the_claims_as_they_stand() {
    let line =
        json!({"signature": token(DEFAULT[1], "a"), "body": "a", "at": AT, "region": "us-east-1"});
    let (answers, status) = batch(&default_pair(), &[], &lines(&[line]));
    assert_eq!(status, Some(0));
    assert_eq!(
        answers,
        [json!({
            "ok": true,
            "region": "US_EAST_1",
            "key": "next",
            "source": "default",
            "claims": {
                "aud": "",
                "body": "ypeBEsobvcr6wjGzmiPcTaeG7_gUfE5yuYB3ha_uSLs=",
                "exp": AT + 300,
                "iat": AT,
                "iss": "Upstash",
                "jti": "jwt_testDelivery0000000000000000",
                "nbf": -62_135_596_800_i64,
                "sub": URL,
            },
        })]
    );
}

#[test]
fn every_field_counts() {
    let good = token(DEFAULT[0], "a");
    let (us, eu) = (token(US[0], "a"), token(EU[1], "a"));
    let regions = json!({
        "QSTASH_REGION": "US_EAST_1",
        "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY": US[0],
        "US_EAST_1_QSTASH_NEXT_SIGNING_KEY": US[1],
        "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY": EU[0],
        "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY": EU[1],
        "QSTASH_TOKEN": null,
        "PATH": "/bin",
    });
    let binary = [0xff, 0, b'a'];
    let cases = [
        (
            "ok",
            json!({"signature": good, "body": "a", "at": AT, "other": [1]}),
        ),
        (
            "ok",
            json!({"signature": good, "body_base64": "YQ==", "body": null, "at": AT}),
        ),
        (
            "ok",
            json!({"signature": good, "body_base64": "YQ", "at": AT as f64 + 0.5}),
        ),
        (
            "ok",
            json!({"signature": token(DEFAULT[0], binary), "body_base64": BASE64_STANDARD.encode(binary), "at": AT}),
        ),
        (
            "ok",
            json!({"signature": token(DEFAULT[0], "é\u{1f600}"), "body": "é\u{1f600}", "at": AT}),
        ),
        (
            "ok",
            json!({"signature": good, "body": "a", "at": AT, "url": URL, "region": null}),
        ),
        (
            "ok",
            json!({"signature": good, "body": "a", "at": AT + 300, "tolerance": 0.5}),
        ),
        (
            "ok",
            json!({"signature": us, "body": "a", "at": AT, "region": "US-EAST-1", "env": regions}),
        ),
        (
            "ok",
            json!({"signature": eu, "body": "a", "at": AT, "region": "EU_central_1", "env": regions}),
        ),
        (
            "ok",
            json!({"signature": token("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "a"), "body": "a", "at": AT, "env": {"QSTASH_DEV": "true"}}),
        ),
        ("missing_signature", json!({"signature": null, "body": ""})),
        ("missing_signature", json!({"body": ""})),
        ("malformed_token", json!({"signature": "", "body": ""})),
        ("malformed_token", json!({"signature": "a.b", "body": ""})),
        (
            "unsupported_algorithm",
            json!({"signature": "eyJhbGciOiJub25lIn0.e30.", "body": ""}),
        ),
        (
            "bad_signature",
            json!({"signature": us, "body": "a", "at": AT}),
        ),
        (
            "bad_signature",
            json!({"signature": us, "body": "a", "at": AT, "region": "EU-CENTRAL-1", "env": regions}),
        ),
        (
            "expired",
            json!({"signature": good, "body": "a", "at": AT + 300}),
        ),
        (
            "url_mismatch",
            json!({"signature": good, "body": "a", "at": AT, "url": format!("{URL}/")}),
        ),
        (
            "body_mismatch",
            json!({"signature": good, "body": "b", "at": AT}),
        ),
        (
            "no_signing_keys",
            json!({"signature": good, "body": "a", "at": AT, "env": {}}),
        ),
        (
            "no_signing_keys",
            json!({"signature": us, "body": "a", "at": AT, "env": regions}),
        ),
        (
            "invalid_region",
            json!({"signature": good, "body": "a", "at": AT, "env": {"QSTASH_REGION": "MARS"}}),
        ),
        ("invalid_input", json!({"signature": good, "at": AT})),
        (
            "invalid_input",
            json!({"signature": good, "body": "a", "body_base64": "YQ"}),
        ),
        (
            "invalid_input",
            json!({"signature": good, "body_base64": "Y"}),
        ),
        ("invalid_input", json!({"signature": 7, "body": ""})),
        (
            "invalid_input",
            json!({"signature": good, "body": {"a": 1}}),
        ),
        (
            "invalid_input",
            json!({"signature": good, "body": "", "at": "now"}),
        ),
        (
            "invalid_input",
            json!({"signature": good, "body": "", "at": 1e300}),
        ),
        (
            "invalid_input",
            json!({"signature": good, "body": "", "tolerance": -1}),
        ),
        (
            "invalid_input",
            json!({"signature": good, "body": "", "url": "example.com"}),
        ),
        (
            "invalid_input",
            json!({"signature": good, "body": "", "env": {"QSTASH_REGION": 1}}),
        ),
        ("invalid_input", json!([good, "a"])),
    ];
    let input: Vec<_> = cases.iter().map(|(_, line)| line.clone()).collect();
    let (answers, status) = batch(&default_pair(), &[], &lines(&input));
    assert_eq!(status, Some(1));
    assert_eq!(answers.len(), cases.len());
    for ((expected, line), answer) in cases.iter().zip(&answers) {
        assert_eq!(code(answer), *expected, "{line} {answer}");
    }
}

#[test]
fn a_line_that_is_no_json_has_an_answer_too() {
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
fn nothing_secret_is_quoted() {
    let input =
        json!({"signature": "x", "body": "", "env": "QSTASH_CURRENT_SIGNING_KEY=sig_secretSecret"});
    let more = json!({"signature": {"sig_secretSecret": 1}, "body": ""});
    let (answers, _) = batch(&[], &[], &lines(&[input, more]));
    for answer in answers {
        assert_eq!(code(&answer), "invalid_input");
        assert!(!answer.to_string().contains("ecret"), "{answer}");
    }
}

#[test]
fn what_is_given_is_for_lines_that_say_nothing() {
    let line = |more: Value| {
        let mut line = json!({"signature": token(DEFAULT[0], "a"), "body": "a"});
        line.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        line
    };
    let at = (AT + 10).to_string();
    let given = [
        "--at",
        &at,
        "--url",
        URL,
        "--current-key",
        DEFAULT[0],
        "--region",
        "US-EAST-1",
    ];
    let input = lines(&[
        line(json!({})),
        line(json!({"at": AT + 400})),
        line(json!({"url": "https://x.y/"})),
        // Keys that are given count whatever the variables say.
        line(json!({"env": {}})),
    ]);
    let (answers, _) = batch(&[], &given, &input);
    let codes: Vec<_> = answers.iter().map(code).collect();
    assert_eq!(codes, ["ok", "expired", "url_mismatch", "ok"]);
    assert_eq!(answers[0]["source"], "explicit");
    assert_eq!(answers[0]["region"], "US_EAST_1");
}

#[test]
fn genuine_captures() {
    let input: Vec<_> = captures()
        .iter()
        .map(|capture| {
            json!({
                "signature": capture.signature,
                "body_base64": BASE64_URL_SAFE_NO_PAD.encode(&capture.body),
                "url": capture.url,
                "at": capture.at,
                "env": {
                    "QSTASH_CURRENT_SIGNING_KEY": capture.keys[0],
                    "QSTASH_NEXT_SIGNING_KEY": capture.keys[1],
                },
            })
        })
        .collect();
    let (answers, status) = batch(&[], &[], &lines(&input));
    assert_eq!((answers.len(), status), (captures().len(), Some(0)));
    for (answer, capture) in answers.iter().zip(captures()) {
        assert_eq!(answer["key"], "current");
        assert_eq!(answer["claims"]["sub"], capture.url);
    }
}

#[test]
fn each_line_is_answered_when_it_comes() {
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
        // Half of the next one is no reason to keep this one back.
        input.write_all(format!("{tail}{head}").as_bytes()).unwrap();
        // Would wait for ever if it were kept back.
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert!(line.contains("no_signing_keys"), "{line}");
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn whoever_has_seen_enough_may_go() {
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
    // It ends at one of these; what is written then has no reader.
    while input.write_all(&b"nonsense\n".repeat(1000)).is_ok() {}
    drop(input);
    let output = child.wait_with_output().unwrap();
    // What it had seen counts.
    assert_eq!((output.status.code(), output.stderr), (Some(1), Vec::new()));
}
