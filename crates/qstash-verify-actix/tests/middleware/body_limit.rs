//! The body limit (declared length and received bytes), and actix-web's extractor
//! limits.

use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, web};
use qstash_verify_actix::VerifyError;
use serde_json::Value;

use crate::support::{
    Recorder, Step, answer, at_once, data, delivery, forged, genuine, limited, middleware, refused,
    refused_at_once, scripted,
};

const TEN: &[u8] = b"0123456789";

fn declaring(request: TestRequest, length: &str) -> TestRequest {
    request.insert_header(("content-length", length))
}

fn too_large(reason: &VerifyError, limit: u64) {
    assert_eq!((reason.status(), reason.code()), (413, "body_too_large"));
    let text = format!("{limit} bytes");
    assert!(reason.to_string().contains(&text), "{reason}");
}

#[actix_web::test]
async fn declared_length_over_the_limit_is_refused_at_once() {
    for length in ["11", "52428800", "18446744073709551615"] {
        let inner = Recorder::default();
        let service = inner.behind(limited(10)).await;
        let (request, _) = scripted(declaring(genuine(TEN), length), [Step::Stall]);
        too_large(&refused_at_once(&service, request), 10);
        // The larger of two values applies, in either order.
        for (one, two) in [(length, "10"), ("10", length)] {
            let request = genuine(TEN).append_header(("content-length", one));
            let request = request.append_header(("content-length", two));
            let (request, _) = scripted(request, [Step::Stall]);
            too_large(&refused_at_once(&service, request), 10);
        }
        assert_eq!(inner.calls(), 0);
    }
}

#[actix_web::test]
async fn forgery_over_the_limit_is_bad_signature() {
    let service = Recorder::default().behind(limited(10)).await;
    let (request, _) = scripted(declaring(forged(), "11"), [Step::Stall]);
    let reason = refused_at_once(&service, request);
    assert_eq!(reason.code(), "bad_signature");
}

#[actix_web::test]
async fn declared_length_is_not_trusted() {
    // Too small, too large or unparsable: the received bytes are counted.
    for length in ["0", "1", "12", "-1", "18446744073709551616", "\t", "?"] {
        let inner = Recorder::default();
        let service = inner.behind(limited(12)).await;
        let (request, _) = scripted(declaring(genuine(TEN), length), TEN.chunks(4).map(data));
        assert_eq!(answer(&service, request).await.0, 200);
        assert_eq!(inner.only().body(), TEN);
        let long = b"0123456789abc";
        let (request, _) = scripted(declaring(genuine(long), length), long.chunks(4).map(data));
        too_large(&refused(&service, request).await, 12);
        assert_eq!(inner.calls(), 0);
    }
}

#[actix_web::test]
async fn reading_stops_at_the_first_byte_over_the_limit() {
    let inner = Recorder::default();
    let service = inner.behind(limited(TEN.len() as u64)).await;
    for size in [1, 3, 10] {
        let steps = |more| TEN.chunks(size).map(data).chain(more);
        let (request, _) = scripted(genuine(TEN), steps(vec![Step::Stall]));
        assert!(at_once(service.call(request)).is_none());
        let (request, _) = scripted(genuine(TEN), steps(vec![data(b"x"), Step::Stall]));
        too_large(&refused_at_once(&service, request), 10);
    }
    assert_eq!(inner.calls(), 0);
}

#[actix_web::test]
async fn body_of_exactly_the_limit_is_accepted() {
    let ones: Vec<_> = TEN.chunks(1).collect();
    for chunks in [&[TEN][..], &[b"01234", b"56789"], &[TEN, b""], &ones] {
        let steps = || chunks.iter().flat_map(|chunk| [Step::Wait, data(chunk)]);
        let inner = Recorder::default();
        let service = inner.behind(limited(10)).await;
        assert_eq!(
            answer(&service, scripted(genuine(TEN), steps()).0).await.0,
            200
        );
        assert_eq!(inner.only().body(), TEN);
        let service = inner.behind(limited(9)).await;
        let reason = refused(&service, scripted(genuine(TEN), steps()).0).await;
        too_large(&reason, 9);
        assert_eq!(inner.calls(), 0);
    }
}

#[actix_web::test]
async fn limit_of_zero_accepts_only_empty_bodies() {
    let service = Recorder::default().behind(limited(0)).await;
    let (request, _) = scripted(genuine(b""), [data(b"")]);
    assert_eq!(answer(&service, request).await.0, 200);
    let (request, _) = scripted(genuine(b"1"), [data(b"1")]);
    too_large(&refused(&service, request).await, 0);
}

#[actix_web::test]
async fn default_limit_is_10_mib() {
    let limit = 10 * 1024 * 1024;
    let mut body = vec![7; limit];
    let inner = Recorder::default();
    let service = inner.behind(middleware()).await;
    let request = delivery(&body).to_srv_request();
    assert_eq!(answer(&service, request).await.0, 200);
    assert_eq!(inner.only().body().len(), limit);
    body.push(7);
    let (request, _) = scripted(genuine(&body), [data(&body)]);
    too_large(&refused(&service, request).await, limit as u64);
}

#[actix_web::test]
async fn extractor_limits_apply_behind_the_middleware() {
    async fn length(body: web::Bytes) -> String {
        body.len().to_string()
    }
    async fn json(body: web::Json<Value>) -> String {
        body.to_string().len().to_string()
    }
    let app = App::new()
        .wrap(limited(3_000_000))
        .service(web::resource("/bytes").post(length))
        .service(web::resource("/json").post(json))
        .service(
            web::scope("/high")
                .app_data(web::PayloadConfig::new(2_500_000))
                .app_data(web::JsonConfig::default().limit(2_500_000))
                .service(web::resource("/bytes").post(length))
                .service(web::resource("/json").post(json)),
        )
        .service(
            web::scope("/low")
                .app_data(web::PayloadConfig::new(100))
                .app_data(web::JsonConfig::default().limit(100))
                .service(web::resource("/bytes").post(length))
                .service(web::resource("/json").post(json)),
        );
    let app = init_service(app).await;
    for (scope, extractor, limit) in [
        ("/low", "/bytes", 100),
        ("/low", "/json", 100),
        ("", "/bytes", 256 * 1024),
        ("", "/json", 2 * 1024 * 1024),
        ("/high", "/bytes", 2_500_000),
        ("/high", "/json", 2_500_000),
    ] {
        for (length, status) in [(limit, 200), (limit + 1, 413)] {
            let body = format!("\"{}\"", "x".repeat(length - 2));
            let request = delivery(body.as_bytes())
                .uri(&format!("{scope}{extractor}"))
                .insert_header(("content-type", "application/json"));
            let answer = answer(&app, request.to_request()).await;
            assert_eq!(answer.0, status, "{scope}{extractor} {length}");
            if status == 200 {
                assert_eq!(answer.1, length.to_string());
            } else {
                // The extractor's response, not the middleware's.
                assert!(!answer.1.contains("body_too_large"), "{}", answer.1);
            }
        }
    }
    // The signature and the middleware's limit are checked before the extractor's.
    let app = App::new()
        .wrap(limited(200))
        .app_data(web::PayloadConfig::new(100))
        .default_service(web::to(length));
    let app = init_service(app).await;
    let request = delivery(&[b'x'; 201]).to_request();
    too_large(&refused(&app, request).await, 200);
    let request = forged().set_payload(vec![b'x'; 201]).to_request();
    assert_eq!(refused(&app, request).await.code(), "bad_signature");
}

#[actix_web::test]
async fn extractor_content_types_apply_behind_the_middleware() {
    let mime = "application/json".parse().unwrap();
    let app = App::new()
        .wrap(middleware())
        .app_data(web::PayloadConfig::default().mimetype(mime))
        .service(web::resource("/bytes").post(async |body: web::Bytes| body))
        .service(web::resource("/json").post(async |body: web::Json<Value>| body.to_string()));
    let app = init_service(app).await;
    for path in ["/bytes", "/json"] {
        for (content_type, status) in [("application/json", 200), ("text/plain", 400)] {
            let typed = |request: TestRequest| {
                let request = request.uri(path);
                let request = request.insert_header(("content-type", content_type));
                request.to_request()
            };
            let answer = answer(&app, typed(delivery(b"[1]"))).await;
            assert_eq!(answer.0, status, "{path} {content_type}");
            assert_eq!(refused(&app, typed(forged())).await.status(), 401);
        }
    }
}
