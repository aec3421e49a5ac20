//! `Display` of rejections and responses.

use std::error::Error as _;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use qstash_verify_axum::{Message, MessageRejection, Refusal, Retry, Steer, VerifyError};

use crate::support::{answer, genuine, layer};

#[test]
fn responses_display_their_reason() {
    let reason = VerifyError::MissingSignature;
    assert_eq!(Refusal(reason.clone()).to_string(), reason.to_string());
    assert_eq!(Steer(Retry::Never).to_string(), Retry::Never.to_string());
}

#[tokio::test]
async fn message_rejection_has_a_source() {
    type Received = Result<Message<u64>, MessageRejection>;
    let handled = async |message: Received| {
        let rejection = message.err().unwrap();
        format!("{rejection}: {}", rejection.source().unwrap())
    };
    let app = Router::new()
        .route("/hooks/qstash", post(handled))
        .layer(layer())
        .layer(DefaultBodyLimit::max(2));
    let (status, text) = answer(app, genuine(b"1234", Body::from("1234"))).await;
    assert_eq!(status, 200);
    assert!(text.contains("length limit exceeded"), "{text}");

    let bare = Router::new().route(
        "/hooks/qstash",
        post(async |message: Received| {
            let rejection = message.err().unwrap();
            assert!(rejection.source().is_none());
            rejection.to_string()
        }),
    );
    let (_, text) = answer(bare, genuine(b"1234", Body::from("1234"))).await;
    assert!(
        text.contains("the QStash middleware is not on this route"),
        "{text}"
    );
}
