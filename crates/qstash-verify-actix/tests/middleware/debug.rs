//! `Debug` and `Display` of the middleware's types, and their responses.

use actix_web::test::TestRequest;
use actix_web::{HttpResponse, Responder as _, ResponseError as _};
use qstash_verify_actix::{MessageRejection, Refusal, Retry, Steer, VerifyError, parse_message};

use crate::support::middleware;

#[test]
fn debug_shows_the_settings() {
    let printed = format!("{:?}", middleware());
    assert!(
        printed.starts_with("QstashMiddleware { verifier: "),
        "{printed}"
    );
    assert!(
        printed.ends_with("refuse: default, replay: off }"),
        "{printed}"
    );
    let custom = middleware().on_refusal(|_| HttpResponse::Forbidden().finish());
    let printed = format!("{custom:?}");
    assert!(
        printed.ends_with("refuse: custom, replay: off }"),
        "{printed}"
    );
}

#[test]
fn errors_display_their_reason() {
    let reason = VerifyError::MissingSignature;
    assert_eq!(Refusal(reason.clone()).to_string(), reason.to_string());
    assert_eq!(Steer(Retry::Never).to_string(), Retry::Never.to_string());
    let invalid = parse_message::<u64>(b"{}").unwrap_err();
    let text = invalid.to_string();
    let invalid = MessageRejection(invalid);
    assert_eq!(invalid.to_string(), text);
    assert_eq!(invalid.status_code(), 422);
}

#[test]
fn retry_response_is_a_responder_and_an_error() {
    let request = TestRequest::default().to_http_request();
    for (retry, status, header) in [
        (Retry::Never, 489, ("upstash-nonretryable-error", "true")),
        (Retry::AfterSeconds(30), 503, ("retry-after", "30")),
    ] {
        let retry_response = Steer(retry);
        assert_eq!(retry_response.status_code(), status);
        for response in [
            retry_response.error_response(),
            retry_response.respond_to(&request),
        ] {
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().get(header.0).unwrap(), header.1);
        }
    }
}
