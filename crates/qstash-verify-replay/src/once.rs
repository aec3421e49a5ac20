//! A guard that processes each message once.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use qstash_verify::Retry;
use sha2::{Digest, Sha256};

/// Delay after which QStash retries a delivery that the store couldn't check, in seconds.
const UNAVAILABLE_DELAY: u64 = 120;

/// A guard that processes each message once, across QStash's retries and machines.
///
/// The key is the message id, the header `upstash-message-id`, which is the same for each
/// attempt. **It is not signed**: use the guard behind a replay store and a verifier that
/// checks the URL, so that a captured delivery can't be sent again with another id. A
/// delivery that is intercepted before it arrives still can.
///
/// Promised: of the attempts of a message, at most one handler at a time runs within its
/// lease, and after one that succeeded none runs until the mark expires. Not promised:
///
/// - If the process dies, the future is dropped, or the store fails between the handler's
///   effect and the mark, the message is processed again after the lease.
/// - If a handler runs longer than its lease, the next attempt runs beside it.
/// - If the store loses its data, so do the marks.
///
/// A `MemoryStore` of 1,000,000 entries is full at 5.8 messages a second with marks of 2
/// days, and then refuses: give the guard a store of its own, a shorter
/// [`keep`](Self::keep), or Redis.
///
/// So make the lease longer than the handler's timeout, and effects that must not happen
/// twice idempotent by themselves, or write them in one transaction with the message id.
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use qstash_verify::{MessageMetadata, Reply, Retry};
/// use qstash_verify_replay::Once;
///
/// # async fn charge(_body: &str) -> Result<u64, std::io::Error> { Ok(0) }
/// // `Reply` is by hand; `Steer` in axum and actix-web.
/// async fn webhook(once: &Once, message: &MessageMetadata, body: &str) -> Result<String, Reply> {
///     let charged = once.run(message.message_id(), async {
///         charge(body).await.map_err(|_| Reply::from(Retry::AfterSeconds(30)))
///     });
///     Ok(match charged.await? {
///         Some(amount) => format!("charged {amount}"),
///         None => "charged before".to_owned(),
///     })
/// }
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Once {
    store: Arc<dyn OnceStore>,
    lease: Duration,
    keep: Duration,
}

impl Once {
    /// Creates a guard with this store, a lease of 5 minutes and marks of 2 days.
    pub fn new(store: impl OnceStore) -> Self {
        Once {
            store: Arc::new(store),
            lease: Duration::from_secs(5 * 60),
            keep: Duration::from_secs(2 * 24 * 60 * 60),
        }
    }

    /// Sets how long a handler holds a message; 5 minutes by default.
    ///
    /// It must be longer than the handler's timeout. After a crash, QStash's retries are
    /// put off until it ends.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Sets how long a processed message is remembered; 2 days by default.
    ///
    /// QStash's retries are a day apart at most.
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// Runs the handler unless the message is in progress or was processed.
    ///
    /// Returns the handler's value, or `None` if the message was processed before: answer
    /// that with a 200. A handler that returns an error releases the message, so that the
    /// next attempt runs it. A response such as a 500 must be an `Err` for that.
    ///
    /// # Errors
    /// The handler's. Without running it, a [`Retry`] for when the message is in progress
    /// (after the rest of its lease), when the store doesn't answer, and when there is no
    /// message id (after 120 s). The first is logged at level `info`, the others at `error`.
    pub async fn run<T, E>(
        &self,
        message_id: Option<&str>,
        handler: impl Future<Output = Result<T, E>>,
    ) -> Result<Option<T>, E>
    where
        E: From<Retry>,
    {
        let Some(message_id) = message_id else {
            tracing::error!(
                target: "qstash_verify",
                "message not processed: the delivery has no upstash-message-id header; let proxies \
                 pass it"
            );
            return Err(Retry::AfterSeconds(UNAVAILABLE_DELAY).into());
        };
        let (key, holder) = (MessageKey::new(message_id), fastrand::u64(..));
        match self.store.claim(key, holder, self.lease).await {
            Ok(Claim::Acquired) => {}
            Ok(Claim::Done) => return Ok(None),
            Ok(Claim::InProgress { lease_left }) => {
                // Rounded up, so that the lease has ended by then.
                let delay = lease_left.as_secs().saturating_add(1);
                tracing::info!(
                    target: "qstash_verify",
                    message_id,
                    retry_in_seconds = delay,
                    "message not processed: another attempt is in progress; QStash retries it \
                     when the lease of that attempt has ended"
                );
                return Err(Retry::AfterSeconds(delay).into());
            }
            Err(error) => {
                log("message not processed", &*error);
                // The claim may have been applied, and only its reply lost.
                let _ = self.store.release(key, holder).await;
                return Err(Retry::AfterSeconds(UNAVAILABLE_DELAY).into());
            }
        }
        let result = handler.await;
        let (marked, trouble) = match result {
            Ok(_) => (
                self.store.complete(key, self.keep).await,
                "message processed, and not marked: another attempt would process it again",
            ),
            Err(_) => (
                self.store.release(key, holder).await,
                "message failed, and not released: the next attempt has to wait for the lease",
            ),
        };
        if let Err(error) = marked {
            log(trouble, &*error);
        }
        result.map(Some)
    }
}

fn log(trouble: &str, error: &(dyn Error + Send + Sync + 'static)) {
    // Debug form, since an error may hold line breaks.
    let error = error.to_string();
    tracing::error!(target: "qstash_verify", "{trouble}: the store failed: {error:?}");
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once")
            .field("lease", &self.lease)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

/// The key of a message in a store: the first 128 bits of the SHA-256 of its id.
///
/// An id may be any text of 4 KiB, so its hash bounds the store's memory.
///
/// ```
/// use qstash_verify_replay::MessageKey;
///
/// assert_ne!(MessageKey::new("msg_1"), MessageKey::new("msg_2"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageKey([u8; 16]);

impl MessageKey {
    /// Creates the key of a message id.
    #[must_use]
    pub fn new(message_id: &str) -> Self {
        let mut key = [0; 16];
        let hash = Sha256::digest(message_id);
        for (byte, of_hash) in key.iter_mut().zip(hash) {
            *byte = of_hash;
        }
        MessageKey(key)
    }

    /// Returns the bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The outcome of [`OnceStore::claim`].
///
/// ```
/// assert_ne!(qstash_verify_replay::Claim::Acquired, qstash_verify_replay::Claim::Done);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Claim {
    /// The caller holds the message for the lease.
    Acquired,
    /// Another holder has it.
    InProgress {
        /// The rest of that holder's lease.
        lease_left: Duration,
    },
    /// The message was processed.
    Done,
}

/// The future of a call of an [`OnceStore`].
pub type OnceFuture<T> =
    Pin<Box<dyn Future<Output = Result<T, Box<dyn Error + Send + Sync>>> + Send>>;

/// A store of messages in progress and of processed ones.
///
/// `MemoryStore` and `RedisStore` are such stores.
///
/// ```
/// use qstash_verify_replay::{Once, OnceStore};
///
/// fn guard(store: impl OnceStore) -> Once {
///     Once::new(store)
/// }
/// ```
pub trait OnceStore: Send + Sync + 'static {
    /// Claims a message for `lease`, unless it is held or done; atomic.
    ///
    /// `holder` is a random number that identifies one call of [`Once::run`].
    ///
    /// # Errors
    /// If the store can't tell.
    fn claim(&self, message: MessageKey, holder: u64, lease: Duration) -> OnceFuture<Claim>;

    /// Marks a message as done for `keep`, whoever holds it.
    ///
    /// # Errors
    /// If the store can't tell whether it is marked.
    fn complete(&self, message: MessageKey, keep: Duration) -> OnceFuture<()>;

    /// Releases a message if `holder` holds it; atomic.
    ///
    /// # Errors
    /// If the store can't tell whether it is released.
    fn release(&self, message: MessageKey, holder: u64) -> OnceFuture<()>;
}
