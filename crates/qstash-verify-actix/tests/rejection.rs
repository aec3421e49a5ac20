//! Delivery rejections on routes without the middleware: responses and log events.
#![expect(clippy::unwrap_used, reason = "a poisoned lock fails the test")]

use std::fmt;
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, Error, Route, web};
use qstash_verify_actix::{Delivery, DeliveryRejection, Message, QstashMiddleware, Retry, Steer};
use tracing::field::{Field, Visit};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// Collects events of level `warn` and `error`: level, target and fields as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn start() -> (Self, DefaultGuard) {
        let log = Log::default();
        let guard = set_default(log.clone());
        (log, guard)
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Fields(String);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                self.0 += &format!(" {field}={value:?}");
            }
        }
        let metadata = event.metadata();
        let mut fields = Fields(format!("{} {}", metadata.level(), metadata.target()));
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

/// Sends a request to a route without the middleware.
async fn unwrapped(route: Route) -> (StatusCode, web::Bytes) {
    let app = init_service(App::new().route("/hook", route)).await;
    let request = TestRequest::post().uri("/hook?a=b").set_payload("7");
    let response = call_service(&app, request.to_request()).await;
    (response.status(), read_body(response).await)
}

#[actix_web::test]
async fn delivery_on_an_unwrapped_route_is_500_and_one_event() {
    let (log, _guard) = Log::start();
    for route in [
        web::post().to(async |_: Delivery| "ran"),
        web::post().to(async |_: Message<u64>| "ran"),
    ] {
        let (status, body) = unwrapped(route).await;
        assert_eq!(status, 500);
        assert_eq!(body, r#"{"error":"not_verified"}"#);
        let events = log.take();
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(events[0].starts_with("ERROR qstash_verify "), "{events:?}");
        assert!(events[0].contains("path=/hook"), "{events:?}");
        assert!(!events[0].contains("a=b"), "{events:?}");
    }
}

#[actix_web::test]
async fn handled_rejection_on_an_unwrapped_route_is_not_logged() {
    let (log, _guard) = Log::start();
    for route in [
        web::post().to(async |it: Option<Delivery>| it.is_none().to_string()),
        web::post().to(async |it: Option<Message<u64>>| it.is_none().to_string()),
        web::post().to(async |it: Result<Delivery, DeliveryRejection>| it.is_err().to_string()),
        web::post().to(async |it: Result<Message<u64>, Error>| {
            let error = it.unwrap_err();
            error.as_error::<DeliveryRejection>().is_some().to_string()
        }),
    ] {
        let (status, body) = unwrapped(route).await;
        assert_eq!((status, &*body), (StatusCode::OK, &b"true"[..]));
        assert_eq!(log.take(), Vec::<String>::new());
    }
}

#[actix_web::test]
async fn retry_converts_into_its_response() {
    async fn never() -> Result<&'static str, Steer> {
        Err(Retry::Never)?
    }
    let (status, body) = unwrapped(web::post().to(never)).await;
    assert_eq!((status.as_u16(), &*body), (489, &b""[..]));
}

#[test]
fn from_lookup_reads_the_keys() {
    assert!(QstashMiddleware::from_lookup(|_| None).is_err());
    let lookup = |name: &str| {
        let set = ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"];
        set.contains(&name).then(|| format!("sig_{name}"))
    };
    assert!(QstashMiddleware::from_lookup(lookup).is_ok());
}
