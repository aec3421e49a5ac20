//! The report of a verification.

use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::Region;
use qstash_verify::testing;
use qstash_verify_test_support::{DEFAULT, EU, captures};

use crate::process::run;

use super::{AT, BODY, URL, both_regions, default_pair, delivery, verify, verify_with};

#[test]
fn captured_deliveries_are_genuine() {
    for capture in captures() {
        let [current, next] = &capture.keys;
        let at = capture.at.to_string();
        let body = std::str::from_utf8(&capture.body).unwrap();
        let keys = ["--current-key", current, "--next-key", next];
        let rest = ["--url", &capture.url, "--at", &at];
        let output = verify_with(&[], &capture.signature, body, &[&keys[..], &rest].concat());
        output.assert_verdict("genuine");
        assert_eq!(output.stderr, "");
        output.assert_check("keys", "ok", "the given keys");
        output.assert_check("signature", "ok", "made by the current key");
        output.assert_check("url", "ok", &format!("signed for {}", capture.url));

        // From the environment, and with one key.
        let variables = [
            ("QSTASH_CURRENT_SIGNING_KEY", &**current),
            ("QSTASH_NEXT_SIGNING_KEY", next),
        ];
        let output = verify_with(&variables, &capture.signature, body, &["--at", &at]);
        output.assert_verdict("genuine");
        output.assert_check("keys", "ok", "the default pair");
        let output = verify_with(
            &[],
            &capture.signature,
            body,
            &["--current-key", current, "--at", &at],
        );
        output.assert_verdict("genuine");

        // Long ago.
        let output = verify_with(
            &variables,
            &capture.signature,
            body,
            &["--at", "1800000000"],
        );
        output.assert_verdict("refused: expired");
    }
}

#[test]
fn report_of_an_accepted_delivery_is_complete() {
    let delivery = delivery(DEFAULT[0]).region(Region::EuCentral1);
    let token = delivery.token();
    let output = verify(&token, BODY, &["--url", URL, "--region", "EU-CENTRAL-1"]);
    let length = token.len();
    output.assert(
        0,
        &format!(
            "ok   token     HS256, {length} characters\n\
             ok   keys      the default pair\n\
             ok   signature made by the current key\n\
             ok   claims    iss Upstash, jti jwt_testDelivery0000000000000000, iat 2026-07-11T18:26:05Z\n\
             ok   time      valid until 2026-07-11T18:31:05Z\n\
             ok   url       signed for https://api.example.com/orders\n\
             ok   body      24 bytes, as signed\n\
             genuine\n"
        ),
    );
}

#[test]
fn json_report_has_stable_keys() {
    let token = delivery(DEFAULT[0]).region(Region::EuCentral1).token();
    let json = |arguments: &[&str], body: &str, code| {
        let output = verify(&token, body, &[&["--json"], arguments].concat()).code(code);
        assert_eq!(output.stdout.lines().count(), 1);
        serde_json::from_str::<serde_json::Value>(&output.stdout).unwrap()
    };
    let good = json(&["--region", "EU-CENTRAL-1"], BODY, 0);
    let bad = json(&["--at", "1783799999"], "x", 1);
    let keys = |value: &serde_json::Value| {
        let keys = value.as_object().unwrap().keys();
        keys.map(String::clone).collect::<Vec<_>>()
    };
    assert_eq!(keys(&good), keys(&bad));
    assert_eq!(good["ok"], true);
    assert_eq!(good["error"], serde_json::Value::Null);
    assert_eq!(good["region"], "EU_CENTRAL_1");
    assert_eq!(good["key"], "current");
    assert_eq!(good["source"], "default");
    assert_eq!(good["claims"]["sub"], URL);
    assert_eq!(bad["ok"], false);
    assert_eq!(bad["error"], "expired");
    assert_eq!(bad["claims"], serde_json::Value::Null);
    let steps = |value: &serde_json::Value| {
        let steps = value["steps"].as_array().unwrap().iter();
        steps
            .map(|step| (step["step"].to_string(), step["result"].to_string()))
            .map(|(step, result)| format!("{step} {result}").replace('"', ""))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(
        steps(&bad),
        "token ok, keys ok, signature ok, claims ok, time failed, url ok, body failed"
    );
    assert_eq!(bad["steps"][6]["error"], "body_mismatch");
}

#[test]
fn body_limit_is_that_of_the_service() {
    let token = delivery(DEFAULT[0]).token();
    verify(&token, BODY, &["--body-limit", "24"]).assert_verdict("genuine");
    verify(&token, BODY, &["--body-limit", "23"]).assert_verdict("refused: body_too_large");
}

#[test]
fn wrong_date_has_its_distance() {
    let token = delivery(DEFAULT[0]).token();
    let late = verify(&token, BODY, &["--at", "2026-07-11T20:35:17+02:00"]);
    late.assert_check(
        "time",
        "FAIL",
        "expired 4 min 12 s before --at, at 2026-07-11T18:31:05Z",
    );
    late.assert_verdict("refused: expired");
    verify(
        &token,
        BODY,
        &["--at", "2026-07-11T20:35:17+02:00", "--tolerance", "253"],
    )
    .assert_verdict("genuine");
    // The second in which it expires.
    let then = (AT + 300).to_string();
    verify(&token, BODY, &["--at", &then]).assert_verdict("refused: expired");

    let early = delivery(DEFAULT[0]).claim("nbf", AT + 90).token();
    let early = verify(&early, BODY, &[]);
    early.assert_check(
        "time",
        "FAIL",
        "not valid until 2026-07-11T18:27:35Z (`nbf`), 1 min 30 s after --at",
    );
    early.assert_verdict("refused: not_yet_valid");

    // `SystemTime` can't represent these.
    for exp in [-1e300, -1e15] {
        let never = delivery(DEFAULT[0]).claim("exp", exp).token();
        verify(&never, BODY, &[]).assert_verdict("refused: expired");
    }
    let now = run(&["verify", "--signature", &token, "--data", BODY])
        .with(&default_pair())
        .end();
    assert!(
        now.check("time").contains(" before now, at 2026-07-11"),
        "{now:#?}"
    );
}

#[test]
fn one_refusal_does_not_hide_others() {
    let token = delivery(DEFAULT[0]).token();
    let url = format!("{URL}/");
    let body = format!("{BODY}\n");
    let output = verify(&token, &body, &["--url", &url, "--at", "1783799999"]);
    output.assert_check(
        "url",
        "FAIL",
        "signed for https://api.example.com/orders, and --url is https://api.example.com/orders/; \
         without the trailing `/`, it matches",
    );
    output.assert_check(
        "body",
        "FAIL",
        "body hash differs: the token was signed for another body than these 25 bytes; with a \
         trailing newline removed, it matches",
    );
    output.assert_verdict("refused: expired; also url_mismatch, body_mismatch");
}

#[test]
fn common_changes_to_the_body_are_found() {
    let token = delivery(DEFAULT[0]).token();
    for (body, what) in [
        (format!("{BODY}\r\n"), "a trailing newline removed"),
        (format!("\u{feff}{BODY}"), "the byte-order mark removed"),
        (format!("  {BODY} "), "white space around it removed"),
        (
            r#"{"id": 7, "items": ["a b"]}"#.to_owned(),
            "its JSON re-serialised without white space",
        ),
        (
            "eyJpZCI6NywiaXRlbXMiOlsiYSBiIl19".to_owned(),
            "its base64 decoded",
        ),
    ] {
        let output = verify(&token, &body, &[]);
        assert!(
            output
                .check("body")
                .ends_with(&format!("; with {what}, it matches")),
            "{output:#?}"
        );
        output.assert_verdict("refused: body_mismatch");
    }
    let other = verify(&token, "something else", &[]);
    let unknown =
        "; something before the verifier changes it, or it is not the body of this delivery";
    assert!(other.check("body").ends_with(unknown), "{other:#?}");
}

#[test]
fn body_has_no_limit_by_default() {
    let body = "x".repeat(11 * 1024 * 1024);
    let token = testing::delivery(URL, body.as_str())
        .key(DEFAULT[0])
        .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
        .token();
    let arguments = [
        "verify",
        "--signature",
        &token,
        "--body",
        "-",
        "--at",
        "1783794365",
    ];
    let output = run(&arguments).with(&default_pair()).input(body).end();
    output.assert_verdict("genuine");
}

#[test]
fn control_characters_of_a_header_are_escaped() {
    let token = delivery(EU[0]).claim("sub", "https://x/\u{1b}[2J").token();
    let region = "X\u{1b}]0;pwned\u{7}";
    let output = verify_with(&both_regions(), &token, BODY, &["--region", region]);
    assert!(!output.all().contains(['\u{1b}', '\u{7}']), "{output:#?}");
}
