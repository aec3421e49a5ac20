//! Keys that are unset or unusable.

use qstash_verify_test_support::DEFAULT;

use crate::process::run;

use super::{BODY, URL, delivery, verify_with};

#[test]
fn without_keys_the_published_ones_are_used() {
    const NOTICE: &str =
        "note: no signing keys are set: using the published keys of the development server\n";
    let signed = run(&["sign", "--url", URL, "--data", BODY, "--json"]).end();
    assert_eq!(signed.stderr, NOTICE);
    let signed: serde_json::Value = serde_json::from_str(&signed.stdout).unwrap();
    let token = signed["headers"]["upstash-signature"].as_str().unwrap();
    let arguments = ["verify", "--signature", token, "--url", URL, "--data"];
    let output = run(&[&arguments[..], &[BODY]].concat()).end();
    output.assert_verdict("genuine");
    assert_eq!(output.stderr, NOTICE);
    assert!(
        output
            .check("keys")
            .starts_with("warn keys      published keys")
    );
    let output = run(&[&arguments[..], &["x"]].concat()).end();
    output.assert_verdict("refused: body_mismatch");

    // The signing keys are missing, not wrong.
    let token = delivery(DEFAULT[0]).token();
    let output = verify_with(&[], &token, BODY, &[]);
    output.assert_verdict("refused: no_signing_keys");
    assert_eq!(output.stderr, NOTICE);

    let empty = [("QSTASH_NEXT_SIGNING_KEY", "")];
    let output = verify_with(&empty, &token, BODY, &[]);
    assert_eq!(
        output.stderr,
        "note: no signing keys are set (QSTASH_NEXT_SIGNING_KEY is empty): using the published keys \
         of the development server\n"
    );
}

#[cfg(unix)]
#[test]
fn unreadable_variable_is_an_error() {
    use std::os::unix::ffi::OsStrExt as _;

    let not_utf8 = std::ffi::OsStr::from_bytes(b"sig_\xff");
    for arguments in [
        &["verify", "--signature", "x", "--data", ""][..],
        &["verify", "--batch"],
        &["sign", "--url", URL, "--data", ""],
        &["send", "http://127.0.0.1:1/", "--data", ""],
        &["listen", "--port", "0"],
    ] {
        let unreadable = run(arguments).with_os("QSTASH_CURRENT_SIGNING_KEY", not_utf8);
        unreadable.end().assert_misuse(
            "QSTASH_CURRENT_SIGNING_KEY is set to bytes that are not UTF-8: copy its value again",
        );
        for (file, line, why) in [
            (
                &b"A=b\nQSTASH_CURRENT_SIGNING_KEY=a b\n"[..],
                2,
                "a value with a space in it needs quotes",
            ),
            (
                b"A=\"b\nQSTASH_CURRENT_SIGNING_KEY=a\n",
                1,
                "a quote isn't closed, so the lines after it are part of the value",
            ),
            (b"\xff\xfeQ\0", 1, "the file is UTF-16: save it as UTF-8"),
        ] {
            run(arguments)
                .file(".env", file)
                .end()
                .assert_misuse(&format!(
                    "{why}: line {line} of .env; correct it, or leave the file out with \
                     --no-env-file"
                ));
        }
    }
    let key = DEFAULT[0];
    let sign = ["sign", "--url", URL, "--data", "", "--current-key", key];
    run(&sign)
        .with(&[("QSTASH_REGION", "MARS")])
        .end()
        .assert_misuse(
            "QSTASH_REGION is \"MARS\", which is not a region: set it to US_EAST_1 or EU_CENTRAL_1, or \
             unset it to use one region's keys; or give --region",
        );
    run(&sign)
        .with_os("QSTASH_REGION", not_utf8)
        .end()
        .assert_misuse(
            "QSTASH_REGION is set to bytes that are not UTF-8: copy its value again; or give \
             --region",
        );
}
