use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, web};
use qstash_verify::testing;
use qstash_verify_actix::{Message, QstashMiddleware};

#[actix_web::test]
async fn only_genuine_deliveries_are_taken() {
    let qstash = QstashMiddleware::new(testing::verifier().build());
    let webhook = async |Message(id): Message<u64>| format!("order {id}");
    let resource = web::resource("/webhook").wrap(qstash);
    let app = init_service(App::new().service(resource.route(web::post().to(webhook)))).await;

    let request = |delivery: &testing::SignedDelivery| {
        let request = TestRequest::post().uri(delivery.path_and_query());
        let headers = delivery.headers().into_iter();
        headers
            .fold(request, TestRequest::append_header)
            .set_payload(delivery.body().to_vec())
            .to_request()
    };
    let delivery = testing::delivery("https://example.com/webhook", "7");
    assert_eq!(call_service(&app, request(&delivery)).await.status(), 200);

    let expired = delivery.claim("exp", 0);
    assert_eq!(call_service(&app, request(&expired)).await.status(), 401);
}
