//! A store in the memory of one process.

use std::error::Error;
use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use qstash_verify::{RecordFuture, Recorded, ReplayStore, TokenRecord};

use crate::clock::{CLOCK_SKEW, Clock, EXPIRED, millis, unix_millis};
use crate::once::{Claim, MessageKey, OnceFuture, OnceStore};
use crate::table::{Entry, Insertion, State, Table};

/// A store in the memory of one process. Clones share it.
///
/// At most 1,000,000 entries, unless set otherwise, of about 130 bytes each. An entry is
/// kept until the token expires and for the [clock skew] after it, so the default
/// is enough for 2,700 deliveries a second. **A full store refuses** deliveries with a
/// 503, since an evicted token could be replayed.
///
/// A delivery signed before the store was created is refused with a 503, too: an earlier
/// process may have accepted it. Tests with a fixed clock need
/// [`clock`](MemoryStoreBuilder::clock).
///
/// ```
/// use qstash_verify::Verified;
/// use qstash_verify_replay::MemoryStore;
///
/// async fn is_replay(store: &MemoryStore, verified: &Verified) -> bool {
///     verified.check_replay(store).await.is_err()
/// }
/// ```
///
/// [clock skew]: MemoryStoreBuilder::clock_skew
#[derive(Clone)]
pub struct MemoryStore(Arc<Inner>);

struct Inner {
    table: Table,
    clock: Clock,
    /// In milliseconds.
    clock_skew: u64,
    began: SystemTime,
}

impl MemoryStore {
    /// Creates a store with the default settings.
    #[must_use]
    pub fn new() -> Self {
        MemoryStore::builder().build()
    }

    /// Creates a builder, to set the capacity or a clock.
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder {
            max_entries: 1_000_000,
            clock: Clock::default(),
            clock_skew: CLOCK_SKEW,
        }
    }

    /// Returns the number of entries, including expired ones that are not removed yet.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.0.table.len()
    }

    fn record_now(&self, token: &TokenRecord) -> Result<Recorded, Box<dyn Error + Send + Sync>> {
        let inner = &*self.0;
        // Tokens have whole seconds, so one of the second of the start is refused, too.
        if token.signed_at() < inner.began {
            return Ok(Recorded::SignedBefore);
        }
        let now = inner.now();
        let accepted_until = unix_millis(token.accepted_until());
        if now >= accepted_until {
            return Err(EXPIRED.into());
        }
        let until = accepted_until.saturating_add(inner.clock_skew);
        let entry = Entry {
            state: State::Done,
            until,
        };
        match inner.table.insert(*token.id(), entry, now) {
            Insertion::Inserted => Ok(Recorded::First),
            Insertion::Exists(_) => Ok(Recorded::Seen),
            Insertion::Full => Err(FULL.into()),
        }
    }
}

const FULL: &str = "the store in memory is full: raise `max_entries`";

impl Inner {
    fn now(&self) -> u64 {
        unix_millis(self.clock.now())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        MemoryStore::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("entries", &self.entries())
            .finish_non_exhaustive()
    }
}

impl ReplayStore for MemoryStore {
    fn record(&self, token: &TokenRecord) -> RecordFuture {
        Box::pin(ready(self.record_now(token)))
    }
}

impl OnceStore for MemoryStore {
    fn claim(&self, message: MessageKey, holder: u64, lease: Duration) -> OnceFuture<Claim> {
        let inner = &*self.0;
        let now = inner.now();
        let entry = Entry {
            state: State::Held(holder),
            until: now.saturating_add(millis(lease)),
        };
        let claimed = match inner.table.insert(*message.as_bytes(), entry, now) {
            Insertion::Inserted => Ok(Claim::Acquired),
            Insertion::Exists(existing) => Ok(match existing.state {
                State::Done => Claim::Done,
                State::Held(_) => Claim::InProgress {
                    lease_left: Duration::from_millis(existing.until.saturating_sub(now)),
                },
            }),
            Insertion::Full => Err(FULL.into()),
        };
        Box::pin(ready(claimed))
    }

    fn complete(&self, message: MessageKey, keep: Duration) -> OnceFuture<()> {
        let inner = &*self.0;
        let entry = Entry {
            state: State::Done,
            until: inner.now().saturating_add(millis(keep)),
        };
        inner.table.replace(*message.as_bytes(), entry);
        Box::pin(ready(Ok(())))
    }

    fn release(&self, message: MessageKey, holder: u64) -> OnceFuture<()> {
        let table = &self.0.table;
        table.remove_if(message.as_bytes(), State::Held(holder));
        Box::pin(ready(Ok(())))
    }
}

/// Builds a [`MemoryStore`].
///
/// ```
/// use qstash_verify::testing;
/// use qstash_verify_replay::MemoryStore;
///
/// // For tests with deliveries of the testing kit.
/// let store = MemoryStore::builder().max_entries(100).clock(testing::now).build();
/// assert_eq!(store.entries(), 0);
/// ```
#[derive(Debug)]
#[must_use]
pub struct MemoryStoreBuilder {
    max_entries: usize,
    clock: Clock,
    clock_skew: Duration,
}

impl MemoryStoreBuilder {
    /// Sets how many entries are kept at most; 1,000,000 by default.
    pub fn max_entries(mut self, max_entries: usize) -> Self {
        self.max_entries = max_entries;
        self
    }

    /// Sets how long a token is kept after it expires; 60 s by default.
    ///
    /// It covers the system's clock being set back.
    pub fn clock_skew(mut self, difference: Duration) -> Self {
        self.clock_skew = difference;
        self
    }

    /// Replaces the system's clock, for tests; it must be the verifier's.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::custom(clock);
        self
    }

    /// Creates the store, whose memory begins now.
    #[must_use]
    pub fn build(self) -> MemoryStore {
        MemoryStore(Arc::new(Inner {
            table: Table::new(self.max_entries),
            began: self.clock.now(),
            clock_skew: millis(self.clock_skew),
            clock: self.clock,
        }))
    }
}
