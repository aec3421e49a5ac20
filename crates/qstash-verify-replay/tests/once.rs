//! The guard, on the store in memory.
#![cfg(feature = "memory")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::Retry;
use qstash_verify_replay::{Claim, MemoryStore, MessageKey, Once, OnceFuture, OnceStore};
use qstash_verify_test_support::log::Log;
use tokio::sync::oneshot;

/// The error of the handlers: a retry, or a failure of their own.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    Retry(Retry),
    Own,
}

impl From<Retry> for Failure {
    fn from(retry: Retry) -> Self {
        Failure::Retry(retry)
    }
}

fn guard() -> Once {
    Once::new(MemoryStore::new())
}

async fn run(once: &Once, result: Result<u32, Failure>) -> Result<Option<u32>, Failure> {
    once.run(Some("msg_1"), ready(result)).await
}

#[tokio::test]
async fn processed_message_does_not_run_again() {
    let once = guard();
    assert_eq!(run(&once, Ok(1)).await, Ok(Some(1)));
    for again in [Ok(2), Err(Failure::Own)] {
        assert_eq!(run(&once, again).await, Ok(None));
    }
    let other = once.run::<_, Failure>(Some("msg_2"), ready(Ok(3)));
    assert_eq!(other.await, Ok(Some(3)));
}

#[tokio::test]
async fn failed_message_runs_again() {
    let once = guard();
    for _ in 0..3 {
        assert_eq!(run(&once, Err(Failure::Own)).await, Err(Failure::Own));
    }
    assert_eq!(run(&once, Ok(1)).await, Ok(Some(1)));
}

#[tokio::test]
async fn message_in_progress_is_retried_after_the_lease() {
    let (log, _guard) = Log::start();
    let once = guard().lease(Duration::from_secs(90));
    let (finish, finished) = oneshot::channel();
    let (begin, begun) = oneshot::channel();
    let guard = once.clone();
    let first = tokio::spawn(async move {
        let handler = async {
            begin.send(()).unwrap();
            Ok::<_, Failure>(finished.await.unwrap())
        };
        guard.run(Some("msg_1"), handler).await
    });
    begun.await.unwrap();
    let Err(Failure::Retry(Retry::AfterSeconds(delay))) = run(&once, Ok(2)).await else {
        panic!("the message is in progress");
    };
    assert!((80..=91).contains(&delay), "{delay}");
    let lines = log.take();
    let [line] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(line.level.as_str(), "INFO");
    assert_eq!(line.fields["message_id"], "msg_1");
    assert_eq!(line.fields["retry_in_seconds"], delay.to_string());
    assert!(line.fields["message"].contains("in progress"), "{line:?}");
    finish.send(1).unwrap();
    assert_eq!(first.await.unwrap(), Ok(Some(1)));
    assert_eq!(run(&once, Ok(2)).await, Ok(None));
}

#[tokio::test]
async fn dropped_handler_holds_the_message_until_the_lease_ends() {
    let seconds = Arc::new(AtomicU64::new(1000));
    let clock = Arc::clone(&seconds);
    let clock = move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst));
    let store = MemoryStore::builder().clock(clock).build();
    let once = Once::new(store)
        .lease(Duration::from_secs(60))
        .keep(Duration::from_secs(600));
    let handler = once.run::<u32, Failure>(Some("msg_1"), pending());
    assert!(tokio::time::timeout(Duration::ZERO, handler).await.is_err());
    let retry = Failure::Retry(Retry::AfterSeconds(61));
    assert_eq!(run(&once, Ok(1)).await, Err(retry));
    seconds.store(1060, Ordering::SeqCst);
    assert_eq!(run(&once, Ok(1)).await, Ok(Some(1)));
    seconds.store(1659, Ordering::SeqCst);
    assert_eq!(run(&once, Ok(2)).await, Ok(None));
    seconds.store(1660, Ordering::SeqCst);
    assert_eq!(run(&once, Ok(3)).await, Ok(Some(3)));
}

#[tokio::test]
async fn handler_that_outlives_its_lease_does_not_release_the_next_one() {
    let store = MemoryStore::new();
    let message = MessageKey::new("msg_1");
    let lease = Duration::from_secs(60);
    assert_eq!(
        store.claim(message, 1, Duration::ZERO).await.unwrap(),
        Claim::Acquired
    );
    assert_eq!(
        store.claim(message, 2, lease).await.unwrap(),
        Claim::Acquired
    );
    store.release(message, 1).await.unwrap();
    let claimed = store.claim(message, 3, lease).await.unwrap();
    assert!(matches!(claimed, Claim::InProgress { .. }), "{claimed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_simultaneous_attempts_runs() {
    let (once, runs) = (guard(), Arc::new(AtomicUsize::new(0)));
    let attempts = (0..50).map(|_| {
        let (once, runs) = (once.clone(), Arc::clone(&runs));
        tokio::spawn(async move {
            let handler = async {
                runs.fetch_add(1, Ordering::SeqCst);
                Ok::<_, Failure>(())
            };
            drop(once.run(Some("msg_1"), handler).await);
        })
    });
    for attempt in attempts.collect::<Vec<_>>() {
        attempt.await.unwrap();
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn delivery_without_a_message_id_does_not_run() {
    let result = guard().run::<_, Failure>(None, ready(Ok(1))).await;
    assert_eq!(result, Err(Failure::Retry(Retry::AfterSeconds(120))));
}

/// A store that fails.
struct Down;

impl OnceStore for Down {
    fn claim(&self, _: MessageKey, _: u64, _: Duration) -> OnceFuture<Claim> {
        Box::pin(ready(Err("refused".into())))
    }

    fn complete(&self, _: MessageKey, _: Duration) -> OnceFuture<()> {
        Box::pin(ready(Err("refused".into())))
    }

    fn release(&self, _: MessageKey, _: u64) -> OnceFuture<()> {
        Box::pin(ready(Err("refused".into())))
    }
}

/// A store that fails after the claim.
struct Forgetful;

impl OnceStore for Forgetful {
    fn claim(&self, _: MessageKey, _: u64, _: Duration) -> OnceFuture<Claim> {
        Box::pin(ready(Ok(Claim::Acquired)))
    }

    fn complete(&self, message: MessageKey, keep: Duration) -> OnceFuture<()> {
        Down.complete(message, keep)
    }

    fn release(&self, message: MessageKey, holder: u64) -> OnceFuture<()> {
        Down.release(message, holder)
    }
}

#[tokio::test]
async fn store_that_fails_puts_the_message_off() {
    let (log, _guard) = Log::start();
    let retry = Failure::Retry(Retry::AfterSeconds(120));
    assert_eq!(run(&Once::new(Down), Ok(1)).await, Err(retry));
    let lines = log.take();
    let [line] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(line.level.as_str(), "ERROR");
    let message = &line.fields["message"];
    assert!(
        message.contains("not processed: the store failed: \"refused\""),
        "{message}"
    );
}

#[test]
fn debug_form_shows_the_times() {
    let once = guard()
        .lease(Duration::from_secs(7))
        .keep(Duration::from_secs(8));
    assert_eq!(format!("{once:?}"), "Once { lease: 7s, keep: 8s, .. }");
}

#[tokio::test]
async fn failed_mark_keeps_the_result_of_the_handler() {
    let (log, _guard) = Log::start();
    let once = Once::new(Forgetful);
    assert_eq!(run(&once, Ok(1)).await, Ok(Some(1)));
    assert_eq!(run(&once, Err(Failure::Own)).await, Err(Failure::Own));
    let lines = log.take();
    for (line, trouble) in lines.iter().zip(["not marked", "not released"]) {
        assert!(line.fields["message"].contains(trouble), "{line:?}");
    }
    assert_eq!(lines.len(), 2, "{lines:?}");
}
