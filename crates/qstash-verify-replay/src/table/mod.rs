//! A map with expiry and a capacity, in shards.
//!
//! Caches evict entries when they are full, and an evicted token could be replayed. This
//! map refuses new entries instead, and it never drops one before it expires.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;
#[cfg(not(test))]
use std::sync::{Mutex, MutexGuard, atomic::AtomicUsize, atomic::Ordering};

// The unit tests choose the interleavings of threads.
#[cfg(test)]
use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicUsize, atomic::Ordering};

/// 128 bits of a MAC or of a SHA-256, so that it is uniformly distributed.
pub(crate) type Key = [u8; 16];

const SHARDS: usize = 16;

/// Number of expired entries that an insertion removes, more than the one it adds.
const REMOVED_PER_INSERTION: usize = 8;

/// The state that is stored under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// A recorded token, or a processed message.
    Done,
    /// A message in progress, with the number of its holder.
    Held(u64),
}

/// An entry and its expiry, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) state: State,
    pub(crate) until: u64,
}

/// The outcome of [`Table::insert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Insertion {
    Inserted,
    Exists(Entry),
    Full,
}

#[derive(Debug)]
pub(crate) struct Table {
    shards: [Mutex<Shard>; SHARDS],
    len: AtomicUsize,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Shard {
    entries: HashMap<Key, Entry>,
    by_expiry: BTreeSet<(u64, Key)>,
}

impl Table {
    pub(crate) fn new(capacity: usize) -> Self {
        Table {
            shards: Default::default(),
            len: AtomicUsize::new(0),
            capacity,
        }
    }

    /// Returns the number of entries, expired ones included.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Inserts an entry unless the key has one that is not expired.
    pub(crate) fn insert(&self, key: Key, entry: Entry, now: u64) -> Insertion {
        let mut insertion = self.try_insert(key, entry, now);
        if insertion == Insertion::Full {
            // Entries of other shards may have expired.
            self.remove_expired(now);
            insertion = self.try_insert(key, entry, now);
        }
        insertion
    }

    fn try_insert(&self, key: Key, entry: Entry, now: u64) -> Insertion {
        let mut shard = self.shard(&key);
        self.free(shard.remove_expired(now, REMOVED_PER_INSERTION));
        match shard.entries.get(&key).copied() {
            Some(existing) if existing.until > now => return Insertion::Exists(existing),
            Some(_) => self.free(shard.remove(&key)),
            None => {}
        }
        let take = |len: usize| (len < self.capacity).then_some(len + 1);
        // The count alone is shared between shards, so no order with other memory is needed.
        let taken = self
            .len
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if taken.is_err() {
            return Insertion::Full;
        }
        shard.add(key, entry);
        Insertion::Inserted
    }

    /// Replaces the entry of a key, or inserts one, even beyond the capacity.
    pub(crate) fn replace(&self, key: Key, entry: Entry) {
        let mut shard = self.shard(&key);
        if shard.remove(&key) == 0 {
            self.len.fetch_add(1, Ordering::Relaxed);
        }
        shard.add(key, entry);
    }

    /// Removes the entry of a key if it has this state.
    pub(crate) fn remove_if(&self, key: &Key, state: State) {
        let mut shard = self.shard(key);
        if shard
            .entries
            .get(key)
            .is_some_and(|entry| entry.state == state)
        {
            self.free(shard.remove(key));
        }
    }

    /// Removes expired entries of all shards.
    fn remove_expired(&self, now: u64) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            self.free(shard.remove_expired(now, REMOVED_PER_INSERTION));
        }
    }

    /// Lowers the count. The caller holds the lock of the shard, so that nobody who has
    /// locked all shards in turn misses room that was made before.
    fn free(&self, count: usize) {
        if count > 0 {
            self.len.fetch_sub(count, Ordering::Relaxed);
        }
    }

    #[expect(clippy::indexing_slicing, reason = "the remainder is below the length")]
    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        lock(&self.shards[usize::from(key[0]) % SHARDS])
    }
}

impl Shard {
    fn add(&mut self, key: Key, entry: Entry) {
        self.entries.insert(key, entry);
        self.by_expiry.insert((entry.until, key));
    }

    /// Returns the number of entries removed.
    fn remove(&mut self, key: &Key) -> usize {
        let Some(entry) = self.entries.remove(key) else {
            return 0;
        };
        self.by_expiry.remove(&(entry.until, *key));
        1
    }

    /// Removes up to `limit` expired entries, and returns how many.
    fn remove_expired(&mut self, now: u64, limit: usize) -> usize {
        let mut removed = 0;
        while removed < limit
            && let Some((until, key)) = self.by_expiry.first().copied()
            && until <= now
        {
            removed += self.remove(&key);
        }
        removed
    }
}

/// Locks a shard, whose code doesn't panic halfway.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
