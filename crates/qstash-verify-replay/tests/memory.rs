//! The store in memory, from outside.
#![cfg(feature = "memory")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qstash_verify::{Recorded, ReplayStore as _, RequestHead, TokenRecord, VerifyError, testing};
use qstash_verify_replay::{MemoryStore, MemoryStoreBuilder};

/// The second at which the stores of these tests are created.
const START: u64 = 1_721_068_900;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A clock that tests set.
#[derive(Clone)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn new() -> Self {
        Clock(Arc::new(AtomicU64::new(START)))
    }

    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    fn builder(&self) -> MemoryStoreBuilder {
        let clock = self.clone();
        MemoryStore::builder().clock(move || at(clock.0.load(Ordering::SeqCst)))
    }
}

fn token(number: u64) -> TokenRecord {
    let mut id = [0; 16];
    let (start, _) = id.split_at_mut(8);
    // Spread over the shards, as a MAC is.
    start.copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    TokenRecord::new(id, at(START), at(START + 300))
}

/// Records a token; the text of an error is that of the refusal.
fn record(store: &MemoryStore, token: &TokenRecord) -> Result<Recorded, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let recorded = runtime.block_on(store.record(token));
    recorded.map_err(|error| error.to_string())
}

#[test]
fn token_is_first_once() {
    let store = Clock::new().builder().build();
    assert_eq!(record(&store, &token(1)), Ok(Recorded::First));
    for _ in 0..3 {
        assert_eq!(record(&store.clone(), &token(1)), Ok(Recorded::Seen));
    }
    assert_eq!(record(&store, &token(2)), Ok(Recorded::First));
}

#[test]
fn token_is_kept_until_it_expires_and_the_clock_difference_after_it() {
    let clock = Clock::new();
    let difference = Duration::from_secs(7);
    let store = clock.builder().clock_skew(difference).build();
    assert_eq!(record(&store, &token(1)), Ok(Recorded::First));
    // The clock is set back after each look.
    for (second, expected) in [
        (START + 299, Recorded::Seen),
        (START + 306, Recorded::Seen),
        (START + 307, Recorded::First),
    ] {
        clock.set(second);
        let mut other = *token(1).id();
        other[15] = u8::try_from(second % 256).unwrap();
        let late = TokenRecord::new(other, at(START), at(START + 900));
        // Removes what has expired in the same shard.
        assert_eq!(record(&store, &late), Ok(Recorded::First));
        clock.set(START + 299);
        assert_eq!(record(&store, &token(1)), Ok(expected), "{second}");
    }
}

#[test]
fn token_that_expired_while_its_body_arrived_is_refused() {
    let clock = Clock::new();
    let store = clock.builder().build();
    clock.set(START + 300);
    let refused = record(&store, &token(1)).unwrap_err();
    assert_eq!(refused, "the delivery expired while its body arrived");
    assert_eq!(store.entries(), 0);
}

#[test]
fn full_store_refuses_until_tokens_expire() {
    let clock = Clock::new();
    let store = clock.builder().max_entries(100).build();
    for number in 0..100 {
        assert_eq!(record(&store, &token(number)), Ok(Recorded::First));
    }
    for number in 100..110 {
        let refused = record(&store, &token(number)).unwrap_err();
        assert!(refused.contains("full: raise `max_entries`"), "{refused}");
    }
    // What is recorded is still known.
    assert_eq!(record(&store, &token(50)), Ok(Recorded::Seen));
    clock.set(START + 360);
    for number in 100..200 {
        let late = TokenRecord::new(*token(number).id(), at(START), at(START + 900));
        assert_eq!(record(&store, &late), Ok(Recorded::First));
    }
    assert!(store.entries() <= 100);
}

#[test]
fn token_signed_before_the_store_was_created_is_refused() {
    let store = Clock::new().builder().build();
    let signed = |seconds| TokenRecord::new([7; 16], at(seconds), at(seconds + 300));
    assert_eq!(
        record(&store, &signed(START - 1)),
        Ok(Recorded::SignedBefore)
    );
    let no_iat = TokenRecord::new([7; 16], UNIX_EPOCH, at(START + 300));
    assert_eq!(record(&store, &no_iat), Ok(Recorded::SignedBefore));
    assert_eq!(record(&store, &signed(START)), Ok(Recorded::First));
}

#[test]
fn one_of_many_threads_is_first() {
    const THREADS: usize = 8;
    let store = Clock::new().builder().build();
    for number in 0..200 {
        let barrier = Barrier::new(THREADS);
        let first = thread::scope(|scope| {
            let run = || {
                barrier.wait();
                record(&store, &token(number)) == Ok(Recorded::First)
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
            let first = threads.into_iter().map(|thread| thread.join().unwrap());
            first.filter(|first| *first).count()
        });
        assert_eq!(first, 1, "{number}");
    }
}

#[test]
fn entry_takes_about_130_bytes() {
    const ENTRIES: u64 = 100_000;
    let store = Clock::new().builder().build();
    let measured = allocation_counter::measure(|| {
        for number in 0..ENTRIES {
            drop(store.record(&token(number)));
        }
    });
    let bytes = measured.bytes_current / i64::try_from(ENTRIES).unwrap();
    assert!((80..=140).contains(&bytes), "{bytes} bytes per entry");
}

#[test]
fn deliveries_of_the_testing_kit_are_checked() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let verifier = testing::verifier().build();
    let store = MemoryStore::builder().clock(testing::now).build();
    let delivery = testing::delivery("https://example.com/hook", "hello");
    let check = |delivery: &testing::SignedDelivery, store: &MemoryStore| {
        let head = RequestHead::new(delivery.headers(), delivery.path_and_query());
        let verified = verifier.verify(&head, delivery.body()).unwrap();
        runtime.block_on(verified.check_replay(store))
    };
    assert_eq!(check(&delivery, &store), Ok(()));
    assert_eq!(check(&delivery, &store), Err(VerifyError::Replayed));
    let system = check(&delivery, &MemoryStore::new()).unwrap_err();
    assert_eq!(system, VerifyError::SignedBeforeReplayStore);
}

#[test]
fn debug_form_has_the_number_of_entries() {
    let store = MemoryStore::new();
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 0, .. }");
}
