//! Tests against a model, and with interleavings of threads chosen by shuttle.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shuttle::sync::Arc;
use shuttle::thread;

use super::*;

/// Number of interleavings that each test tries.
const SCHEDULES: usize = 2000;

fn key(number: u8) -> Key {
    [number; 16]
}

fn until(until: u64) -> Entry {
    let state = State::Done;
    Entry { state, until }
}

/// Runs a test on one thread; shuttle's locks need its scheduler.
fn alone(test: impl Fn() + Send + Sync + 'static) {
    shuttle::check_random(test, 1);
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, u64, u64),
    Replace(u8, u64),
    Release(u8, u64),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..6_u8;
    prop_oneof![
        4 => (number.clone(), 1..20_u64, 0..3_u64).prop_map(|(k, t, h)| Step::Insert(k, t, h)),
        1 => (number.clone(), 1..20_u64).prop_map(|(k, t)| Step::Replace(k, t)),
        1 => (number, 0..3_u64).prop_map(|(k, h)| Step::Release(k, h)),
        2 => (0..15_u64).prop_map(Step::Wait),
    ]
}

/// Asserts that the table answers as a map without shards and bounds of work does.
fn compare(steps: &[Step]) {
    const CAPACITY: usize = 3;
    let table = Table::new(CAPACITY);
    let (mut model, mut now) = (BTreeMap::<Key, Entry>::new(), 100);
    for step in steps {
        model.retain(|_, entry| entry.until > now);
        match *step {
            Step::Insert(number, time, holder) => {
                let state = State::Held(holder);
                let entry = Entry {
                    state,
                    until: now + time,
                };
                let expected = match model.get(&key(number)) {
                    Some(existing) => Insertion::Exists(*existing),
                    None if model.len() >= CAPACITY => Insertion::Full,
                    None => Insertion::Inserted,
                };
                if expected == Insertion::Inserted {
                    model.insert(key(number), entry);
                }
                assert_eq!(table.insert(key(number), entry, now), expected, "{step:?}");
            }
            Step::Replace(number, time) => {
                model.insert(key(number), until(now + time));
                table.replace(key(number), until(now + time));
            }
            Step::Release(number, holder) => {
                let state = State::Held(holder);
                model.retain(|k, entry| *k != key(number) || entry.state != state);
                table.remove_if(&key(number), state);
            }
            Step::Wait(time) => now += time,
        }
        assert_consistent(&table);
    }
}

fn assert_consistent(table: &Table) {
    let mut entries = 0;
    for shard in &table.shards {
        let shard = lock(shard);
        assert_eq!(shard.entries.len(), shard.by_expiry.len());
        for (key, entry) in &shard.entries {
            assert!(shard.by_expiry.contains(&(entry.until, *key)));
        }
        entries += shard.entries.len();
    }
    assert_eq!(table.len(), entries);
}

proptest! {
    #[test]
    fn table_answers_as_its_model(steps in prop::collection::vec(step(), 1..60)) {
        alone(move || compare(&steps));
    }
}

#[test]
fn one_of_several_simultaneous_insertions_succeeds() {
    shuttle::check_random(
        || {
            let table = Arc::new(Table::new(10));
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let table = Arc::clone(&table);
                    thread::spawn(move || table.insert(key(1), until(10), 0))
                })
                .collect();
            let outcomes = threads.into_iter().map(|thread| thread.join().unwrap());
            let inserted = outcomes.filter(|outcome| *outcome == Insertion::Inserted);
            assert_eq!(inserted.count(), 1);
            assert_consistent(&table);
        },
        SCHEDULES,
    );
}

#[test]
fn simultaneous_insertions_stay_within_the_capacity() {
    shuttle::check_random(
        || {
            let table = Arc::new(Table::new(2));
            let threads: Vec<_> = (0..4)
                .map(|number| {
                    let table = Arc::clone(&table);
                    thread::spawn(move || table.insert(key(number), until(10), 0))
                })
                .collect();
            let outcomes: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
            let count = |wanted| outcomes.iter().filter(|found| **found == wanted).count();
            assert_eq!(count(Insertion::Inserted), 2, "{outcomes:?}");
            assert_eq!(count(Insertion::Full), 2, "{outcomes:?}");
            assert_consistent(&table);
        },
        SCHEDULES,
    );
}

/// A token is expired for all threads at once, and one of them inserts it again while
/// others make room for theirs.
#[test]
fn expired_entry_is_inserted_again_once() {
    shuttle::check_random(
        || {
            let table = Arc::new(Table::new(2));
            table.insert(key(1), until(10), 0);
            table.insert(key(2), until(10), 0);
            let threads: Vec<_> = [1, 1, 3]
                .into_iter()
                .map(|number| {
                    let table = Arc::clone(&table);
                    thread::spawn(move || table.insert(key(number), until(90), 20))
                })
                .collect();
            let outcomes: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
            let (same, other) = outcomes.split_at(2);
            let inserted = |found: &&Insertion| **found == Insertion::Inserted;
            assert_eq!(same.iter().filter(inserted).count(), 1, "{outcomes:?}");
            assert_eq!(other.iter().filter(inserted).count(), 1, "{outcomes:?}");
            assert_consistent(&table);
        },
        SCHEDULES,
    );
}

#[test]
fn insertion_removes_expired_entries_a_few_at_a_time() {
    alone(|| {
        let table = Table::new(1000);
        // All in one shard.
        let key = |number: u8| [[16; 8], [number; 8]].concat().try_into().unwrap();
        for number in 0..100 {
            table.insert(key(number), until(10), 0);
        }
        table.insert(key(200), until(90), 10);
        assert_eq!(table.len(), 100 - REMOVED_PER_INSERTION + 1);
    });
}
