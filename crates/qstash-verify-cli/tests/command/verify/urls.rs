//! URLs that are nearly right.

use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::testing;
use qstash_verify_test_support::DEFAULT;

use super::{AT, BODY, URL, verify};

#[test]
fn a_url_that_is_nearly_right_is_found() {
    let token = |url: &str| {
        let delivery = testing::delivery(url, BODY).key(DEFAULT[0]);
        delivery
            .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
            .token()
    };
    for (signed, given, what) in [
        (
            "https://a.b/c/?d",
            "https://a.b/c?d",
            "with a `/` at its end",
        ),
        (
            "https://a.b/c?d",
            "https://a.b/c/?d",
            "without the `/` at its end",
        ),
        ("https://a.b/c", "http://a.b/c", "with the other scheme"),
        ("https://a.b/c", "https://a.b/c?d=1", "without its query"),
    ] {
        let output = verify(&token(signed), BODY, &["--url", given]);
        let text = format!("signed for {signed}, and --url is {given}; {what}, it matches");
        output.assert_check("url", "FAIL", &text);
        output.assert_verdict("refused: url_mismatch");
    }
    for (signed, given, parts) in [
        (
            "https://a.b/c",
            "https://x.y/z",
            "they differ in host or port, path",
        ),
        (
            "https://a.b/c",
            "https://a.b:443/c",
            "they differ in host or port",
        ),
        (
            "https://a.b/c?d=1",
            "https://a.b/c?d=2",
            "they differ in query",
        ),
        (
            "https://a.b/c#d",
            "https://a.b/c",
            "they are compared to the letter",
        ),
    ] {
        let output = verify(&token(signed), BODY, &["--url", given]);
        let text = format!("signed for {signed}, and --url is {given}; {parts}");
        output.assert_check("url", "FAIL", &text);
    }
    let none = verify(&token(URL), BODY, &["--url", "api.example.com"]).code(2);
    assert!(
        none.stderr.contains("does not begin with https://"),
        "{none:?}"
    );
}
