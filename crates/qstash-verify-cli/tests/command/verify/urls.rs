//! URL mismatches.

use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::testing;
use qstash_verify_test_support::DEFAULT;

use super::{AT, BODY, URL, verify};

#[test]
fn common_differences_of_urls_are_explained() {
    let token = |url: &str| {
        let delivery = testing::delivery(url, BODY).key(DEFAULT[0]);
        delivery
            .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
            .token()
    };
    for (signed, given, what) in [
        ("https://a.b/c/?d", "https://a.b/c?d", "with a trailing `/`"),
        (
            "https://a.b/c?d",
            "https://a.b/c/?d",
            "without the trailing `/`",
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
            "with --base-url https://a.b --path /c, as a service with `base_url` compares, it \
             matches",
        ),
        (
            "https://API.Example.com/webhook",
            "https://api.example.com/webhook",
            "with --base-url https://api.example.com --path /webhook, as a service with \
             `base_url` compares, it matches",
        ),
    ] {
        let output = verify(&token(signed), BODY, &["--url", given]);
        let text = format!("signed for {signed}, and --url is {given}; {parts}");
        output.assert_check("url", "FAIL", &text);
    }
    for (signed, base, path, verdict) in [
        (
            "https://API.Example.com/hook?a",
            "https://api.example.com/",
            "/hook?a",
            "ok",
        ),
        ("https://a.b/api/hook", "https://a.b/api", "/hook", "ok"),
        (
            "https://a.b/api/hook",
            "https://a.b/api",
            "/api/hook",
            "; without the path of --base-url, it matches",
        ),
        (
            "https://a.b/hook",
            "https://a.b",
            "/hook/",
            "; without the trailing `/`, it matches",
        ),
        (
            "http://a.b/hook",
            "https://a.b",
            "/hook",
            "; with the other scheme, it matches",
        ),
        (
            "https://a.b/hook",
            "https://a.b",
            "/x",
            "; they differ in path",
        ),
    ] {
        let output = verify(&token(signed), BODY, &["--base-url", base, "--path", path]);
        if verdict == "ok" {
            output.assert_check("url", "ok", &format!("signed for {signed}"));
            output.assert_verdict("genuine");
        } else {
            assert!(output.check("url").ends_with(verdict), "{output:#?}");
            output.assert_verdict("refused: url_mismatch");
        }
    }
    // As in a service, any may match.
    let several = [
        "--url",
        "https://a.b/x",
        "--url",
        URL,
        "--base-url",
        "https://a.b",
        "--path",
        "/",
    ];
    verify(&token(URL), BODY, &several).assert_verdict("genuine");
    for (arguments, what) in [
        (
            &["--base-url", "https://a.b"][..],
            "--path is missing: --base-url needs",
        ),
        (&["--path", "/x"], "--base-url"),
        (
            &["--base-url", "https://a.b/?c", "--path", "/x"],
            "it has a query",
        ),
        (
            &["--base-url", "https://a.b", "--path", "x"],
            "it does not begin with `/`",
        ),
    ] {
        let output = verify(&token(URL), BODY, arguments).code(2);
        assert!(output.stderr.contains(what), "{output:?}");
    }
    let none = verify(&token(URL), BODY, &["--url", "api.example.com"]).code(2);
    assert!(
        none.stderr
            .contains("it has no scheme, which only a loopback host may omit"),
        "{none:?}"
    );
}
