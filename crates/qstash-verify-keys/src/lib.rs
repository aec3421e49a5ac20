//! Keeps the signing keys of a [`Verifier`] fresh, so that rolling the keys in the
//! Upstash console costs no delivery and no restart.
//!
//! The keys are fetched from QStash's API at start, every 15 minutes, and soon after a
//! delivery that suggests that they are out of date: one signed with the next key, or
//! with neither. Whatever strangers send, that is one early request a minute and pair
//! of keys. It runs on tokio, within axum, actix-web or any other server:
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
//! # Failures
//! The last good keys stay in use if the API can't be reached, refuses the token, or
//! answers with something other than a pair of secret keys. Each failure is logged with
//! its remedy, and the next request backs off: from 10 seconds up to the interval.
//!
//! # A roll
//! After one roll the key that was next is current. The pair in use accepts its
//! deliveries, so it is replaced 10 seconds later, when those signed with the old key
//! have arrived. After two rolls at once the pair is replaced as soon as it is fetched.
//!
//! [`KeyApi`] fetches or rolls a pair once, for programs that keep keys elsewhere.
//!
//! # Security
//! The API is reached over HTTPS only, except on a loopback address. No redirect is
//! followed, and at most 16 KiB of an answer are read. No key and no token is logged.
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
use qstash_verify::Verifier;
