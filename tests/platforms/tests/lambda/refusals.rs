//! Refused deliveries.

use qstash_verify_platform_tests::{URL, now, refused};
use qstash_verify_test_support::{DEFAULT, DEFAULT_VARIABLES, Token};

use crate::event::{Request, Source};
use crate::runtime_api::Function;

const BODY: &[u8] = b"hello";

#[test]
fn refusals_have_status_code_and_challenge() {
    let function = Function::start(&DEFAULT_VARIABLES);
    let token = Token::new(URL, BODY, now());
    let unsigned = || Request::unsigned("/webhook", BODY);
    let expired = Token::new(URL, BODY, now() - 301).sign(DEFAULT[0]);
    let early = token.clone().claim("nbf", &(now() + 60).to_string());
    for source in Source::ALL {
        for (request, code) in [
            (unsigned(), "missing_signature"),
            (unsigned().signed("junk"), "malformed_token"),
            (unsigned().signed(token.sign("sig_other")), "bad_signature"),
            (unsigned().signed(&expired), "expired"),
            (unsigned().signed(early.sign(DEFAULT[0])), "not_yet_valid"),
            (
                Request::genuine("/webhook", BODY).body(b"other"),
                "body_mismatch",
            ),
            (
                Request::genuine("/webhook", BODY).body(b""),
                "body_mismatch",
            ),
        ] {
            let answer = function.invoke(request.event(source));
            assert_eq!(answer.json(), refused(code), "{source:?}");
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, Some("Upstash-Signature"), "{source:?}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
        }
    }
}

/// API Gateway joins repeated headers of v2 events. Of v1 events, `lambda_http` keeps the
/// last value, as an ALB does without multi-value headers.
#[test]
fn two_signatures_are_malformed_or_the_last_one_counts() {
    let function = Function::start(&DEFAULT_VARIABLES);
    let [genuine, forged] =
        [DEFAULT[0], "sig_other"].map(|key| Token::new(URL, BODY, now()).sign(key));
    for source in Source::ALL {
        for (first, second, last) in [
            (&genuine, &genuine, None),
            (&forged, &genuine, None),
            (&genuine, &forged, Some("bad_signature")),
        ] {
            let request = Request::unsigned("/webhook", BODY)
                .signed(first)
                .signed(second);
            let answer = function.invoke(request.event(source)).json();
            match (source, last) {
                (Source::HttpApi | Source::AlbMultiValue, _) => {
                    assert_eq!(answer, refused("malformed_token"), "{source:?}");
                }
                (_, Some(code)) => assert_eq!(answer, refused(code), "{source:?}"),
                (_, None) => assert_eq!(answer.0, 200, "{source:?}"),
            }
        }
    }
}
