//! Prints memory and time of the replay stores; `scripts/test-redis measure` runs it.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a measurement"
)]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use qstash_verify::{Recorded, ReplayStore, TokenRecord};
use qstash_verify_redis_tests::RedisServer;
use qstash_verify_replay::{MemoryStore, RedisStore};
use redis::IntoConnectionInfo as _;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;

const IDS: u64 = 1_000_000;
/// Number of checks one after the other.
const SEQUENTIAL: u64 = 20_000;
/// Number of checks on their way at once.
const CONCURRENT: u64 = 64;

fn token(number: u64) -> TokenRecord {
    // Uniformly distributed, as MACs are.
    let mut state = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut id = [0; 16];
    for chunk in id.chunks_mut(8) {
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 27;
        chunk.copy_from_slice(&state.to_le_bytes());
    }
    let now = SystemTime::now();
    let signed_at = now + Duration::from_secs(10);
    TokenRecord::new(id, signed_at, now + Duration::from_secs(3000))
}

/// Returns the resident memory of this process in bytes (Linux).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

fn used_memory(server: &RedisServer) -> u64 {
    let info: String = server.ask(redis::cmd("INFO").arg("memory"));
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    line.unwrap().trim().parse().unwrap()
}

fn each(elapsed: Duration, count: u64) -> String {
    format!("{:.2} µs", elapsed.as_secs_f64() * 1e6 / count as f64)
}

/// Runs `check` for `count` numbers, [`CONCURRENT`] at a time.
async fn concurrently<F, R>(count: u64, check: F) -> Duration
where
    F: Fn(u64) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = ()> + Send,
{
    let next = Arc::new(AtomicU64::new(0));
    let begin = Instant::now();
    let tasks = (0..CONCURRENT).map(|_| {
        let (next, check) = (Arc::clone(&next), check.clone());
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    break;
                }
                check(number).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    begin.elapsed()
}

async fn measure_memory() {
    let (store, before) = (MemoryStore::new(), resident());
    let begin = Instant::now();
    for number in 0..IDS {
        assert_eq!(store.record(&token(number)).await.unwrap(), Recorded::First);
    }
    let first = begin.elapsed();
    let bytes = resident().saturating_sub(before) / IDS;
    let begin = Instant::now();
    for number in 0..IDS {
        assert_eq!(store.record(&token(number)).await.unwrap(), Recorded::Seen);
    }
    let seen = begin.elapsed();
    println!("memory: {IDS} ids, {bytes} bytes each");
    println!("    first: {}, seen: {}", each(first, IDS), each(seen, IDS));
}

async fn set_nx(connection: &MultiplexedConnection, number: u64) {
    let key = format!("bare:{:032x}", u128::from_be_bytes(*token(number).id()));
    let mut command = redis::cmd("SET");
    command.arg(key).arg("").arg("NX").arg("PX").arg(360_000);
    let _: redis::Value = command.query_async(&mut connection.clone()).await.unwrap();
}

async fn measure_redis() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url())
        .unwrap()
        .timeout(Duration::from_secs(60));
    // Sets the beginning of its memory.
    drop(
        store
            .record(&TokenRecord::new(
                [0; 16],
                SystemTime::now(),
                SystemTime::now(),
            ))
            .await,
    );
    let info = server.url().into_connection_info().unwrap();
    let settings = TcpSettings::default().set_nodelay(true);
    let client = redis::Client::open(info.set_tcp_settings(settings)).unwrap();
    let bare = client.get_multiplexed_async_connection().await.unwrap();

    let before = used_memory(&server);
    let checked = store.clone();
    let all = concurrently(IDS, move |number| {
        let checked = checked.clone();
        async move {
            let recorded = checked.record(&token(number)).await.unwrap();
            assert_eq!(recorded, Recorded::First);
        }
    });
    let all = all.await;
    let bytes = (used_memory(&server) - before) / IDS;
    let of_bare = bare.clone();
    let all_bare = concurrently(IDS, move |number| {
        let bare = of_bare.clone();
        async move { set_nx(&bare, number).await }
    });
    let all_bare = all_bare.await;

    let begin = Instant::now();
    for number in IDS..IDS + SEQUENTIAL {
        store.record(&token(number)).await.unwrap();
    }
    let one = begin.elapsed();
    let begin = Instant::now();
    for number in IDS..IDS + SEQUENTIAL {
        set_nx(&bare, number).await;
    }
    let one_bare = begin.elapsed();
    println!("redis: {IDS} ids, {bytes} bytes each");
    println!(
        "    one after the other: {} (bare SET NX: {})",
        each(one, SEQUENTIAL),
        each(one_bare, SEQUENTIAL)
    );
    println!(
        "    {CONCURRENT} at once: {} (bare SET NX: {})",
        each(all, IDS),
        each(all_bare, IDS)
    );
}

#[tokio::main]
async fn main() {
    measure_memory().await;
    measure_redis().await;
}
