//! Mount points of the middleware in actix-web, and the URL it sees there.

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

/// To a path of its own, genuine but for what `sub` says.
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

/// A genuine and a forged delivery to [`TARGET`], and those that were meant for
/// what is left of the URL behind prefix or query.
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

/// The same, and whether `GET /health` is open.
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
async fn on_an_app() {
    let app = App::new()
        .wrap(at_base())
        .route("/hooks/qstash", web::post().to(webhook))
        .service(health());
    let app = init_service(app).await;
    check(&app).await;
    // It is on all routes, and on what is none.
    for path in ["/health", "/nowhere"] {
        let answer = send(&app, unsigned(Method::GET, path)).await;
        assert_eq!(answer, refusal("missing_signature"), "{path}");
    }
    assert_eq!(send(&app, to("/nowhere", "/nowhere")).await.0, 404);
    let elsewhere = send(&app, to("/nowhere", "/elsewhere")).await;
    assert_eq!(elsewhere, refusal("url_mismatch"));
    // A method that no route has is 404 here, as actix-web has it.
    let put = genuine(b"").method(Method::PUT);
    assert_eq!(send(&app, put).await.0, 404);
}

#[actix_web::test]
async fn on_a_scope() {
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
async fn on_a_resource() {
    let hook = web::resource("/hooks/qstash")
        .wrap(at_base())
        .route(web::post().to(webhook));
    let app = init_service(App::new().service(hook).service(health())).await;
    check_open(&app).await;
    // A method that it doesn't have is for the genuine to learn.
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
async fn on_a_route() {
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
async fn on_what_no_route_takes() {
    let app = App::new()
        .service(health())
        .default_service(web::to(webhook).wrap(at_base()));
    check_open(&init_service(app).await).await;
}

#[actix_web::test]
async fn the_url_in_nested_scopes_is_the_clients() {
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
async fn the_url_in_deeply_nested_scopes_is_the_clients() {
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
async fn in_a_configuration_of_its_own() {
    fn configure(config: &mut web::ServiceConfig) {
        let hook = web::resource("/hooks/qstash").wrap(at_base());
        config.service(hook.route(web::post().to(webhook)));
    }
    let app = App::new().configure(configure).service(health());
    check_open(&init_service(app).await).await;
}

#[actix_web::test]
async fn twice_is_verified_twice() {
    let hook = web::resource("/qstash")
        .wrap(at_base())
        .route(web::post().to(webhook));
    let hooks = web::scope("/hooks").wrap(at_base()).service(hook);
    let app = App::new().wrap(at_base()).service(hooks);
    check(&init_service(app).await).await;
}

#[actix_web::test]
async fn without_a_url_any_path_is_accepted() {
    let app = App::new()
        .wrap(middleware())
        .default_service(web::to(webhook));
    let app = init_service(app).await;
    assert_eq!(send(&app, to("/anything", "/else")).await.0, 200);
}

#[actix_web::test]
async fn an_absolute_target_is_compared_by_its_path_and_query() {
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
        // No path is the path `/`.
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
