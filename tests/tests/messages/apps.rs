//! An axum router and an actix-web configuration with the same routes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use actix_web::web;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use qstash_verify::{Callback, Retry, Verifier};
use qstash_verify_actix as actix;
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_axum::{MessageRejection, QstashLayer};
use qstash_verify_tests::builder;

#[derive(serde::Deserialize)]
struct Order {
    id: u64,
    note: Option<String>,
}

impl Order {
    fn describe(&self) -> String {
        format!("{} {:?}", self.id, self.note)
    }
}

/// Retries with their status and header. A message is the index of one.
pub(crate) fn retries() -> [(Retry, u16, &'static str, &'static str); 6] {
    const LATER: &str = "retry-after";
    let seconds = Duration::from_secs;
    // The example of RFC 9110 §5.6.7.
    let date = UNIX_EPOCH + seconds(784_111_777);
    [
        (Retry::AfterSeconds(0), 503, LATER, "0"),
        (Retry::AfterSeconds(30), 503, LATER, "30"),
        (Retry::After(seconds(365)), 503, LATER, "6m5s"),
        (
            Retry::After(Duration::from_millis(1500)),
            503,
            LATER,
            "1s500ms",
        ),
        (Retry::At(date), 503, LATER, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (Retry::Never, 489, "upstash-nonretryable-error", "true"),
    ]
}

fn retry(number: usize) -> Retry {
    retries()[number].0
}

fn verifier() -> Verifier {
    builder().body_limit(5_000_000).build()
}

/// The number of handler calls.
pub(crate) type Calls = Arc<AtomicUsize>;

pub(crate) fn on_axum(calls: &Calls) -> Router {
    use qstash_verify_axum::{Message, Steer};
    let order = {
        let calls = Calls::clone(calls);
        async move |Message(order): Message<Order>| {
            calls.fetch_add(1, Ordering::SeqCst);
            order.describe()
        }
    };
    let handled = async |message: Result<Message<u8>, MessageRejection>| match message {
        Ok(Message(number)) => number.to_string(),
        Err(MessageRejection::Invalid(invalid)) => format!("handled: {invalid}"),
        Err(other) => other.to_string(),
    };
    let err =
        async |Message(number): Message<usize>| -> Result<String, Steer> { Err(retry(number))? };
    Router::new()
        .route("/order", post(order.clone()))
        .route("/handled", post(handled))
        .route(
            "/text",
            post(async |Message(text): Message<String>| text.len().to_string()),
        )
        .route(
            "/optional",
            post(async |Message(order): Message<Option<Order>>| format!("{}", order.is_some())),
        )
        .route("/unit", post(async |Message(()): Message<()>| "unit"))
        .route(
            "/value",
            post(async |Message(value): Message<serde_json::Value>| value.to_string()),
        )
        .route(
            "/large",
            post(async |Message(text): Message<String>| text.len().to_string())
                .layer(DefaultBodyLimit::disable()),
        )
        .route(
            "/callback",
            post(async |Message(it): Message<Callback>| format!("{it:?}")),
        )
        .route(
            "/ok",
            post(async |Message(number): Message<usize>| Steer(retry(number))),
        )
        .route("/err", post(err))
        .layer(QstashLayer::new(verifier()))
        .route("/bare", post(order))
}

pub(crate) fn on_actix(calls: &Calls) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
    use actix::{Message, Steer};
    let calls = Calls::clone(calls);
    let qstash = QstashMiddleware::new(verifier());
    move |config| {
        let calls = Calls::clone(&calls);
        let order = move |Message(order): Message<Order>| {
            calls.fetch_add(1, Ordering::SeqCst);
            async move { order.describe() }
        };
        let handled = async |message: Result<Message<u8>, actix_web::Error>| match message {
            Ok(Message(number)) => number.to_string(),
            Err(error) => match error.as_error::<actix::MessageRejection>() {
                Some(rejection) => format!("handled: {rejection}"),
                None => error.to_string(),
            },
        };
        let err = async |Message(number): Message<usize>| -> Result<String, Steer> {
            Err(retry(number))?
        };
        let length = async |Message(text): Message<String>| text.len().to_string();
        let optional =
            async |Message(order): Message<Option<Order>>| format!("{}", order.is_some());
        let unit = async |Message(()): Message<()>| "unit";
        let value = async |Message(value): Message<serde_json::Value>| value.to_string();
        let large = web::resource("/large").app_data(web::PayloadConfig::new(usize::MAX));
        config
            .route("/bare", web::post().to(order.clone()))
            .service(
                web::scope("")
                    .wrap(qstash.clone())
                    .route("/order", web::post().to(order))
                    .route("/handled", web::post().to(handled))
                    .route("/text", web::post().to(length))
                    .route("/optional", web::post().to(optional))
                    .route("/unit", web::post().to(unit))
                    .route("/value", web::post().to(value))
                    .service(large.route(web::post().to(length)))
                    .route(
                        "/callback",
                        web::post().to(async |Message(it): Message<Callback>| format!("{it:?}")),
                    )
                    .route(
                        "/ok",
                        web::post().to(async |Message(it): Message<usize>| Steer(retry(it))),
                    )
                    .route("/err", web::post().to(err)),
            );
    }
}
