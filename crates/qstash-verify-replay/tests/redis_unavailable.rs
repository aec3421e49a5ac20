//! The store in Redis without a Redis: refused connections and servers that don't answer.
#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime};

use qstash_verify::{Recorded, ReplayStore as _, TokenRecord};
use qstash_verify_replay::{Claim, MessageKey, OnceStore as _, RedisStore};

fn token() -> TokenRecord {
    let now = SystemTime::now();
    TokenRecord::new([7; 16], now, now + Duration::from_secs(300))
}

/// A free port that nothing listens on.
fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

async fn refusal(store: &RedisStore) -> String {
    store.record(&token()).await.unwrap_err().to_string()
}

#[tokio::test]
async fn refused_connection_is_an_error_each_time() {
    let url = format!("redis://user:secret@127.0.0.1:{}", closed_port());
    let store = RedisStore::connect(&url).unwrap();
    for _ in 0..3 {
        let refused = refusal(&store).await;
        assert!(refused.starts_with("Redis: "), "{refused}");
        assert!(refused.contains("refused"), "{refused}");
        assert!(!refused.contains("secret"), "{refused}");
    }
    assert!(!format!("{store:?}").contains("secret"));
    let message = MessageKey::new("msg_1");
    let second = Duration::from_secs(1);
    assert!(store.claim(message, 1, second).await.is_err());
    assert!(store.complete(message, second).await.is_err());
    assert!(store.release(message, 1).await.is_err());
}

#[tokio::test]
async fn silent_server_is_an_error_after_the_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let timeout = Duration::from_millis(50);
    let store = RedisStore::connect(&url).unwrap().timeout(timeout);
    let begin = Instant::now();
    let refused = refusal(&store).await;
    assert_eq!(refused, "Redis did not answer within 0.05 s");
    let took = begin.elapsed();
    assert!(took >= timeout && took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn unavailable_store_accepts_only_if_it_is_told_to() {
    let url = format!("redis://127.0.0.1:{}", closed_port());
    let store = RedisStore::connect(&url).unwrap().accept_when_unavailable();
    assert_eq!(store.record(&token()).await.unwrap(), Recorded::First);
    // The guard of messages is not affected.
    let claimed: Result<Claim, _> = store
        .claim(MessageKey::new("msg_1"), 1, Duration::from_secs(1))
        .await;
    assert!(claimed.is_err());
}

#[tokio::test]
async fn token_that_expired_while_its_body_arrived_is_refused() {
    let url = format!("redis://127.0.0.1:{}", closed_port());
    let store = RedisStore::connect(&url).unwrap().accept_when_unavailable();
    let now = SystemTime::now();
    let expired = TokenRecord::new([7; 16], now, now);
    let refused = store.record(&expired).await.unwrap_err().to_string();
    assert_eq!(refused, "the delivery expired while its body arrived");
}

#[test]
fn connect_needs_a_runtime_and_a_url() {
    let no_runtime = RedisStore::connect("redis://127.0.0.1").unwrap_err();
    assert!(
        no_runtime.to_string().contains("tokio runtime"),
        "{no_runtime}"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let _guard = runtime.enter();
    for url in ["", "http://127.0.0.1", "redis://"] {
        assert!(RedisStore::connect(url).is_err(), "{url}");
    }
    let url = "user:secret@127.0.0.1:6379";
    let no_scheme = RedisStore::connect(url).unwrap_err().to_string();
    assert!(no_scheme.contains("redis://localhost:6379"), "{no_scheme}");
    assert!(!no_scheme.contains("secret"), "{no_scheme}");
    assert!(RedisStore::connect("rediss://127.0.0.1").is_ok());
}
