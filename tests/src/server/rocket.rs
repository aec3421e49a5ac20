use std::sync::atomic::Ordering;
use std::sync::mpsc;

use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_rocket::{Delivery, QstashFairing};
use rocket::config::{Config, Ident, LogLevel, Shutdown};
use rocket::data::FromData as _;
use rocket::fairing::AdHoc;
use rocket::http::Method;
use rocket::outcome::Outcome;
use rocket::response::Response;
use rocket::route::{self, Handler, Route};
use rocket::shield::Shield;
use rocket::{Data, Request};

use super::{Calls, Running, Server, description};

const METHODS: [Method; 7] = [
    Method::Get,
    Method::Post,
    Method::Put,
    Method::Head,
    Method::Options,
    Method::Delete,
    Method::Patch,
];

pub(super) fn start(verifier: Verifier, replay: ReplayProtection, calls: Calls) -> Server {
    let runtime = super::runtime();
    let (sender, address) = mpsc::channel();
    let handler = Echo(Calls::clone(&calls));
    let route = |method| Route::new(method, "/<path..>", handler.clone());
    let config = Config {
        port: 0,
        ident: Ident::none(),
        log_level: LogLevel::Off,
        // The tests have their own way to end it.
        shutdown: Shutdown {
            ctrlc: false,
            signals: [].into(),
            ..Shutdown::default()
        },
        ..Config::debug_default()
    };
    let rocket = rocket::custom(config)
        .attach(QstashFairing::new(verifier).replay_store(replay))
        // Without the headers that Rocket adds to each response.
        .attach(Shield::new())
        .attach(AdHoc::on_liftoff("address", move |rocket| {
            let config = rocket.config();
            sender.send((config.address, config.port).into()).unwrap();
            Box::pin(std::future::ready(()))
        }))
        .mount("/", METHODS.map(route).to_vec());
    runtime.spawn(rocket.launch());
    Server {
        address: address.recv().unwrap(),
        calls,
        running: Running::Tokio(Some(runtime)),
    }
}

/// Any method, while attributes of Rocket name one.
#[derive(Clone)]
struct Echo(Calls);

#[rocket::async_trait]
impl Handler for Echo {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> route::Outcome<'r> {
        let delivery = match Delivery::from_data(request, data).await {
            Outcome::Success(delivery) => delivery,
            Outcome::Error((status, _)) => return Outcome::Error(status),
            Outcome::Forward(forward) => return Outcome::Forward(forward),
        };
        self.0.fetch_add(1, Ordering::SeqCst);
        let mut response = Response::new();
        for (name, value) in description(&delivery.verified) {
            response.set_raw_header(name, value);
        }
        let (length, body) = (delivery.body.len(), std::io::Cursor::new(delivery.body));
        response.set_sized_body(length, body);
        Outcome::Success(response)
    }
}
