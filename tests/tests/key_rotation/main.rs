//! Keys that roll while the examples serve with `REFRESH_KEYS`: no delivery is lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

mod console;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use console::{Console, Region};
use qstash_verify_tests::{Example, Kind, Request, Token};

const BODY: &[u8] = br#"{"message":"hello world"}"#;

/// The deliveries so far, by the number of times that they were refused.
#[derive(Default)]
struct Deliveries([AtomicUsize; 3]);

impl Deliveries {
    fn refused(&self) -> [usize; 3] {
        [0, 1, 2].map(|refused| self.0[refused].load(Ordering::Relaxed))
    }
}

fn request(region: Region, key: &str) -> Request {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let token = Token::new(
        "https://example.com/webhook",
        BODY,
        now.as_secs().try_into().unwrap(),
    );
    Request::post("/webhook")
        .header("upstash-region", region.header())
        .signed(token.sign(key))
        .body(BODY)
}

/// Delivers a message as QStash does, with two retries at most, and returns which key
/// it was accepted with.
fn deliver(
    console: &Console,
    service: &Example,
    region: Region,
    deliveries: &Deliveries,
) -> String {
    for refused in 0..3 {
        let fetches = console.fetches(region);
        let (status, answer) = service.json(&request(region, &console.current_key(region)));
        if status == 200 {
            deliveries.0[refused].fetch_add(1, Ordering::Relaxed);
            return answer["key"].as_str().unwrap().to_owned();
        }
        assert_eq!((status, &answer["error"]), (401, &"bad_signature".into()));
        // QStash retries after 12 s, then after 148 s: later than this.
        console.wait_for_fetches(region, fetches + 1);
    }
    panic!("a delivery was refused for good");
}

/// Delivers to both regions until each accepts what its current key signed.
fn until_current(console: &Console, service: &Example, deliveries: &Deliveries) {
    for region in Region::BOTH {
        let started = Instant::now();
        while deliver(console, service, region, deliveries) != "current" {
            assert!(
                started.elapsed().as_secs() < 60,
                "{region:?} keeps its old keys"
            );
        }
    }
}

fn start(kind: Kind, console: &Console, seconds: &str) -> Example {
    let variables = console.variables();
    let mut variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    variables.extend([
        ("QSTASH_REGION", "US_EAST_1"),
        ("REFRESH_KEYS", seconds),
        ("RUST_LOG", "qstash_verify=info"),
    ]);
    Example::start(kind, &variables)
}

fn rolls_lose_no_delivery(kind: Kind) {
    let console = Console::start();
    let mut service = start(kind, &console, "2");
    let deliveries = Deliveries::default();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for region in Region::BOTH {
            for _ in 0..2 {
                let (console, service) = (&console, &service);
                let (deliveries, done) = (&deliveries, &done);
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        deliver(console, service, region, deliveries);
                    }
                });
            }
        }
        let finally = Finally(&done);
        let roll = |times| {
            for region in Region::BOTH {
                console.roll(region, times);
            }
        };
        let caught_up = || until_current(&console, &service, &deliveries);
        caught_up();

        // Two rolls in a row, the second while the API fails.
        roll(1);
        caught_up();
        console.fail(true);
        roll(1);
        for region in Region::BOTH {
            console.wait_for_requests(region, console.requests(region) + 2);
        }
        console.fail(false);
        caught_up();
        let [at_once, retried, twice] = deliveries.refused();
        assert!(at_once > 100, "{at_once}");
        assert_eq!([retried, twice], [0, 0], "refused after one roll");

        // Two rolls at once.
        roll(2);
        caught_up();
        let [_, retried, twice] = deliveries.refused();
        assert!(retried + twice > 0, "no delivery met the second roll");
        drop(finally);
    });
    let output = service.stop();
    assert!(output.contains("500 from 127.0.0.1:"), "{output}");
    assert!(output.contains("can be fetched again"), "{output}");
    assert!(output.contains("tried the keys fetched with "), "{output}");
    for secret in ["sig_", "token-of"] {
        assert!(!output.contains(secret), "{output}");
    }
}

/// Ends the load, even if an assertion fails.
struct Finally<'a>(&'a AtomicBool);

impl Drop for Finally<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn forgeries_cause_one_request_a_minute(kind: Kind) {
    let console = Console::start();
    let service = start(kind, &console, "3600");
    let deliveries = Deliveries::default();
    until_current(&console, &service, &deliveries);
    let started = Instant::now();
    thread::scope(|scope| {
        for region in Region::BOTH {
            for _ in 0..2 {
                let service = &service;
                scope.spawn(move || {
                    let forged = request(region, "sig_mallory");
                    let mut connection = service.connect();
                    for _ in 0..2500 {
                        connection.ask(&forged).assert_unauthorized("bad_signature");
                    }
                });
            }
        }
    });
    let minutes = usize::try_from(started.elapsed().as_secs() / 60).unwrap();
    for region in Region::BOTH {
        console.wait_for_fetches(region, 2);
        // The first at the start.
        let requests = console.requests(region);
        assert!(
            (2..=2 + minutes).contains(&requests),
            "{region:?}: {requests}"
        );
    }
    until_current(&console, &service, &deliveries);
    assert_eq!(deliveries.refused()[1..], [0, 0]);
}

#[test]
fn axum_rolls_lose_no_delivery() {
    rolls_lose_no_delivery(Kind::Axum);
}

#[test]
fn actix_rolls_lose_no_delivery() {
    rolls_lose_no_delivery(Kind::Actix);
}

#[test]
fn hyper_rolls_lose_no_delivery() {
    rolls_lose_no_delivery(Kind::Hyper);
}

#[test]
fn poem_rolls_lose_no_delivery() {
    rolls_lose_no_delivery(Kind::Poem);
}

#[test]
fn rocket_rolls_lose_no_delivery() {
    rolls_lose_no_delivery(Kind::Rocket);
}

#[test]
fn axum_forgeries_cause_one_request_a_minute() {
    forgeries_cause_one_request_a_minute(Kind::Axum);
}

#[test]
fn actix_forgeries_cause_one_request_a_minute() {
    forgeries_cause_one_request_a_minute(Kind::Actix);
}

#[test]
fn hyper_forgeries_cause_one_request_a_minute() {
    forgeries_cause_one_request_a_minute(Kind::Hyper);
}
