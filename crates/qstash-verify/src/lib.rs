//! Verifies that an HTTP request is a genuine delivery of
//! [Upstash QStash](https://upstash.com/docs/qstash).
//!
//! QStash delivers messages as signed HTTP requests: the `upstash-signature` header
//! carries a JWT that contains a hash of the raw body. This crate verifies both with
//! the signing keys of the sending region. It does no I/O and depends on no framework.
//! `qstash-verify-axum` and `qstash-verify-actix` are the middleware for axum and
//! actix-web, `qstash-verify-tower` is the layer for other tower services.
//!
//! ```no_run
//! use qstash_verify::{RequestHead, Verifier};
//!
//! // At start: reads QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY, …
//! let verifier = Verifier::from_env()?;
//!
//! // For each request: headers, path and query, raw body.
//! # let (headers, body) = ([("upstash-signature", "")], b"");
//! let head = RequestHead::new(headers, "/webhook");
//! match verifier.verify(&head, body) {
//!     Ok(verified) => println!("genuine, sent to {}", verified.claims().sub()),
//!     Err(refused) => println!("respond {} with {}", refused.status(), refused.body()),
//! }
//! # Ok::<_, qstash_verify::ConfigError>(())
//! ```
//!
//! # Configuration
//! [`Verifier::from_env`] reads `QSTASH_CURRENT_SIGNING_KEY` and
//! `QSTASH_NEXT_SIGNING_KEY`; both are in the QStash console. To receive from both
//! regions, set `QSTASH_REGION` and each region's pair. [`KeyRing::from_env`]
//! describes all [`variables`]. [`KeyRing::from_lookup`] reads them from another
//! source, and [`SigningKeys::new`] and [`KeyRing::builder`] take keys given in code.
//! [`Verifier::builder`] sets the URL of the endpoint, the clock tolerance and the
//! body limit (10 MiB by default). [`ConfigWarning`]s point out probable mistakes.
//!
//! # Streaming
//! A handler that reads the body as it arrives can refuse a forgery before it reads a
//! byte: [`Verifier::authenticate`] checks only the head and returns a
//! [`PendingDelivery`], which takes the body in chunks. [`PendingDelivery::buffered`]
//! also collects the body. With the feature `http-body`, `Verifier::receive` does both
//! steps for an `http_body::Body`.
//!
//! # Checks
//! In this order:
//!
//! 1. there is exactly one `upstash-signature` header;
//! 2. the token is a compact JWS of at most 8 KiB in strict base64url, with HS256
//!    (RFC 7515);
//! 3. there are keys for the region, and the MAC was made with one of the pair;
//! 4. the claims `iss`, `sub`, `exp` and `body` are present, and all claims are unique
//!    and of the right type (RFC 7519);
//! 5. `iss` is `Upstash`;
//! 6. `exp` is not reached, and `nbf` is;
//! 7. `sub` is this endpoint's URL, if the verifier was built with
//!    [one](VerifierBuilder::base_url);
//! 8. the length of the body is within the limit, and its SHA-256 is the `body` claim.
//!
//! [DIFFERENCES.md](https://github.com/qstash-verify/qstash-verify/blob/main/tests/interop/DIFFERENCES.md)
//! lists the differences from the official SDKs, with reasons.
//!
//! # Limits
//! - Without a URL, the verifier accepts a delivery to another endpoint with the same
//!   keys; see [`Claims::sub`].
//! - Without a [`ReplayStore`], a delivery can be replayed until it expires, 300 s after
//!   it was signed. [`Verified::check_replay`] refuses replays.
//! - Headers are not signed; see [`MessageMetadata`].
//!
//! # Refusals
//! A [`VerifyError`] has a [status](VerifyError::status), [headers](VerifyError::headers)
//! and a [body](VerifyError::body) for the response; [`VerifyError::code`] lists them all.
//! [`Reply`] is the response as one value.
//!
//! # Messages
//! [`parse_message`] parses the body as JSON into any type, or into a [`Callback`], the
//! message that QStash posts to a callback URL. [`Retry`] is a response that tells QStash
//! when to deliver the message again, or not to.
//!
//! # Logs
//! Events and spans use `tracing`, with the target `qstash_verify`. The crate logs
//! configuration warnings, and once that the keys were rolled. [`VerifyError::log`]
//! writes the event of a refusal; the adapters call it, and a hand-written handler
//! should. Events contain no key and no token.
//!
//! # Features
//! Only `simd` is on by default.
//!
//! - `http`: conversions from and to the types of the `http` crate.
//! - `http-body`: `Verifier::receive`, which reads an `http_body::Body`.
//! - `serde`: `Serialize` for regions, key slots and sources, claims and metadata,
//!   and `Deserialize` for regions.
//! - `simd`: vector instructions for base64url, which are `unsafe` code of the
//!   `base64` crate. Without it, the crate's scalar engine decodes.
//! - `signing`: deliveries signed as QStash signs them, with keys given in code.
//! - `testing`: `signing` with **published keys** and a fixed clock, for the tests of a
//!   service. For `[dev-dependencies]` only.
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
mod replay;
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
pub use keys::{KeyRing, KeyRingBuilder, KeySlot, KeySource, SigningKeys, StaleKeys};
pub use message::{Callback, MessageError, MessageMetadata, Retry, parse_message};
pub use region::{ParseRegionError, Region};
pub use replay::{RecordFuture, Recorded, ReplayCheck, ReplayProtection, ReplayStore, TokenRecord};
pub use reply::{NotVerified, RefusalHandler, Reply};
pub use request::{REGION_HEADER, RequestHead, SIGNATURE_HEADER};
pub use token::claims::Claims;
pub use verifier::{Verifier, VerifierBuilder};
pub use verifier_cache::VerifierCache;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
