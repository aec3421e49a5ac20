//! Every extractor receives the signed bytes.

use std::future::poll_fn;
use std::pin::Pin;

use actix_http::Request;
use actix_multipart::Multipart;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, Error, HttpResponse, Route, web};
use bytes::Bytes;
use futures_core::Stream as _;
use serde_json::Value;

use crate::support::{
    BODY, Recorder, Step, answer, data, delivery, genuine, middleware, refused, script, scripted,
};

/// An app with the handler behind the middleware.
async fn app(
    route: Route,
) -> impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = Error> {
    let hook = web::resource("/hooks/qstash")
        .wrap(middleware())
        .app_data(web::PayloadConfig::new(usize::MAX))
        .route(route);
    init_service(App::new().service(hook)).await
}

async fn echo(route: Route, request: TestRequest) -> Bytes {
    let response = call_service(&app(route).await, request.to_request()).await;
    assert_eq!(response.status(), 200);
    read_body(response).await
}

fn typed(content_type: &str, body: &[u8]) -> TestRequest {
    delivery(body).insert_header(("content-type", content_type))
}

#[actix_web::test]
async fn every_extractor_gets_the_same_bytes() {
    type Choice = web::Either<web::Json<Value>, Bytes>;
    async fn either(body: Choice) -> String {
        match body {
            web::Either::Left(json) => json.to_string(),
            web::Either::Right(bytes) => format!("{bytes:?}"),
        }
    }
    for route in [
        web::post().to(async |body: Bytes| body),
        web::post().to(async |body: String| body),
        web::post().to(async |body: web::Json<Value>| body.to_string()),
        web::post().to(async |body: web::Payload| body.to_bytes().await),
        web::post().to(async |body: web::Payload| HttpResponse::Ok().streaming(body)),
        web::post().to(either),
    ] {
        let request = typed("application/json", BODY);
        assert_eq!(echo(route, request).await, BODY);
    }
    // `Either` falls back to its second extractor.
    let request = typed("text/plain", b"no JSON");
    assert_eq!(echo(web::post().to(either), request).await, "b\"no JSON\"");
}

#[actix_web::test]
async fn form_extractors_receive_the_body() {
    #[derive(serde::Deserialize)]
    struct Order {
        id: u64,
        note: String,
    }
    async fn form(order: web::Form<Order>) -> String {
        format!("{} {}", order.id, order.note)
    }
    async fn either(order: web::Either<web::Json<Value>, web::Form<Order>>) -> String {
        match order {
            web::Either::Left(json) => json.to_string(),
            web::Either::Right(order) => format!("{} {}", order.id, order.note),
        }
    }
    for route in [web::post().to(form), web::post().to(either)] {
        let body = b"id=7&note=a%20%26+b";
        let request = typed("application/x-www-form-urlencoded", body);
        assert_eq!(echo(route, request).await, "7 a & b");
    }
}

#[actix_web::test]
async fn multipart_extractor_receives_all_parts() {
    async fn parts(mut parts: Multipart) -> String {
        let mut seen = Vec::new();
        while let Some(part) = poll_fn(|cx| Pin::new(&mut parts).poll_next(cx)).await {
            let mut part = part.unwrap();
            let bytes = part.bytes(1000).await.unwrap().unwrap();
            seen.push(format!("{:?} {bytes:?}", part.name()));
        }
        seen.join(" ")
    }
    let body = b"--x\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n\x00\xff\r\n\
                 \r\n--x\r\ncontent-disposition: form-data; name=\"b\"\r\n\r\n\r\n--x--\r\n";
    let expected = r#"Some("a") b"\0\xff\r\n" Some("b") b"""#;
    let content_type = "multipart/form-data; boundary=x";
    let request = typed(content_type, body);
    assert_eq!(echo(web::post().to(parts), request).await, expected);
    // In one-byte chunks, and signed for another body.
    for (signed, status) in [(&body[..], 200), (b"other", 401)] {
        let app = app(web::post().to(parts)).await;
        let request = genuine(signed).insert_header(("content-type", content_type));
        let mut request = request.to_request();
        *request.payload() = script(body.chunks(1).map(data)).0;
        let response = call_service(&app, request).await;
        assert_eq!(response.status(), status);
        if status == 200 {
            assert_eq!(read_body(response).await, expected);
        }
    }
}

#[actix_web::test]
async fn binary_and_empty_bodies_are_accepted() {
    let binary: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    for body in [&binary[..], b"\0", b"\xff\xfe", b""] {
        for route in [
            web::post().to(async |body: Bytes| body),
            web::post().to(async |body: web::Payload| body.to_bytes().await),
        ] {
            assert_eq!(echo(route, delivery(body)).await, body);
        }
    }
    // A missing body is an empty one.
    let route = web::post().to(async |body: Bytes| body);
    assert_eq!(echo(route, genuine(b"")).await, "");
    let service = Recorder::default().behind(middleware()).await;
    let reason = refused(&service, genuine(BODY).to_srv_request()).await;
    assert_eq!(reason.code(), "body_mismatch");
    let reason = refused(&service, genuine(b"").set_payload("x").to_srv_request()).await;
    assert_eq!(reason.code(), "body_mismatch");
}

#[actix_web::test]
async fn chunking_does_not_change_the_bytes() {
    let binary: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for size in [1, 2, 7, 255, 4096, 69_999, 70_000] {
        let inner = Recorder::default();
        let service = inner.behind(middleware()).await;
        let chunks = binary.chunks(size).map(data);
        let (request, probe) = scripted(genuine(&binary), chunks);
        assert_eq!(answer(&service, request).await.0, 200, "{size}");
        assert_eq!(inner.only().body(), binary, "{size}");
        assert_eq!(probe.polls(), binary.len().div_ceil(size) + 1);
        assert!(probe.is_dropped());
        // Interleaved with `Pending` and empty chunks.
        let chunks = binary.chunks(size.max(255));
        let steps =
            chunks.flat_map(|chunk| [data(b""), Step::Wait, data(chunk), data(b""), Step::Wait]);
        let (request, _) = scripted(genuine(&binary), steps);
        assert_eq!(answer(&service, request).await.0, 200, "{size}");
        assert_eq!(inner.only().body(), binary, "{size}");
    }
}

#[actix_web::test]
async fn single_chunk_is_passed_on_without_a_copy() {
    let chunk = Bytes::copy_from_slice(BODY);
    let address = chunk.as_ptr();
    let inner = Recorder::default();
    let service = inner.behind(middleware()).await;
    let steps = [
        data(b""),
        Step::Wait,
        Step::Data(chunk),
        data(b""),
        Step::Wait,
    ];
    let (request, _) = scripted(genuine(BODY), steps);
    assert_eq!(answer(&service, request).await.0, 200);
    let body = inner.only().body();
    assert_eq!(body, BODY);
    assert_eq!(body.as_ptr(), address);
}

/// `hello` as gzip, stored uncompressed.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x05\0\xfa\xffhello\x86\xa6\x10\x36\x05\0\0\0";

#[actix_web::test]
async fn encoded_body_is_verified_before_decoding() {
    let encoded = |body| delivery(body).insert_header(("content-encoding", "gzip"));
    // actix-web decodes `web::Bytes` but not `web::Payload`.
    let bytes = web::post().to(async |body: Bytes| body);
    assert_eq!(echo(bytes, encoded(GZIP)).await, "hello");
    let payload = web::post().to(async |body: web::Payload| body.to_bytes().await);
    assert_eq!(echo(payload, encoded(GZIP)).await, GZIP);
    let service = Recorder::default().behind(middleware()).await;
    let decoded = genuine(b"hello").set_payload(GZIP);
    let decoded = decoded.insert_header(("content-encoding", "gzip"));
    let reason = refused(&service, decoded.to_srv_request()).await;
    assert_eq!(reason.code(), "body_mismatch");
}
