//! Refused requests whose body continues after the response.

use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::middleware::{ErrorHandlerResponse, ErrorHandlers};
use actix_web::{HttpResponse, web};
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_test_support::{ActixServer, Answer, Connection, Request, builder};

const HEALTH: &str = "/health";

/// A server with a wrapped route and an unprotected one.
fn server(qstash: impl Fn() -> QstashMiddleware + Clone + Send + 'static) -> ActixServer {
    ActixServer::start(1, move |config| {
        config.route(HEALTH, web::to(async || "healthy"));
        let hook = web::resource("/{path}*").wrap(qstash());
        config.service(hook.route(web::to(async || "handled")));
    })
}

fn qstash() -> QstashMiddleware {
    QstashMiddleware::new(builder().build())
}

/// Unfinished forged requests, each with the rest of its body.
fn late() -> [(Vec<u8>, &'static [u8]); 6] {
    let declared = Request::forged(b"").header("content-length", "10");
    let chunked = Request::forged(b"").header("transfer-encoding", "chunked");
    let unsigned = Request::post("/hook").header("content-length", "10");
    let with = |request: &Request, body: &str| request.clone().raw_body(body).bytes();
    [
        (with(&declared, "hello"), b"world"),
        (with(&declared, ""), b"helloworld"),
        (with(&unsigned, "hello"), b"world"),
        (with(&chunked, "5\r\nhello\r\n"), b"5\r\nworld\r\n0\r\n\r\n"),
        (with(&chunked, ""), b"0\r\n\r\n"),
        // Malformed framing.
        (with(&chunked, "5\r\nhello\r\n"), b"z\r\n"),
    ]
}

/// Asserts that nothing follows a response with `Connection: close`, even if the client
/// shuts down its sending side, which ends actix-web's lingering.
fn assert_closed(server: &ActixServer, half_closed: bool, refusal: impl Fn(&Answer)) {
    let health = Request::new("GET", HEALTH).bytes();
    for (first, rest) in late() {
        let mut connection = Connection::open(server.address);
        connection.send(&first);
        let answer = connection.answer();
        refusal(&answer);
        assert_eq!(answer.header("connection"), Some("close"));
        connection.send([rest, &health.repeat(2)].concat());
        if half_closed {
            connection.finish_sending();
        }
        assert_eq!(connection.answers(), []);
    }
    let mut connection = Connection::open(server.address);
    let answer = connection.ask(&Request::new("GET", HEALTH));
    assert_eq!(answer.brief(), (200, "healthy".to_owned()));
}

#[test]
fn nothing_follows_connection_close() {
    for half_closed in [false, true] {
        assert_closed(&server(qstash), half_closed, |answer| {
            assert_eq!(answer.status(), 401);
        });
    }
}

#[test]
fn nothing_follows_connection_close_of_a_replaced_response() {
    let empty = || qstash().on_refusal(|_| HttpResponse::Forbidden().finish());
    let text = || qstash().on_refusal(|_| HttpResponse::Forbidden().body("no"));
    for (server, body) in [(server(empty), ""), (server(text), "no")] {
        assert_closed(&server, true, |answer| {
            assert_eq!(answer.brief(), (403, body.to_owned()));
        });
    }
    let outside = ActixServer::start(1, |config| {
        let replace = |response: ServiceResponse<EitherBody<BoxBody>>| {
            let response = response.map_body(|_, _| BoxBody::new("no"));
            let response = response.map_into_right_body();
            Ok(ErrorHandlerResponse::Response(response))
        };
        let handlers = ErrorHandlers::new().handler(StatusCode::UNAUTHORIZED, replace);
        config.route(HEALTH, web::to(async || "healthy"));
        let hook = web::resource("/{path}*").route(web::to(async || "handled"));
        config.service(hook.wrap(qstash()).wrap(handlers));
    });
    assert_closed(&outside, true, |answer| {
        assert_eq!(answer.brief(), (401, "no".to_owned()));
    });
}

#[cfg(unix)]
#[test]
fn nothing_follows_connection_close_on_a_unix_socket() {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;

    let path = std::env::temp_dir().join(format!("qstash-verify-{}.sock", std::process::id()));
    let (sender, started) = std::sync::mpsc::channel();
    let server = std::thread::spawn({
        let path = path.clone();
        move || {
            actix_web::rt::System::new().block_on(async {
                let app = || {
                    let hook = web::resource("/{path}*").wrap(qstash());
                    actix_web::App::new()
                        .route(HEALTH, web::to(async || "healthy"))
                        .service(hook.route(web::to(async || "handled")))
                };
                let server = actix_web::HttpServer::new(app).workers(1).disable_signals();
                let server = server.bind_uds(path).unwrap().run();
                sender.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        }
    });
    let handle = started.recv().unwrap();
    let health = Request::new("GET", HEALTH).bytes();
    for (first, rest) in late() {
        let mut connection = UnixStream::connect(&path).unwrap();
        connection.write_all(&first).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut buffer = [0; 1024];
            let length = connection.read(&mut buffer).unwrap();
            assert_ne!(length, 0, "{}", answer.escape_ascii());
            answer.extend_from_slice(&buffer[..length]);
        }
        assert!(answer.windows(17).any(|text| text == b"connection: close"));
        let _closed = connection.write_all(&[rest, &health.repeat(2)].concat());
        let mut behind = Vec::new();
        let _reset = connection.read_to_end(&mut behind);
        assert_eq!(behind.escape_ascii().to_string(), "");
    }
    drop(handle.stop(false));
    server.join().unwrap();
    std::fs::remove_file(path).unwrap();
}

#[test]
fn complete_body_over_the_limit_keeps_the_connection() {
    let limited = || QstashMiddleware::new(builder().body_limit(1).build());
    let server = server(limited);
    let mut connection = Connection::open(server.address);
    let mut requests = Request::genuine(b"hello").body(b"hello").bytes();
    let last = Request::new("GET", HEALTH).header("connection", "close");
    requests.extend(last.bytes());
    connection.send(requests);
    let answers = connection.answers();
    let answers: Vec<_> = answers.iter().map(Answer::brief).collect();
    let refused = (413, r#"{"error":"body_too_large"}"#.to_owned());
    assert_eq!(answers, [refused, (200, "healthy".to_owned())]);
}

#[test]
fn tiny_chunks_close_the_connection() {
    let server = server(qstash);
    let forged = Request::forged(b"").header("transfer-encoding", "chunked");
    for chunk in [
        "1\r\nx\r\n",
        "1;extension=value\r\nx\r\n",
        "10\r\n0123456789abcdef\r\n",
    ] {
        let mut connection = Connection::open(server.address);
        connection.send(forged.head());
        let block = chunk.repeat(10_000);
        // 10 million chunks, most of them in the buffers of the two sockets.
        let sent = (0..1000).take_while(|_| connection.send(&block)).count();
        assert!(sent < 1000, "{sent}");
    }
    let mut connection = Connection::open(server.address);
    let answer = connection.ask(&Request::new("GET", HEALTH));
    assert_eq!(answer.brief(), (200, "healthy".to_owned()));
}

/// Behaviour of actix-web that the crate documentation mentions.
#[test]
fn actix_web_answers_requests_pipelined_after_connection_close() {
    let server = ActixServer::start(1, |config| {
        config.route(HEALTH, web::to(async || "healthy"));
    });
    let closing = Request::new("GET", HEALTH).header("connection", "close");
    let mut connection = Connection::open(server.address);
    connection.send([closing.bytes(), closing.bytes()].concat());
    let answers = connection.answers();
    let answers: Vec<_> = answers
        .iter()
        .map(|answer| answer.header("connection"))
        .collect();
    assert_eq!(answers, [Some("close"); 2]);
}
