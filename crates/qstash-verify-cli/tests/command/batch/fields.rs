//! The fields of a line.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use qstash_verify_test_support::{DEFAULT, EU, US, captures};
use serde_json::{Value, json};

use super::{AT, URL, batch, code, default_pair, lines, token};

#[test]
fn accepted_line_has_the_raw_claims() {
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
fn each_field_changes_the_verdict() {
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
fn errors_quote_no_secret() {
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
fn options_are_defaults_of_the_fields() {
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
        // Given keys take precedence over variables.
        line(json!({"env": {}})),
    ]);
    let (answers, _) = batch(&[], &given, &input);
    let codes: Vec<_> = answers.iter().map(code).collect();
    assert_eq!(codes, ["ok", "expired", "url_mismatch", "ok"]);
    assert_eq!(answers[0]["source"], "explicit");
    assert_eq!(answers[0]["region"], "US_EAST_1");
}

#[test]
fn captured_deliveries_are_accepted() {
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
