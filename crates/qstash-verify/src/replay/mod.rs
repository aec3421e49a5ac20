//! Recognition of replayed deliveries: the trait of a store, and the check.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::delivery::Verified;
use crate::error::VerifyError;

/// What a [`ReplayStore`] records of a verified delivery's token.
///
/// [`Verified::token_record`] returns it; [`new`](Self::new) is for tests of stores.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use qstash_verify::TokenRecord;
///
/// let signed_at = UNIX_EPOCH + Duration::from_secs(1_721_068_900);
/// let record = TokenRecord::new([7; 16], signed_at, signed_at + Duration::from_secs(300));
/// assert_eq!(record.id(), &[7; 16]);
/// assert_eq!(record.signed_at(), signed_at);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenRecord {
    id: [u8; 16],
    signed_at: SystemTime,
    accepted_until: SystemTime,
}

impl TokenRecord {
    /// Creates a record from its fields.
    #[must_use]
    pub const fn new(id: [u8; 16], signed_at: SystemTime, accepted_until: SystemTime) -> Self {
        TokenRecord {
            id,
            signed_at,
            accepted_until,
        }
    }

    /// Returns the id of the token: the first 128 bits of its MAC, an HMAC-SHA256.
    ///
    /// The MAC is what makes the token genuine, so a replay can't change it. Strict base64url
    /// leaves one spelling of a token for each id. Ids are uniformly distributed, and
    /// only a holder of the signing keys can choose one. Nothing verifies with an id
    /// alone.
    #[must_use]
    pub const fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// Returns when the token was signed, the claim `iat`; the Unix epoch without one.
    ///
    /// QStash's tokens have one. A store can't know of a token that was signed before
    /// the store's memory began, so it must return [`Recorded::SignedBefore`] for it.
    #[must_use]
    pub const fn signed_at(&self) -> SystemTime {
        self.signed_at
    }

    /// Returns until when the verifier accepts the token: `exp` plus the tolerance.
    ///
    /// A store must remember the id until then by every clock of the service: it should
    /// add how far the clocks of verifiers and store may differ.
    #[must_use]
    pub const fn accepted_until(&self) -> SystemTime {
        self.accepted_until
    }
}

/// Prints the first 4 bytes of the id.
impl fmt::Debug for TokenRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.id;
        f.debug_struct("TokenRecord")
            .field("id", &format_args!("{a:02x}{b:02x}{c:02x}{d:02x}…"))
            .field("signed_at", &self.signed_at)
            .field("accepted_until", &self.accepted_until)
            .finish()
    }
}

/// The outcome of [`ReplayStore::record`].
///
/// ```
/// assert_ne!(qstash_verify::Recorded::First, qstash_verify::Recorded::Seen);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recorded {
    /// The token was not recorded before, and now is.
    First,
    /// The token was recorded before.
    Seen,
    /// The token was signed before the store's memory began.
    ///
    /// It may have been accepted before.
    SignedBefore,
}

/// The future of [`ReplayStore::record`].
pub type RecordFuture =
    Pin<Box<dyn Future<Output = Result<Recorded, Box<dyn Error + Send + Sync>>> + Send>>;

/// A store of the tokens that were accepted, to refuse replays of them.
///
/// `qstash-verify-replay` has one in memory and one in Redis. Services that share the
/// keys and the URL must share the store, too. It is asked only after the token and
/// the body are verified, so forgeries never reach it.
///
/// ```
/// use std::collections::HashSet;
/// use std::sync::Mutex;
/// use qstash_verify::{RecordFuture, Recorded, ReplayStore, TokenRecord};
///
/// /// Never forgets, so it is only for tests.
/// #[derive(Default)]
/// struct Endless(Mutex<HashSet<[u8; 16]>>);
///
/// impl ReplayStore for Endless {
///     fn record(&self, token: &TokenRecord) -> RecordFuture {
///         let recorded = match self.0.lock().map(|mut seen| seen.insert(*token.id())) {
///             Ok(true) => Ok(Recorded::First),
///             Ok(false) => Ok(Recorded::Seen),
///             Err(_) => Err("a thread panicked".into()),
///         };
///         Box::pin(std::future::ready(recorded))
///     }
/// }
/// ```
pub trait ReplayStore: Send + Sync + 'static {
    /// Records a token, and returns whether it was recorded before.
    ///
    /// Of several calls with one id at the same time, on all machines, exactly one may
    /// return [`Recorded::First`]. The future owns what it needs, so that any adapter can
    /// hold it.
    ///
    /// # Errors
    /// If the store can't tell: it is unreachable, late or full. Also if the token has
    /// expired by now: `exp` was checked before the body arrived, and a slow body could
    /// outlast the store's memory.
    /// The delivery is then refused with [`VerifyError::ReplayStoreUnavailable`].
    fn record(&self, token: &TokenRecord) -> RecordFuture;
}

impl<S: ReplayStore + ?Sized> ReplayStore for Arc<S> {
    fn record(&self, token: &TokenRecord) -> RecordFuture {
        S::record(self, token)
    }
}

impl Verified {
    /// Returns what a [`ReplayStore`] records of this delivery.
    #[must_use]
    pub fn token_record(&self) -> TokenRecord {
        TokenRecord {
            id: self.id.0,
            signed_at: self.claims.iat().unwrap_or(UNIX_EPOCH),
            accepted_until: self.accepted_until(),
        }
    }

    /// Records the delivery in a store, and refuses one that was recorded before.
    ///
    /// For handlers without a middleware; the adapters have a method `replay_store`. Call
    /// it once for each delivery: a second call refuses it.
    ///
    /// ```
    /// use qstash_verify::{ReplayStore, RequestHead, Verified, Verifier, VerifyError};
    ///
    /// async fn check(
    ///     verifier: &Verifier,
    ///     store: &impl ReplayStore,
    ///     head: &RequestHead<'_>,
    ///     body: &[u8],
    /// ) -> Result<Verified, VerifyError> {
    ///     let verified = verifier.verify(head, body)?;
    ///     verified.check_replay(store).await?;
    ///     Ok(verified)
    /// }
    /// ```
    pub fn check_replay(&self, store: &(impl ReplayStore + ?Sized)) -> ReplayCheck {
        ReplayCheck(Mutex::new(store.record(&self.token_record())))
    }
}

/// The future of [`Verified::check_replay`].
///
/// ```
/// use qstash_verify::{ReplayCheck, VerifyError};
///
/// async fn wait(check: ReplayCheck) -> Result<(), VerifyError> {
///     check.await
/// }
/// ```
///
/// # Errors
/// [`VerifyError::Replayed`], [`VerifyError::SignedBeforeReplayStore`] and
/// [`VerifyError::ReplayStoreUnavailable`].
#[must_use = "futures do nothing unless polled"]
pub struct ReplayCheck(
    // The mutex is never locked: it makes a `Sync` type of the future.
    Mutex<RecordFuture>,
);

impl Future for ReplayCheck {
    type Output = Result<(), VerifyError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let recorded = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        recorded.as_mut().poll(cx).map(|recorded| match recorded {
            Ok(Recorded::First) => Ok(()),
            Ok(Recorded::Seen) => Err(VerifyError::Replayed),
            Ok(Recorded::SignedBefore) => Err(VerifyError::SignedBeforeReplayStore),
            Err(error) => Err(VerifyError::replay_store_unavailable(&*error)),
        })
    }
}

impl fmt::Debug for ReplayCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayCheck").finish_non_exhaustive()
    }
}

/// A [`ReplayStore`], or none: the setting of an adapter.
///
/// Converted from a store; off by default.
///
/// ```
/// use qstash_verify::{ReplayProtection, Verified, VerifyError};
///
/// async fn check(replay: &ReplayProtection, verified: &Verified) -> Result<(), VerifyError> {
///     match replay.check(verified) {
///         Some(check) => check.await,
///         None => Ok(()),
///     }
/// }
/// ```
#[derive(Clone, Default)]
pub struct ReplayProtection(Option<Arc<dyn ReplayStore>>);

impl<S: ReplayStore> From<S> for ReplayProtection {
    fn from(store: S) -> Self {
        ReplayProtection(Some(Arc::new(store)))
    }
}

impl ReplayProtection {
    /// Starts the check of a delivery; `None` without a store.
    #[must_use]
    pub fn check(&self, verified: &Verified) -> Option<ReplayCheck> {
        let store = self.0.as_deref()?;
        Some(verified.check_replay(store))
    }

    /// Checks a delivery whose body was received, and returns it.
    ///
    /// For adapters: `received` is the outcome of verifying the body, and a refusal in it
    /// is returned as it is.
    ///
    /// # Errors
    /// The refusal in `received`, or one of [`check`](Self::check).
    ///
    /// ```
    /// use qstash_verify::{BufferedDelivery, ReplayProtection, Verified, VerifyError};
    ///
    /// async fn finish(
    ///     replay: &ReplayProtection,
    ///     delivery: BufferedDelivery,
    /// ) -> Result<(Verified, bytes::Bytes), VerifyError> {
    ///     replay.check_received(delivery.finish()).await
    /// }
    /// ```
    pub async fn check_received<T>(
        &self,
        received: Result<(Verified, T), VerifyError>,
    ) -> Result<(Verified, T), VerifyError> {
        let (verified, body) = received?;
        if let Some(check) = self.check(&verified) {
            check.await?;
        }
        Ok((verified, body))
    }
}

impl fmt::Debug for ReplayProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "on" } else { "off" })
    }
}

#[cfg(test)]
mod tests;
