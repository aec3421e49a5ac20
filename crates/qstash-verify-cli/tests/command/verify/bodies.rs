//! Re-serialised bodies.

use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::testing;
use qstash_verify_test_support::DEFAULT;

use super::{AT, URL, verify};

#[test]
fn re_serialised_json_is_found() {
    for (signed, given, how) in [
        (
            r#"{"transcript": "Alright, let\u2019s go", "d": "2026-07-11"}"#,
            "{\"transcript\":\"Alright, let\u{2019}s go\",\"d\":\"2026-07-11\"}",
            "as Python does",
        ),
        (
            r#"{"url":"https:\/\/a.b\/c","name":"caf\u00e9"}"#,
            "{\"url\":\"https://a.b/c\",\"name\":\"caf\u{e9}\"}",
            "without white space, with PHP's escapes",
        ),
        (
            r#"{"html":"\u003cp\u003e\u0026amp;\u2028"}"#,
            "{\"html\":\"<p>&amp;\u{2028}\"}",
            "without white space, with Go's escapes",
        ),
        (
            r#"{"price": 1.0, "count": 2}"#,
            r#"{"price":1,"count":2}"#,
            "as Python does, with `1.0` for `1`",
        ),
    ] {
        let token = testing::delivery(URL, signed)
            .key(DEFAULT[0])
            .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
            .token();
        let output = verify(&token, given, &[]);
        let end = format!("; with its JSON re-serialised {how}, it matches");
        assert!(output.check("body").ends_with(&end), "{output:#?}");
        output.assert_verdict("refused: body_mismatch");
    }
}
