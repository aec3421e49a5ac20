//! Logs of a server with several workers, including actix-web's events.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};

use actix_web::middleware::Logger;
use actix_web::web;
use qstash_verify::KeyRing;
use qstash_verify_actix::QstashMiddleware;
use qstash_verify_test_support::{
    Connection, DEFAULT, DEFAULT_VARIABLES, EU_VARIABLES, MULTI_REGION, NOW, Request, TARGET,
    Token, URL, US_VARIABLES, builder, lookup, samples, signing_keys,
};

use qstash_verify_test_support::ActixServer;
use qstash_verify_test_support::log::Log;

/// Returns the log of all threads, locked for one test.
fn global() -> (&'static Log, MutexGuard<'static, ()>) {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let log = Log::global();
    log.take();
    log.closed();
    (log, turn)
}

fn server(workers: usize, qstash: QstashMiddleware) -> ActixServer {
    ActixServer::start(workers, move |config| {
        let handler = async |body: web::Bytes| {
            tracing::trace!("handled");
            // Identifies the worker.
            format!("{:?} {}", std::thread::current().id(), body.len())
        };
        config.service(
            web::scope("")
                .wrap(Logger::default())
                .wrap(qstash.clone())
                .wrap(Logger::new("%r %s %{upstash-message-id}i"))
                .default_service(web::to(handler)),
        );
    })
}

#[test]
fn key_roll_is_logged_once_for_all_workers() {
    const CONNECTIONS: usize = 60;
    let (log, _turn) = global();
    let server = server(3, QstashMiddleware::new(builder().build()));
    let address = server.address;
    let start = Arc::new(Barrier::new(CONNECTIONS));
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let start = Arc::clone(&start);
            std::thread::spawn(move || {
                let body = "x".repeat(number);
                let token = Token::new(URL, body.as_bytes(), NOW).sign(DEFAULT[1]);
                let request = Request::post(TARGET).signed(token).body(body.as_bytes());
                let mut connection = Connection::open(address);
                start.wait();
                let mut workers = BTreeSet::new();
                for _ in 0..3 {
                    let (status, text) = connection.ask(&request).brief();
                    let (worker, length) = text.split_once(' ').unwrap();
                    assert_eq!((status, length), (200, &*number.to_string()));
                    workers.insert(worker.to_owned());
                }
                workers
            })
        })
        .collect();
    let workers: BTreeSet<_> = clients
        .into_iter()
        .flat_map(|client| client.join().unwrap())
        .collect();
    drop(server);
    assert_eq!(workers.len(), 3, "{workers:?}");
    let lines = log.take();
    let rolled = |text: &str| text.contains("the signing keys were rolled");
    let rolls = lines.iter().filter(|line| rolled(&line.fields["message"]));
    assert_eq!(rolls.count(), 1);
    let handled = lines
        .iter()
        .filter(|line| line.fields["message"] == "handled");
    let spans: Vec<_> = handled.map(|line| &line.spans).collect();
    assert_eq!(spans.len(), 3 * CONNECTIONS);
    for spans in spans {
        assert_eq!(spans[0].0, "qstash_delivery");
        assert_eq!(spans[0].1["key"], "next");
    }
}

#[test]
fn keys_and_tokens_are_not_logged() {
    let (log, _turn) = global();
    let variables = [
        &DEFAULT_VARIABLES[..],
        &US_VARIABLES,
        &EU_VARIABLES,
        &[MULTI_REGION],
    ]
    .concat();
    let rings = [
        KeyRing::from(signing_keys(&DEFAULT)),
        KeyRing::from_lookup(lookup(&variables)).unwrap(),
    ];
    let mut tokens = Vec::new();
    for ring in rings {
        let verifier = qstash_verify::Verifier::builder(ring)
            .base_url("https://api.example.com")
            .unwrap()
            .body_limit(100)
            .clock(qstash_verify_test_support::pinned(NOW + 10))
            .build();
        let qstash = QstashMiddleware::new(verifier);
        tracing::trace!("{qstash:?}");
        let server = server(2, qstash);
        for sample in samples() {
            for body in [&b"hello"[..], b"other", &[b'x'; 101]] {
                let mut request = Request::post(TARGET);
                let headers = sample.headers.iter();
                for (name, value) in headers.filter(|(name, _)| *name != "content-length") {
                    request = request.header(name, value);
                    if *name == "upstash-signature" {
                        tokens.push(String::from_utf8_lossy(value).into_owned());
                    }
                }
                // With a length, in chunks, and truncated.
                for request in [
                    request.clone().body(body),
                    request.clone().chunks(body, 2),
                    request.clone().header("content-length", "100"),
                ] {
                    let mut connection = Connection::open(server.address);
                    connection.send(request.bytes());
                    connection.finish_sending();
                    connection.next_answer();
                }
            }
        }
        // Not HTTP.
        let mut connection = Connection::open(server.address);
        connection.send(format!("{}\r\n\r\n", tokens[0]));
        connection.next_answer();
    }
    let lines = log.take();
    let text = format!("{lines:?} {:?}", log.closed());
    for wanted in [
        "delivery refused",
        "qstash_delivery",
        "actix_web::middleware::logger",
        "actix_http::h1",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    for (name, key) in &variables {
        assert!(*name == MULTI_REGION.0 || !text.contains(key), "{key}");
    }
    for token in tokens {
        // Neither the signing input nor the MAC is logged.
        let mut parts = token.rsplitn(2, '.').filter(|part| part.len() > 20);
        assert!(!parts.any(|part| text.contains(part)), "{token}");
    }
}
