//! Servers with a store in Redis, and deliveries signed now.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use qstash_verify::{Verifier, VerifierBuilder};
use qstash_verify_redis_tests::RedisServer;
use qstash_verify_replay::RedisStore;
use qstash_verify_tests::{
    Answer, DEFAULT, Kind, Request, Server, TARGET, Token, URL, signing_keys,
};
use tokio::runtime::Runtime;

/// A server with the default keys and the system's clock, and its runtime of Redis.
pub(crate) struct Protected {
    server: Server,
    _runtime: Runtime,
}

pub(crate) fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

pub(crate) fn verifier() -> VerifierBuilder {
    Verifier::builder(signing_keys(&DEFAULT))
}

impl Protected {
    pub(crate) fn start(kind: Kind, redis: &RedisServer) -> Self {
        Protected::with(kind, redis, |store| store)
    }

    pub(crate) fn with(
        kind: Kind,
        redis: &RedisServer,
        set: impl FnOnce(RedisStore) -> RedisStore,
    ) -> Self {
        let runtime = runtime();
        let guard = runtime.enter();
        let store = set(RedisStore::connect(&redis.url()).unwrap());
        drop(guard);
        Protected {
            server: Server::with_replay_store(kind, verifier().build(), store),
            _runtime: runtime,
        }
    }

    /// Sends a delivery on a connection of its own.
    pub(crate) fn send(&self, delivery: &Delivery) -> Answer {
        self.server.connect().ask(&delivery.request())
    }

    pub(crate) fn calls(&self) -> usize {
        self.server.calls()
    }

    /// Sends new deliveries until one is accepted, and returns it: deliveries of the
    /// second in which the memory of Redis begins are refused.
    pub(crate) fn accepted(&self) -> Delivery {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let delivery = Delivery::new();
            let answer = self.send(&delivery);
            if answer.status() == 200 {
                return delivery;
            }
            assert_signed_before(&answer);
            assert!(Instant::now() < deadline, "no delivery is accepted");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A delivery signed now, with a body of its own.
#[derive(Clone)]
pub(crate) struct Delivery {
    token: String,
    body: Vec<u8>,
}

impl Delivery {
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let body = now.as_nanos().to_string().into_bytes();
        let token = Token::new(URL, &body, now.as_secs() as i64);
        let token = token.claim("jti", &format!("\"{}\"", now.as_nanos()));
        Delivery {
            token: token.sign(DEFAULT[0]),
            body,
        }
    }

    pub(crate) fn request(&self) -> Request {
        Request::post(TARGET).signed(&self.token).body(&self.body)
    }
}

pub(crate) fn code(answer: &Answer) -> String {
    answer
        .text()
        .split('"')
        .nth(3)
        .unwrap_or_default()
        .to_owned()
}

pub(crate) fn assert_unavailable(answer: &Answer) {
    assert_not_judged(answer, "replay_store_unavailable");
}

pub(crate) fn assert_signed_before(answer: &Answer) {
    assert_not_judged(answer, "signed_before_replay_store");
}

fn assert_not_judged(answer: &Answer, expected: &str) {
    assert_eq!((answer.status(), code(answer).as_str()), (503, expected));
    assert_eq!(answer.header("retry-after"), Some("120"));
}
