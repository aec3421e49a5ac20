//! Keeps the signing keys of a [`Verifier`] fresh, so that rolling the keys in the
//! Upstash console needs no restart.
//!
//! The keys are fetched from QStash's API with `QSTASH_TOKEN`, at start, every 15 minutes,
//! and soon after a delivery that suggests that they are out of date: one signed with the
//! next key, or with neither. Unauthenticated senders cause at most one early request a
//! minute and pair of keys. It runs on tokio, within axum, actix-web or any other server:
//!
//! ```no_run
//! # async fn serve(_verifier: qstash_verify::Verifier) {}
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use qstash_verify::Verifier;
//! use qstash_verify_keys::KeyRefresher;
//!
//! let verifier = Verifier::from_env()?;
//! let refresh = KeyRefresher::from_env(&verifier)?.start()?;
//! // `QstashLayer::new(verifier)` in axum, `QstashMiddleware::new(verifier)` in actix-web.
//! serve(verifier).await;
//! refresh.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Variables
//! `QSTASH_TOKEN` fetches the default pair of keys. If `QSTASH_REGION` is set,
//! `US_EAST_1_QSTASH_TOKEN` and `EU_CENTRAL_1_QSTASH_TOKEN` fetch those of the regions.
//! The matching `…QSTASH_URL` are optional; see [`Credentials::for_signing_keys`].
//!
//! # Failures
//! The last good keys stay in use if the API can't be reached, refuses the token, or
//! answers with something other than a pair of secret keys. Each failure is logged with
//! its remedy, and the next request backs off: from 10 seconds up to the interval.
//!
//! # A roll
//! One roll refuses no delivery: the key that was next is current, and the pair in use
//! accepts its deliveries. It is replaced 10 seconds later, when those signed with the old
//! key have arrived. After two rolls at once, deliveries are refused until the new pair is
//! fetched, which takes about a minute at most, and QStash retries them.
//!
//! [`KeyApi`] fetches or rolls a pair once, for programs that keep keys elsewhere.
//!
//! # Security
//! The API is reached over HTTPS only, except on a loopback address. No redirect is
//! followed, and at most 16 KiB of a response are read. No key and no token is logged.
//! Published keys, such as the development server's, are never accepted. If
//! `QSTASH_DEV` is on, nothing is fetched.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod api;
mod endpoint;
mod error;
mod handle;
mod observer;
mod refresher;
mod schedule;
mod task;

pub use answer::FetchedKeys;
pub use api::KeyApi;
pub use error::{FetchError, StartError};
pub use handle::RefreshHandle;
pub use refresher::KeyRefresher;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doc)]
use qstash_verify::{Credentials, Verifier};
