//! Extractors, rejections and refusals of handlers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, Error, HttpRequest, ResponseError as _, Route, web};
use qstash_verify::testing;
use qstash_verify_actix::{
    Delivery, DeliveryRejection, KeySlot, KeySource, Message, Metadata, QstashMiddleware,
    QstashService, Refusal, Region, RequestHead, Verified, Verifier,
};
use qstash_verify_test_support::{URL, builder};

use crate::support::{BODY, Recorder, answer, delivery, forged, genuine, middleware, refused};

async fn behind(
    route: Route,
) -> impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = Error> {
    let hook = web::resource("/hooks/qstash").wrap(middleware());
    init_service(App::new().service(hook.route(route))).await
}

async fn bare(
    route: Route,
) -> impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = Error> {
    init_service(App::new().route("/hooks/qstash", route)).await
}

#[actix_web::test]
async fn delivery_equals_the_extension() {
    async fn both(Delivery(one): Delivery, two: web::ReqData<Verified>) -> String {
        assert_eq!(format!("{one:?}"), format!("{:?}", *two));
        assert_eq!(one.key_slot(), KeySlot::Current);
        assert_eq!(one.key_source(), KeySource::Explicit);
        assert_eq!(one.region(), Some(Region::UsEast1));
        one.claims().sub().to_owned()
    }
    let request = delivery(BODY).insert_header(("upstash-region", "US-EAST-1"));
    let app = behind(web::post().to(both)).await;
    assert_eq!(answer(&app, request.to_request()).await, (200, URL.into()));
}

#[actix_web::test]
async fn metadata_is_read_from_the_headers() {
    async fn message(Metadata(message): Metadata) -> String {
        format!("{:?} {:?}", message.message_id(), message.retried())
    }
    let request = delivery(BODY)
        .insert_header(("upstash-message-id", "msg_1"))
        .insert_header(("upstash-retried", "2"))
        .to_request();
    let app = behind(web::post().to(message)).await;
    let expected = (200, r#"Some("msg_1") Some(2)"#.into());
    assert_eq!(answer(&app, request).await, expected);
    // Extracted without the middleware and without the headers, too.
    let app = bare(web::post().to(message)).await;
    let expected = (200, "None None".into());
    assert_eq!(answer(&app, delivery(BODY).to_request()).await, expected);
}

#[actix_web::test]
async fn json_extractor_accepts_a_signed_delivery() {
    async fn length(ids: web::Json<Vec<u8>>) -> String {
        ids.len().to_string()
    }
    let hook = QstashMiddleware::new(testing::verifier().build());
    let hook = web::resource("/orders").wrap(hook).post(length);
    let app = init_service(App::new().service(hook)).await;
    let request = |delivery: &testing::SignedDelivery| {
        let request = TestRequest::post().uri(delivery.path_and_query());
        let headers = delivery.headers().into_iter();
        let request = headers.fold(request, TestRequest::append_header);
        request.set_payload(delivery.body().to_vec()).to_request()
    };
    let delivery = testing::delivery("https://example.com/orders", "[1,2]");
    assert_eq!(answer(&app, request(&delivery)).await, (200, "2".into()));
    // The content type can be replaced: `web::Json` answers 400 to another.
    let delivery = delivery.header("Content-Type", "text/plain");
    assert_eq!(answer(&app, request(&delivery)).await.0, 400);
}

#[actix_web::test]
async fn metadata_has_every_label() {
    async fn message(Metadata(metadata): Metadata) -> String {
        format!("{:?} {:?}", metadata.labels(), metadata.other_headers())
    }
    let request = delivery(BODY)
        .append_header(("upstash-label", "a"))
        .append_header(("upstash-label", "b"))
        .append_header(("upstash-new", "c"))
        .to_request();
    let app = behind(web::post().to(message)).await;
    let expected = r#"["a", "b"] {"upstash-new": ["c"]}"#;
    assert_eq!(answer(&app, request).await, (200, expected.into()));
}

#[actix_web::test]
async fn empty_body_is_null() {
    async fn optional(Message(id): Message<Option<u8>>) -> String {
        format!("{id:?}")
    }
    async fn required(Message(id): Message<u8>) -> String {
        id.to_string()
    }
    let request = || delivery(b"").to_request();
    let app = behind(web::post().to(optional)).await;
    assert_eq!(answer(&app, request()).await, (200, "None".into()));
    let app = behind(web::post().to(required)).await;
    assert_eq!(answer(&app, request()).await.0, 422);
}

#[actix_web::test]
async fn handler_does_not_run_without_the_middleware() {
    async fn delivered(_: Delivery) -> &'static str {
        panic!("called");
    }
    async fn messaged(_: Message<serde_json::Value>) -> &'static str {
        panic!("called");
    }
    for route in [web::post().to(delivered), web::post().to(messaged)] {
        // The middleware is on another route.
        let other = web::resource("/other").wrap(middleware());
        let app = App::new()
            .service(other.post(delivered))
            .route("/hooks/qstash", route);
        let app = init_service(app).await;
        for request in [delivery(BODY), forged()] {
            let response = call_service(&app, request.to_request()).await;
            assert_eq!(response.status(), 500);
            let content_type = response.headers().get("content-type").unwrap();
            assert_eq!(content_type, "application/json");
            let error = response.response().error().unwrap();
            let missing = error.as_error::<DeliveryRejection>().unwrap();
            let text = missing.to_string();
            assert!(text.contains("the QStash middleware is not on this route"));
            let body = read_body(response).await;
            assert_eq!(body, r#"{"error":"not_verified"}"#);
        }
    }
}

#[actix_web::test]
async fn rejection_can_be_handled() {
    async fn result(delivery: Result<Delivery, DeliveryRejection>) -> String {
        match delivery {
            Ok(Delivery(verified)) => verified.key_slot().to_string(),
            Err(missing) => missing.error_response().status().to_string(),
        }
    }
    async fn option(delivery: Option<Delivery>) -> String {
        format!("{}", delivery.is_some())
    }
    let request = || delivery(BODY).to_request();
    let app = behind(web::post().to(result)).await;
    assert_eq!(answer(&app, request()).await.1, "current");
    let app = bare(web::post().to(result)).await;
    assert_eq!(answer(&app, request()).await.1, "500 Internal Server Error");
    let app = behind(web::post().to(option)).await;
    assert_eq!(answer(&app, request()).await.1, "true");
    let app = bare(web::post().to(option)).await;
    assert_eq!(answer(&app, request()).await.1, "false");
}

#[actix_web::test]
async fn handler_that_calls_the_verifier_refuses_like_the_middleware() {
    async fn webhook(
        request: HttpRequest,
        body: web::Bytes,
        verifier: web::Data<Verifier>,
    ) -> Result<String, Refusal> {
        let target = request.uri().path_and_query().unwrap().as_str();
        let head = RequestHead::new(request.headers(), target);
        let verified = verifier.verify(&head, &body)?;
        Ok(verified.claims().sub().to_owned())
    }
    let verifier = builder().url(URL).unwrap().body_limit(100).build();
    let app = App::new()
        .app_data(web::Data::new(verifier.clone()))
        .default_service(web::to(webhook));
    let app = init_service(app).await;
    let accepted = answer(&app, delivery(BODY).to_request()).await;
    assert_eq!(accepted, (200, URL.into()));
    let wrapped = Recorder::default()
        .behind(QstashMiddleware::new(verifier))
        .await;
    for (request, code) in [
        (forged as fn() -> _, "bad_signature"),
        (|| genuine(BODY).set_payload("other"), "body_mismatch"),
        (
            || genuine(BODY).set_payload("x".repeat(101)),
            "body_too_large",
        ),
    ] {
        let response = call_service(&app, request().to_request()).await;
        let error = response.response().error().unwrap();
        assert_eq!(error.as_error::<Refusal>().unwrap().0.code(), code);
        let reason = refused(&app, request().to_request()).await;
        assert_eq!(reason.code(), code);
        assert_eq!(reason, refused(&wrapped, request().to_srv_request()).await);
        let refusal = Refusal::from(reason.clone());
        assert_eq!(refusal, Refusal(reason.clone()));
        assert_eq!(refusal.status_code(), reason.status());
        assert_eq!(refusal.to_string(), reason.to_string());
    }
}

#[actix_web::test]
async fn inner_middleware_sees_the_delivery() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let hook = web::resource("/hooks/qstash")
        .wrap_fn(move |request, next| {
            use actix_web::HttpMessage as _;
            let verified = request.extensions().get::<Verified>().cloned();
            assert_eq!(verified.unwrap().claims().sub(), URL);
            counter.fetch_add(1, Ordering::SeqCst);
            next.call(request)
        })
        .wrap(middleware())
        .post(async |_: Delivery, body: web::Bytes| body);
    let app = init_service(App::new().service(hook)).await;
    let (status, text) = answer(&app, delivery(BODY).to_request()).await;
    assert_eq!((status, text.as_bytes()), (200, BODY));
    assert_eq!(answer(&app, forged().to_request()).await.0, 401);
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[test]
fn types_are_clone_send_and_sync() {
    fn assert_shared<T: Clone + Send + Sync + 'static>() {}
    assert_shared::<QstashMiddleware>();
    assert_shared::<Delivery>();
    assert_shared::<Metadata>();
    assert_shared::<Message<String>>();
    assert_shared::<DeliveryRejection>();
    assert_shared::<Refusal>();
    fn assert_debug<T: std::fmt::Debug>() {}
    assert_debug::<QstashMiddleware>();
    assert_debug::<QstashService<()>>();
}
