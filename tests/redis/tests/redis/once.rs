//! The guard that processes each message once, on two machines with one Redis.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use qstash_verify::Retry;
use qstash_verify_redis_tests::RedisServer;
use qstash_verify_replay::{Once, RedisStore};

use crate::support::runtime;

type Outcome = Result<Option<u32>, Retry>;

/// The guards of two machines.
fn guards(redis: &RedisServer, lease: Duration) -> [Once; 2] {
    [(); 2].map(|()| Once::new(RedisStore::connect(&redis.url()).unwrap()).lease(lease))
}

async fn run(once: &Once, result: Result<u32, Retry>) -> Outcome {
    once.run(Some("msg_1"), ready(result)).await
}

#[test]
fn message_is_processed_once_on_two_machines() {
    let redis = RedisServer::start();
    runtime().block_on(async {
        let [a, b] = guards(&redis, Duration::from_secs(60));
        // A handler that fails releases the message for the other machine.
        assert_eq!(run(&a, Err(Retry::Never)).await, Err(Retry::Never));
        let inner = b.clone();
        let outcome = a.run(Some("msg_1"), async move {
            let Err(Retry::AfterSeconds(delay)) = run(&inner, Ok(2)).await else {
                panic!("the message is in progress");
            };
            assert!((50..=61).contains(&delay), "{delay}");
            Ok::<_, Retry>(1)
        });
        assert_eq!(outcome.await, Ok(Some(1)));
        assert_eq!(run(&b, Ok(2)).await, Ok(None));
    });
}

#[test]
fn one_of_many_attempts_on_two_machines_runs() {
    let redis = RedisServer::start();
    runtime().block_on(async {
        let guards = guards(&redis, Duration::from_secs(60));
        let runs = Arc::new(AtomicUsize::new(0));
        let attempts = (0..100).map(|number| {
            let (once, runs) = (guards[number % 2].clone(), Arc::clone(&runs));
            tokio::spawn(async move {
                let handler = async {
                    runs.fetch_add(1, Ordering::SeqCst);
                    Ok::<_, Retry>(())
                };
                let _: Result<_, Retry> = once.run(Some("msg_1"), handler).await;
            })
        });
        for attempt in attempts.collect::<Vec<_>>() {
            attempt.await.unwrap();
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn lease_of_a_crashed_machine_ends() {
    let redis = RedisServer::start();
    runtime().block_on(async {
        let [a, b] = guards(&redis, Duration::from_millis(300));
        let crashed = a.run::<u32, Retry>(Some("msg_1"), std::future::pending());
        assert!(
            tokio::time::timeout(Duration::from_millis(100), crashed)
                .await
                .is_err()
        );
        assert_eq!(run(&b, Ok(1)).await, Err(Retry::AfterSeconds(1)));
        let deadline = Instant::now() + Duration::from_secs(20);
        while run(&b, Ok(1)).await != Ok(Some(1)) {
            assert!(Instant::now() < deadline, "the lease does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}
