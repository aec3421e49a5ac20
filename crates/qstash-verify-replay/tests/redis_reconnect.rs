//! The store in Redis after failures of its connection, against a fake Redis.
#![cfg(feature = "redis")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod support;

use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use qstash_verify::{Recorded, ReplayStore as _, TokenRecord};
use qstash_verify_replay::{Claim, MessageKey, OnceStore as _, RedisStore};
use support::{FakeRedis, Peer};
use tokio::task::JoinSet;

const TIMED_OUT: &str = "Redis did not answer within 0.1 s";

/// A store that doesn't time out on a busy machine.
fn store(redis: &FakeRedis) -> RedisStore {
    let store = RedisStore::connect(&redis.url()).unwrap();
    store.timeout(Duration::from_secs(60))
}

/// The same store, with a timeout that a test can wait for.
fn impatient(store: &RedisStore) -> RedisStore {
    store.clone().timeout(Duration::from_millis(100))
}

async fn record(store: &RedisStore) -> Result<Recorded, String> {
    let now = SystemTime::now();
    let token = TokenRecord::new([7; 16], now, now + Duration::from_secs(300));
    store
        .record(&token)
        .await
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn reply_of_the_script_decides() {
    let unexpected = Err("Redis: unexpected reply to the script".to_owned());
    for (reply, recorded, accepted) in [
        ("+first", Ok(Recorded::First), Ok(Recorded::First)),
        ("+seen", Ok(Recorded::Seen), Ok(Recorded::Seen)),
        (
            "+signed_before",
            Ok(Recorded::SignedBefore),
            Ok(Recorded::First),
        ),
        ("+OK", unexpected, Ok(Recorded::First)),
    ] {
        let redis = FakeRedis::start([Peer::Replies(reply)]);
        let store = store(&redis);
        assert_eq!(record(&store).await, recorded, "{reply}");
        let store = store.accept_when_unavailable();
        assert_eq!(record(&store).await, accepted, "{reply}");
    }
}

#[tokio::test]
async fn delivery_after_a_refused_password_is_recorded() {
    let redis = FakeRedis::start([Peer::WrongPassword, Peer::Healthy]);
    let store = store(&redis);
    let refused = record(&store).await.unwrap_err();
    assert!(refused.contains("AuthenticationFailed"), "{refused}");
    assert_eq!(record(&store).await, Ok(Recorded::First));
    assert_eq!(record(&store).await, Ok(Recorded::First));
    assert_eq!(redis.connections(), 2);
}

#[tokio::test]
async fn delivery_after_a_read_only_reply_uses_a_new_connection() {
    let redis = FakeRedis::start([Peer::ReadOnly, Peer::Healthy]);
    let store = store(&redis);
    let refused = record(&store).await.unwrap_err();
    assert!(refused.contains("read only"), "{refused}");
    // Clones share the connection.
    assert_eq!(record(&store.clone()).await, Ok(Recorded::First));
    assert_eq!(record(&store).await, Ok(Recorded::First));
    assert_eq!(redis.connections(), 2);
}

#[tokio::test]
async fn simultaneous_timeouts_replace_a_silent_connection_once() {
    let redis = FakeRedis::start([Peer::SilentAfterScript, Peer::Healthy, Peer::Healthy]);
    let patient = store(&redis);
    let impatient = impatient(&patient);
    assert_eq!(record(&patient).await, Ok(Recorded::First));
    let mut deliveries = JoinSet::new();
    for _ in 0..20 {
        let store = impatient.clone();
        deliveries.spawn(async move { record(&store).await });
    }
    for refused in deliveries.join_all().await {
        assert_eq!(refused, Err(TIMED_OUT.to_owned()));
    }
    assert_eq!(record(&patient).await, Ok(Recorded::First));
    assert_eq!(redis.connections(), 2);
}

#[tokio::test]
async fn late_timeout_of_a_replaced_connection_keeps_the_new_one() {
    let redis = FakeRedis::start([Peer::SilentAfterScript, Peer::Healthy, Peer::Healthy]);
    let patient = store(&redis);
    assert_eq!(record(&patient).await, Ok(Recorded::First));
    let late = patient.clone().timeout(Duration::from_millis(500));
    let late = tokio::spawn(async move { record(&late).await });
    assert_eq!(
        record(&impatient(&patient)).await,
        Err(TIMED_OUT.to_owned())
    );
    assert_eq!(record(&patient).await, Ok(Recorded::First));
    assert!(late.await.unwrap().is_err());
    assert_eq!(record(&patient).await, Ok(Recorded::First));
    assert_eq!(redis.connections(), 2);
}

#[tokio::test]
async fn connection_that_never_answers_is_replaced() {
    // The replaced connection manager connects once more, since its error is one of I/O.
    let redis = FakeRedis::start([Peer::Silent, Peer::Healthy, Peer::Healthy]);
    let patient = store(&redis);
    let impatient = impatient(&patient);
    assert_eq!(record(&impatient).await, Err(TIMED_OUT.to_owned()));
    // Connecting may take 5 s; the paused clock skips them.
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(6)).await;
    tokio::time::resume();
    assert_eq!(record(&patient).await, Ok(Recorded::First));
}

#[tokio::test]
async fn connecting_outlasts_the_timeout_of_a_command() {
    let (release, held) = mpsc::channel();
    let redis = FakeRedis::start([Peer::Held(held)]);
    let patient = store(&redis);
    let impatient = impatient(&patient);
    for _ in 0..3 {
        assert_eq!(record(&impatient).await, Err(TIMED_OUT.to_owned()));
    }
    release.send(()).unwrap();
    assert_eq!(record(&patient).await, Ok(Recorded::First));
    assert_eq!(redis.connections(), 1);
}

#[tokio::test]
async fn longest_durations_are_valid_expiries() {
    let redis = FakeRedis::start([Peer::Healthy]);
    let store = store(&redis).clock_skew(Duration::MAX);
    let message = MessageKey::new("msg_1");
    assert_eq!(record(&store).await, Ok(Recorded::First));
    let claimed = store.claim(message, 1, Duration::MAX).await;
    assert_eq!(claimed.unwrap(), Claim::Acquired);
    store.complete(message, Duration::MAX).await.unwrap();
    store.complete(message, Duration::ZERO).await.unwrap();
}
