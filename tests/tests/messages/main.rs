//! `Message` and `Steer` on axum and actix-web, which must behave alike.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod apps;
mod delivery;

use std::collections::BTreeMap;

use qstash_verify::{Callback, parse_message};
use qstash_verify_tests::{Connection, DEFAULT, NOW, Request, Server, Token, URL};

use crate::apps::{Calls, on_actix, on_axum, retries};
use crate::delivery::{Answer, Delivery};
use qstash_verify_tests::ActixServer;

async fn both(path: &str, body: &(impl AsRef<[u8]> + ?Sized)) -> Answer {
    Delivery::new(path, body).to_both().await
}

#[actix_web::test]
async fn message_is_parsed_as_json() {
    for (body, expected) in [
        (r#"{"id":7,"note":"é\u00e9"}"#, "7 Some(\"éé\")"),
        (r#" {"note":null, "id":0, "more":[]}"#, "0 None"),
        (
            "\n{\t\"id\":18446744073709551615}\r\n",
            "18446744073709551615 None",
        ),
    ] {
        let answer = both("/order", body).await;
        assert_eq!((answer.status, answer.calls), (200, 1));
        assert_eq!(answer.text(), expected);
    }
    // `Content-Type` isn't signed, so it is ignored.
    for content_type in ["application/json", "text/plain", "image/png", "?"] {
        let mut delivery = Delivery::new("/order", r#"{"id":7}"#);
        delivery.headers.push(("content-type", content_type));
        let answer = delivery.to_both().await;
        assert_eq!((answer.status, answer.text()), (200, "7 None".into()));
    }
}

#[actix_web::test]
async fn invalid_message_is_422_without_a_handler_call() {
    let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(10_000));
    for (body, reason) in [
        (
            &b""[..],
            "the body is empty, and this endpoint expects JSON",
        ),
        (b" ", "EOF while parsing a value at line 1 column 1"),
        (b"hello", "expected value at line 1 column 1"),
        (b"null", "invalid type: null, expected struct Order"),
        (b"{}", "missing field `id` at line 1 column 2"),
        (br#"{"id":-7}"#, "invalid value: integer `-7`, expected u64"),
        (
            br#"{"id":"7"}"#,
            r#"invalid type: string "7", expected u64"#,
        ),
        (
            br#"{"id":7} {"id":8}"#,
            "trailing characters at line 1 column 10",
        ),
        (br#"{"id":7"#, "EOF while parsing an object"),
        (br#"{"id":7,"id":8}"#, "duplicate field `id`"),
        (
            b"{\"id\":7,\"note\":\"\xff\"}",
            "invalid unicode code point",
        ),
        (b"id=7", "expected value at line 1 column 1"),
        (b"\x1f\x8b\x08\0", "expected value at line 1 column 1"),
        (long.as_bytes(), "… at line 1 column "),
    ] {
        both("/order", body).await.assert_unprocessable(reason);
    }
}

#[actix_web::test]
async fn empty_body_is_null() {
    for (path, expected) in [
        ("/optional", "false"),
        ("/unit", "unit"),
        ("/value", "null"),
    ] {
        for body in ["", "null"] {
            let answer = both(path, body).await;
            assert_eq!((answer.status, answer.text()), (200, expected.into()));
        }
        for body in [" ", "\n"] {
            let answer = both(path, body).await;
            answer.assert_unprocessable("EOF while parsing a value");
        }
    }
}

#[actix_web::test]
async fn forged_message_is_401_even_if_invalid() {
    for body in ["", "hello", r#"{"id":7}"#] {
        let mut delivery = Delivery::new("/order", body);
        delivery.key = "sig_mallory";
        let answer = delivery.to_both().await;
        assert_eq!((answer.status, answer.calls), (401, 0));
        assert_eq!(answer.text(), r#"{"error":"bad_signature"}"#);
        assert_eq!(answer.headers["www-authenticate"], "Upstash-Signature");
    }
}

#[actix_web::test]
async fn message_without_the_middleware_is_500() {
    for body in ["", "hello", r#"{"id":7}"#] {
        let delivery = Delivery::new("/bare", body);
        for (mut answer, missing) in [
            (delivery.to_axum().await, "not_verified"),
            (delivery.to_actix().await, "not_verified"),
        ] {
            assert_eq!((answer.status, answer.calls), (500, 0));
            assert_eq!(answer.text(), format!(r#"{{"error":"{missing}"}}"#));
            let content_type = answer.headers.remove("content-type");
            assert_eq!(content_type.unwrap(), "application/json");
            assert!(answer.headers.is_empty());
        }
    }
}

#[actix_web::test]
async fn rejection_can_be_handled() {
    let answer = both("/handled", "7").await;
    assert_eq!((answer.status, answer.text()), (200, "7".into()));
    for (body, reason) in [("256", "expected u8"), ("", "the body is empty")] {
        let answer = both("/handled", body).await;
        assert_eq!(answer.status, 200);
        let text = answer.text();
        assert!(
            text.starts_with("handled: the body is ") && text.contains(reason),
            "{text}"
        );
    }
}

#[actix_web::test]
async fn framework_limits_apply_to_messages() {
    let body = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let (actix, axum) = (256 * 1024, 2 * 1024 * 1024);
    for (length, on_actix, on_axum) in [
        (actix, 200, 200),
        (actix + 1, 413, 200),
        (axum, 413, 200),
        (axum + 1, 413, 413),
    ] {
        let body = body(length);
        let delivery = Delivery::new("/text", &body);
        let answers = [delivery.to_actix().await, delivery.to_axum().await];
        for (answer, status) in answers.iter().zip([on_actix, on_axum]) {
            assert_eq!(answer.status, status, "{length}");
            // The framework's response, not a refusal.
            assert!(!answer.text().contains("body_too_large"));
        }
        let answer = both("/large", &body).await;
        assert_eq!(
            (answer.status, answer.text()),
            (200, (length - 2).to_string())
        );
    }
    let answer = both("/large", &body(5_000_001)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.text(), r#"{"error":"body_too_large"}"#);
}

/// The example of QStash's documentation, with valid base64.
const DOCUMENTED: &str = r#"{"status":200,"header":{"key":["value"]},"body":"YmFzZTY0","retried":2,
    "maxRetries":3,"sourceMessageId":"msg_xxx","topicName":"myTopic","endpointName":"myEndpoint",
    "url":"http://myurl.com","method":"GET","sourceHeader":{"key":"value"},"sourceBody":"YmFzZTY0",
    "notBefore":"1701198458025","createdAt":"1701198447054","scheduleId":"scd_xxx",
    "callerIP":"178.247.74.179"}"#;

#[actix_web::test]
async fn callback_is_extracted_as_a_message() {
    let failure = DOCUMENTED.replacen('{', r#"{"dlqId":"1725323658779-0","#, 1);
    let bare = r#"{"status":503}"#;
    for body in [DOCUMENTED, &failure, bare] {
        let answer = both("/callback", body).await;
        assert_eq!(answer.status, 200);
        let expected: Callback = parse_message(body.as_bytes()).unwrap();
        assert_eq!(answer.text(), format!("{expected:?}"));
        assert_eq!(expected.dlq_id().is_some(), body == failure);
        assert_eq!(expected.body().unwrap().is_empty(), body == bare);
    }
    for (body, reason) in [
        ("[]", "expected a map"),
        ("", "the body is empty"),
        ("{", "EOF while parsing an object"),
    ] {
        both("/callback", body).await.assert_unprocessable(reason);
    }
}

#[actix_web::test]
async fn callback_with_an_unreadable_field_is_accepted() {
    for (field, sent) in [
        // The example of QStash's documentation is not base64.
        ("sourceBody", r#""YmFzZTY0kZWQgcm9keQ==""#),
        ("body", r#""plain text""#),
        ("retried", "-1"),
        ("retried", "1.5"),
        ("createdAt", r#""yesterday""#),
        ("status", "0"),
        ("header", r#"["a: b"]"#),
        ("url", "{}"),
        ("unknown", "true"),
    ] {
        let body = format!(r#"{{"dlqId":"1-0","{field}":{sent}}}"#);
        let answer = both("/callback", &body).await;
        assert_eq!(answer.status, 200, "{body}");
        let callback: Callback = parse_message(body.as_bytes()).unwrap();
        assert_eq!(answer.text(), format!("{callback:?}"));
        assert_eq!(callback.dlq_id(), Some("1-0"));
        assert_eq!(callback.other_fields()[field].to_string(), sent);
    }
}

#[actix_web::test]
async fn retry_is_the_same_as_response_and_as_error() {
    for (number, (_, status, name, value)) in retries().into_iter().enumerate() {
        for path in ["/ok", "/err"] {
            let answer = both(path, &number.to_string()).await;
            assert_eq!((answer.status, &*answer.body), (status, &b""[..]));
            let expected = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            assert_eq!(answer.headers, expected, "{path}");
        }
    }
}

#[test]
fn retry_has_its_status_and_header_on_the_wire() {
    let calls = Calls::default();
    let axum = Server::serve(on_axum(&calls));
    let actix = ActixServer::start(1, on_actix(&calls));
    for mut connection in [axum.connect(), Connection::open(actix.address)] {
        for (number, (_, status, name, value)) in retries().into_iter().enumerate() {
            for path in ["/ok", "/err"] {
                let body = number.to_string();
                let token = Token::new(URL, body.as_bytes(), NOW).sign(DEFAULT[0]);
                let request = Request::post(path).signed(token).body(body.as_bytes());
                let answer = connection.ask(&request);
                assert_eq!(answer.brief(), (status, String::new()));
                assert_eq!(answer.header(name), Some(value));
                assert_eq!(answer.header("content-length"), Some("0"));
                assert_eq!(answer.header("content-type"), None);
            }
        }
    }
}
