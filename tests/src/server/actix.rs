use std::sync::atomic::Ordering;
use std::sync::mpsc;

use actix_web::{App, HttpResponse, HttpServer, web};
use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_actix::{Delivery, QstashMiddleware};

use super::{Calls, Running, Server, description, listen};

pub(super) fn start(verifier: Verifier, replay: ReplayProtection, calls: Calls) -> Server {
    let (listener, address) = listen();
    let counter = web::Data::new(Calls::clone(&calls));
    let qstash = QstashMiddleware::new(verifier).replay_store(replay);
    let (sender, handle) = mpsc::channel();
    std::thread::spawn(move || {
        let app = move || {
            App::new()
                .app_data(counter.clone())
                .app_data(web::PayloadConfig::new(usize::MAX))
                .wrap(qstash.clone())
                .default_service(web::to(echo))
        };
        let server = HttpServer::new(app)
            .workers(2)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
        sender.send(server.handle()).unwrap();
        actix_web::rt::System::new().block_on(server).unwrap();
    });
    Server {
        address,
        calls,
        running: Running::Actix(handle.recv().unwrap()),
    }
}

async fn echo(
    calls: web::Data<Calls>,
    Delivery(verified): Delivery,
    body: web::Bytes,
) -> HttpResponse {
    calls.fetch_add(1, Ordering::SeqCst);
    let mut response = HttpResponse::Ok();
    for header in description(&verified) {
        response.insert_header(header);
    }
    response.body(body)
}
