//! Verifies that an HTTP request is a genuine delivery of
//! [Upstash QStash](https://upstash.com/docs/qstash).
//!
//! QStash delivers messages as HTTP requests, signed: the `upstash-signature`
//! header holds a JWT, and in it is a hash of the raw body. This crate checks
//! both, with the signing keys of the region that sent the delivery. It does no
//! I/O and knows no framework. `qstash-verify-axum` and `qstash-verify-actix` are
//! the middleware for axum and actix-web, `qstash-verify-tower` is the layer for
//! everything else that speaks tower.
//!
//! ```no_run
//! use qstash_verify::{RequestHead, Verifier};
//!
//! // Once: reads QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY, …
//! let verifier = Verifier::from_env()?;
//!
//! // For each request: its headers, its path and query, its raw body.
//! # let (headers, body) = ([("upstash-signature", "")], b"");
//! let head = RequestHead::new(headers, "/webhook");
//! match verifier.verify(&head, body) {
//!     Ok(verified) => println!("genuine, sent to {}", verified.claims().sub()),
//!     Err(refused) => println!("answer {} with {}", refused.status(), refused.body()),
//! }
//! # Ok::<_, qstash_verify::ConfigError>(())
//! ```
//!
//! # Two steps
//! A handler that reads the body as it arrives can refuse a forgery before it
//! reads a byte: [`Verifier::authenticate`] looks at the head alone and hands
//! out a [`PendingDelivery`], which takes the body in chunks. If the handler
//! wants the body whole, [`PendingDelivery::buffered`] keeps it meanwhile; with the
//! feature `http-body`, `Verifier::receive` does both steps for a body in frames.
//!
//! # What is checked
//! In this order: there is exactly one signature header; the token is a compact
//! JWS of at most 8 KiB in strict base64url, with HS256; there are keys for the
//! region; one of the two keys made its MAC; `iss`, `sub`, `exp` and `body` are
//! there, no claim stands twice, and all are of the right type; the issuer is
//! `Upstash`; `exp` is not reached and `nbf` is; `sub` is this endpoint's URL,
//! if the verifier [knows it](VerifierBuilder::base_url); the body is within the
//! limit; its SHA-256 is the one in the token. Where the official SDKs decide
//! otherwise, and why we don't follow, is in
//! [DIFFERENCES.md](https://github.com/qstash-verify/qstash-verify/blob/main/tests/interop/DIFFERENCES.md).
//!
//! # What is not
//! Without a URL, a delivery meant for another endpoint with the same keys is
//! accepted; see [`Claims::sub`]. A delivery can be replayed until it expires,
//! 300 s after it was signed. Headers other than the signature are not signed;
//! see [`MessageMetadata`].
//!
//! # What a delivery carries
//! [`parse_message`] reads the body as JSON into a type of yours, or into
//! [`Callback`], what QStash posts to a callback URL. [`Retry`] is an answer that
//! tells QStash when to deliver the message again, or not to.
//!
//! # Logs
//! Events and spans go through `tracing`: what is odd about the configuration,
//! and once that the keys were rolled; [`VerifyError::log`] writes the event of
//! a refusal, which the adapters do and a hand-written handler should. No key
//! and no token is in them.
//!
//! # Features
//! Only `simd` is on by default.
//!
//! - `http`: [`RequestHead`]s and answers of the types of the `http` crate.
//! - `http-body`: `Verifier::receive`, which reads an `http_body::Body`.
//! - `serde`: `Serialize` for regions, key slots and sources, claims and metadata,
//!   and `Deserialize` for regions.
//! - `simd`: vector instructions for base64url, which are `unsafe` code of the
//!   `base64` crate; off, its scalar engine decodes.
//! - `signing`: deliveries signed as QStash signs them, with keys of yours.
//! - `testing`: that, with **public keys** and a fixed clock, for the tests of your
//!   service. It belongs in `[dev-dependencies]`.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod config;
mod delivery;
mod destination;
mod error;
mod events;
#[cfg(feature = "http")]
mod http;
mod into_header;
mod keys;
mod message;
#[cfg(feature = "http-body")]
mod receive;
mod region;
mod reply;
mod request;
#[cfg(feature = "serde")]
mod serialize;
#[cfg(feature = "signing")]
#[cfg_attr(docsrs, doc(cfg(feature = "signing")))]
pub mod signing;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
mod text;
mod token;
mod verifier;
mod verifier_cache;

pub use config::{
    ConfigError, ConfigWarning, CredentialSource, Credentials, ValueProblem, variables,
};
pub use delivery::body::DEFAULT_BODY_LIMIT;
pub use delivery::{BufferedDelivery, PendingDelivery, Verified};
pub use error::{CHALLENGE, VerifyError};
pub use events::log_message_not_read;
pub use into_header::IntoHeader;
pub use keys::{KeyRing, KeyRingBuilder, KeySlot, KeySource, SigningKeys};
pub use message::{Callback, MessageError, MessageMetadata, Retry, parse_message};
pub use region::{ParseRegionError, Region};
pub use reply::{NotVerified, RefusalHandler, Reply};
pub use request::{REGION_HEADER, RequestHead, SIGNATURE_HEADER};
pub use token::claims::Claims;
pub use verifier::{Verifier, VerifierBuilder};
pub use verifier_cache::VerifierCache;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
