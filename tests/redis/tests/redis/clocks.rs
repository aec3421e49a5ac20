//! Two machines whose clocks differ, with one Redis.

use std::time::{Duration, Instant, SystemTime};

use qstash_verify::{RequestHead, Verified, Verifier, VerifyError, testing};
use qstash_verify_redis_tests::RedisServer;
use qstash_verify_replay::RedisStore;

use crate::support::runtime;

/// How far one clock is ahead, and how far the other is behind.
const OFF: Duration = Duration::from_secs(1);

/// A machine with this clock.
struct Machine {
    verifier: Verifier,
    store: RedisStore,
}

impl Machine {
    fn new(redis: &RedisServer, clock: fn() -> SystemTime) -> Self {
        let store = RedisStore::connect(&redis.url()).unwrap();
        Machine {
            verifier: testing::verifier().clock(clock).build(),
            // A second more, for the way to Redis.
            store: store.clock(clock).clock_skew(3 * OFF),
        }
    }

    fn verify(&self, delivery: &testing::SignedDelivery) -> Result<Verified, VerifyError> {
        let head = RequestHead::new(delivery.headers(), delivery.path_and_query());
        self.verifier.verify(&head, delivery.body())
    }
}

/// The fast clock records the token, and the slow one accepts it two seconds longer.
#[test]
fn token_is_kept_until_the_slowest_clock_refuses_it() {
    let redis = RedisServer::start();
    let runtime = runtime();
    let _guard = runtime.enter();
    let fast = Machine::new(&redis, || SystemTime::now() + OFF);
    let slow = Machine::new(&redis, || SystemTime::now() - OFF);
    let expires = SystemTime::now() + 3 * OFF;
    // Signed well after the memory of Redis begins.
    let signed = expires + Duration::from_secs(100);
    let unix = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let delivery = testing::delivery("https://example.com/hook", "hello")
        .claim("iat", unix(signed).as_secs())
        .claim("exp", unix(expires).as_secs_f64());

    let verified = fast.verify(&delivery).unwrap();
    assert_eq!(runtime.block_on(verified.check_replay(&fast.store)), Ok(()));
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut replays = 0;
    while let Ok(verified) = slow.verify(&delivery) {
        match runtime.block_on(verified.check_replay(&slow.store)) {
            Err(VerifyError::Replayed) => replays += 1,
            // It has expired since it was verified.
            Err(VerifyError::ReplayStoreUnavailable { .. }) => break,
            other => panic!("{other:?} after {replays} replays"),
        }
        assert!(Instant::now() < deadline);
    }
    assert!(replays > 100, "{replays}");
    // Redis forgets it in the end.
    loop {
        let ids: Vec<String> = redis.ask(redis::cmd("KEYS").arg("{qstash}:token:*"));
        if ids.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "{ids:?}");
    }
}
