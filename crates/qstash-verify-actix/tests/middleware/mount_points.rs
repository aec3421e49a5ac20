//! Mount points of the middleware (app, scope, resource, route), and the URL there.

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, web};
use qstash_verify_actix::Delivery;
use qstash_verify_test_support::{DEFAULT, NOW, Token};

use crate::support::{
    BASE, BODY, Recorder, TARGET, answer, at_base, delivery, forged, genuine, middleware, signed,
};

async fn webhook(Delivery(verified): Delivery, body: web::Bytes) -> web::Bytes {
    assert_eq!(verified.claims().iss(), "Upstash");
    body
}

/// A request to `path` with a token whose `sub` claim has the path `sub`.
fn to(path: &str, sub: &str) -> TestRequest {
    let token = Token::new(&format!("{BASE}{sub}"), BODY, NOW).sign(DEFAULT[0]);
    signed(&token).uri(path).set_payload(BODY)
}

fn unsigned(method: Method, path: &str) -> TestRequest {
    TestRequest::default().method(method).uri(path)
}

async fn send<S, B>(app: &S, request: TestRequest) -> (u16, String)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    answer(app, request.to_request()).await
}

fn refusal(code: &str) -> (u16, String) {
    (401, format!(r#"{{"error":"{code}"}}"#))
}

/// Sends a genuine and a forged delivery to [`TARGET`], and deliveries signed for the
/// URL without its prefix or query.
async fn check<S, B>(app: &S)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let (status, text) = send(app, delivery(BODY)).await;
    assert_eq!((status, text.as_bytes()), (200, BODY));
    assert_eq!(send(app, forged()).await, refusal("bad_signature"));
    for sub in ["/qstash?from=qstash", "/hooks/qstash", "/"] {
        let answer = send(app, to(TARGET, sub)).await;
        assert_eq!(answer, refusal("url_mismatch"), "{sub}");
    }
}

/// Runs [`check`], and asserts that `GET /health` is unprotected.
async fn check_open<S, B>(app: &S)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    check(app).await;
    let health = send(app, unsigned(Method::GET, "/health")).await;
    assert_eq!(health, (200, "well".into()));
}

fn health() -> actix_web::Resource {
    web::resource("/health").route(web::get().to(async || "well"))
}

#[actix_web::test]
async fn app_covers_all_routes_and_the_404() {
    let app = App::new()
        .wrap(at_base())
        .route("/hooks/qstash", web::post().to(webhook))
        .service(health());
    let app = init_service(app).await;
    check(&app).await;
    // Other routes and paths without a route.
    for path in ["/health", "/nowhere"] {
        let answer = send(&app, unsigned(Method::GET, path)).await;
        assert_eq!(answer, refusal("missing_signature"), "{path}");
    }
    assert_eq!(send(&app, to("/nowhere", "/nowhere")).await.0, 404);
    let elsewhere = send(&app, to("/nowhere", "/elsewhere")).await;
    assert_eq!(elsewhere, refusal("url_mismatch"));
    // actix-web responds 404 to a method that no route has.
    let put = genuine(b"").method(Method::PUT);
    assert_eq!(send(&app, put).await.0, 404);
}

#[actix_web::test]
async fn scope_covers_its_routes_and_its_404() {
    let hooks = web::scope("/hooks")
        .wrap(at_base())
        .route("/qstash", web::post().to(webhook));
    let app = init_service(App::new().service(hooks).service(health())).await;
    check_open(&app).await;
    let answer = send(&app, unsigned(Method::POST, "/hooks/nowhere")).await;
    assert_eq!(answer, refusal("missing_signature"));
    let genuine = to("/hooks/nowhere", "/hooks/nowhere");
    assert_eq!(send(&app, genuine).await.0, 404);
    for path in ["/nowhere", "/hooksx", "/"] {
        let answer = send(&app, unsigned(Method::POST, path)).await;
        assert_eq!(answer.0, 404, "{path}");
    }
}

#[actix_web::test]
async fn resource_covers_its_path_only() {
    let hook = web::resource("/hooks/qstash")
        .wrap(at_base())
        .route(web::post().to(webhook));
    let app = init_service(App::new().service(hook).service(health())).await;
    check_open(&app).await;
    // Only a genuine request gets the 405.
    let answer = send(&app, unsigned(Method::GET, TARGET)).await;
    assert_eq!(answer, refusal("missing_signature"));
    let get = genuine(b"").method(Method::GET);
    assert_eq!(send(&app, get).await.0, 405);
    for path in ["/hooks/qstash/more", "/hooks", "/nowhere"] {
        let answer = send(&app, unsigned(Method::POST, path)).await;
        assert_eq!(answer.0, 404, "{path}");
    }
}

#[actix_web::test]
async fn route_covers_its_method_only() {
    let hook = web::resource("/hooks/qstash")
        .route(web::get().to(async || "open"))
        .route(web::post().to(webhook).wrap(at_base()));
    let app = init_service(App::new().service(hook).service(health())).await;
    check_open(&app).await;
    let get = send(&app, unsigned(Method::GET, TARGET)).await;
    assert_eq!(get, (200, "open".into()));
    let put = send(&app, unsigned(Method::PUT, TARGET)).await;
    assert_eq!(put.0, 405);
}

#[actix_web::test]
async fn default_service_can_be_wrapped() {
    let app = App::new()
        .service(health())
        .default_service(web::to(webhook).wrap(at_base()));
    check_open(&init_service(app).await).await;
}

#[actix_web::test]
async fn nested_scopes_verify_the_whole_path() {
    let hook = || web::resource("/qstash").route(web::post().to(webhook));
    let outer = App::new().service(
        web::scope("")
            .wrap(at_base())
            .service(web::scope("/hooks").service(hook())),
    );
    check(&init_service(outer).await).await;
    let inner = App::new()
        .service(health())
        .service(web::scope("/hooks").service(web::scope("").wrap(at_base()).service(hook())));
    check_open(&init_service(inner).await).await;
    let resource = App::new().service(web::scope("/hooks").service(hook().wrap(at_base())));
    check(&init_service(resource).await).await;
}

#[actix_web::test]
async fn deeply_nested_scopes_verify_the_whole_path() {
    async fn tenant(tenant: web::Path<String>, body: web::Bytes) -> String {
        format!("{tenant} {}", body.len())
    }
    let tenants = web::scope("/{tenant}")
        .wrap(at_base())
        .route("/qstash", web::post().to(tenant));
    let app = init_service(App::new().service(web::scope("/a").service(tenants))).await;
    let path = "/a/b%20c/qstash?d=e%20f";
    let answer = send(&app, to(path, path)).await;
    assert_eq!(answer, (200, "b c 25".into()));
    for sub in [
        "/qstash?d=e%20f",
        "/b%20c/qstash?d=e%20f",
        "/a/b c/qstash?d=e%20f",
        "/a/b%20c/qstash",
    ] {
        let answer = send(&app, to(path, sub)).await;
        assert_eq!(answer, refusal("url_mismatch"), "{sub}");
    }
}

#[actix_web::test]
async fn service_config_can_register_it() {
    fn configure(config: &mut web::ServiceConfig) {
        let hook = web::resource("/hooks/qstash").wrap(at_base());
        config.service(hook.route(web::post().to(webhook)));
    }
    let app = App::new().configure(configure).service(health());
    check_open(&init_service(app).await).await;
}

#[actix_web::test]
async fn nested_middleware_all_verify() {
    let hook = web::resource("/qstash")
        .wrap(at_base())
        .route(web::post().to(webhook));
    let hooks = web::scope("/hooks").wrap(at_base()).service(hook);
    let app = App::new().wrap(at_base()).service(hooks);
    check(&init_service(app).await).await;
}

#[actix_web::test]
async fn any_path_is_accepted_without_base_url() {
    let app = App::new()
        .wrap(middleware())
        .default_service(web::to(webhook));
    let app = init_service(app).await;
    assert_eq!(send(&app, to("/anything", "/else")).await.0, 200);
}

#[actix_web::test]
async fn absolute_form_is_compared_by_path_and_query() {
    let service = Recorder::default().behind(at_base()).await;
    for (target, sub, status) in [
        (
            "http://10.0.0.1:3000/hooks/qstash?a=b",
            "/hooks/qstash?a=b",
            200,
        ),
        (
            "http://10.0.0.1:3000/hooks/qstash?a=b",
            "/hooks/qstash",
            401,
        ),
        // An empty path equals `/`.
        ("http://10.0.0.1:3000", "/", 200),
        ("http://10.0.0.1:3000", "", 200),
        ("10.0.0.1:3000", "/", 200),
        ("/", "", 200),
        ("/", "/hooks", 401),
    ] {
        let answer = answer(&service, to(target, sub).to_srv_request()).await;
        assert_eq!(answer.0, status, "{target} {sub}");
    }
}
