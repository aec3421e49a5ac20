//! Replay protection for [`qstash_verify`]: stores that remember accepted deliveries of
//! [Upstash QStash](https://upstash.com/docs/qstash), and a guard that processes each
//! message once.
//!
//! A genuine delivery that somebody captured is accepted again until it expires, 300 s
//! after it was signed. With a store, the second one is refused: 401, `replayed`.
//!
//! ```
//! # #[cfg(feature = "memory")] {
//! use qstash_verify::{RequestHead, Verified, Verifier, VerifyError};
//! use qstash_verify_replay::MemoryStore;
//!
//! // In axum and actix-web: `QstashLayer::new(verifier).replay_store(store)`.
//! async fn check(
//!     verifier: &Verifier,
//!     store: &MemoryStore,
//!     head: &RequestHead<'_>,
//!     body: &[u8],
//! ) -> Result<Verified, VerifyError> {
//!     let verified = verifier.verify(head, body)?;
//!     verified.check_replay(store).await?;
//!     Ok(verified)
//! }
//! # }
//! ```
//!
//! - `MemoryStore` is for a service of one process.
//! - `RedisStore` is for one of several: those with the same keys and URL must share it.
//! - [`Once`] recognises QStash's own retries of a message, which are signed anew and are
//!   no replays.
//!
//! # Refused genuine deliveries
//! A store refuses with a 503 what was signed before its memory began: at the start of
//! the process, or when Redis lost its data. QStash's retry is signed anew, and passes.
//!
//! A delivery counts as accepted once the store recorded it, even if the client or the
//! handler fails then. QStash's retry passes; a proxy's repetition does not.
//!
//! # Features
//! - `memory` (default): `MemoryStore`.
//! - `redis`: `RedisStore`, which needs tokio. TLS is rustls with ring and the system's
//!   certificates.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "memory", feature = "redis"))]
mod clock;
#[cfg(feature = "memory")]
mod memory;
mod once;
#[cfg(feature = "redis")]
mod reconnect;
#[cfg(feature = "redis")]
mod redis_store;
#[cfg(feature = "memory")]
mod table;

#[cfg(feature = "memory")]
#[cfg_attr(docsrs, doc(cfg(feature = "memory")))]
pub use memory::{MemoryStore, MemoryStoreBuilder};
pub use once::{Claim, MessageKey, Once, OnceFuture, OnceStore};
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use redis_store::RedisStore;

#[cfg(all(doctest, feature = "memory", feature = "redis"))]
#[doc = include_str!("../README.md")]
struct Readme;
