//! A [Rocket](https://rocket.rs) fairing and guards that let only genuine deliveries of
//! [Upstash QStash](https://upstash.com/docs/qstash) through.
//!
//! ```no_run
//! use qstash_verify_rocket::{Delivery, QstashFairing};
//! use rocket::{post, routes};
//!
//! #[post("/webhook", data = "<delivery>")]
//! fn webhook(delivery: Delivery) -> &'static str {
//!     let sub = delivery.verified.claims().sub();
//!     println!("genuine, sent to {sub}: {} bytes", delivery.body.len());
//!     "thanks"
//! }
//!
//! #[rocket::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // reads QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY, …
//!     let qstash = QstashFairing::from_env()?;
//!     rocket::build()
//!         .attach(qstash)
//!         .mount("/", routes![webhook])
//!         .launch()
//!         .await?;
//!     Ok(())
//! }
//! ```
//!
//! # Order of checks
//! The guard verifies the head first, and reads no body if it is refused. A response to a
//! request that is not genuine is a 401 with a code (`{"error":"expired"}`); a body over
//! the limit is 413, one that can't be read 400, a
//! [replay store](QstashFairing::replay_store) that doesn't answer 503. The handler of a genuine delivery gets
//! the bytes that were signed, and a [`Verified`].
//!
//! Rocket shows the error of a guard to catchers only, so the fairing makes the
//! response: it replaces status, headers and body of what a catcher returned. It leaves a
//! response with another status alone, such as that of a handler with
//! `Result<Delivery, DeliveryRejection>`.
//!
//! # Unprotected routes
//! A route is protected by the guard [`Delivery`] or [`Message`] of its handler. Other
//! handlers are open: one with `Data`, `Json<T>` or [`Metadata`] alone verifies nothing,
//! and one with `Option<Delivery>` or `Result<Delivery, _>` runs for refused requests.
//! Rocket does not launch if a handler has one of the guards and no [`QstashFairing`] is
//! attached.
//!
//! # Settings
//! Keys, URL, clock tolerance and body limit (10 MiB by default) are the
//! [verifier's](Verifier::builder). Rocket's own `limits` don't apply to the guards.
//!
//! ```no_run
//! use qstash_verify_rocket::{KeyRing, QstashFairing, Verifier};
//!
//! let verifier = Verifier::builder(KeyRing::from_env()?)
//!     .base_url("https://api.example.com")? // the public URL: checks `sub`
//!     .body_limit(1024 * 1024)
//!     .build();
//! let qstash = QstashFairing::new(verifier);
//! # Ok::<_, qstash_verify_rocket::ConfigError>(())
//! ```
//!
//! - **URI normalizers** (`AdHoc::uri_normalizer`) change the path that `base_url` is
//!   compared with: publish to paths that they leave alone.
//! - **Timeouts**: Rocket has none for a body that stalls. Put one in a proxy.
//!
//! # Limits of Rocket 0.5
//! - Rocket reads the first 14 bytes of each body before any guard runs, in search of a
//!   form's `_method`. So a refusal waits for them, and to `Expect: 100-continue` Rocket
//!   sends `100 Continue` first. QStash doesn't send that header.
//! - If the body breaks off within these bytes, Rocket drops the error and the guard
//!   sees a body that ends there: 401 `body_mismatch` in place of 400 `body_unreadable`.
//! - Rocket drops headers that are not UTF-8: a signature that isn't is
//!   `missing_signature` in place of `malformed_token`.
//! - No code runs around a handler, so it is not in the span `qstash_delivery`.
//!   [`Verified::span`] makes one.
//!
//! # Logs
//! Events go through `tracing`; without a subscriber there are none. Each refusal is
//! one event with `code`, `region`, `message_id` and the reason in words, at the level
//! in the table of [`VerifyError::code`]. The targets begin with `qstash_verify`. Rocket's
//! own lines about a guard that failed are the crate `log`'s. At level `debug` Rocket logs
//! the head of each request, signature included: stay at `info` in production.
//!
//! # Testing your service
//! The feature `testing` of `qstash-verify`, in `[dev-dependencies]`, signs deliveries
//! as QStash does:
//!
//! ```
//! use qstash_verify::testing::{self, SignedDelivery};
//! use qstash_verify_rocket::{Delivery, QstashFairing};
//! use rocket::http::{Header, Status};
//! use rocket::local::blocking::Client;
//! use rocket::{post, routes};
//!
//! #[post("/webhook", data = "<delivery>")]
//! fn webhook(delivery: Delivery) -> Vec<u8> {
//!     delivery.body.to_vec()
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let qstash = QstashFairing::new(testing::verifier().build());
//! let rocket = rocket::build().attach(qstash).mount("/", routes![webhook]);
//! let client = Client::untracked(rocket)?;
//! let status = |delivery: &SignedDelivery| {
//!     let mut request = client.post(delivery.path_and_query().to_owned());
//!     for (name, value) in delivery.headers() {
//!         request.add_header(Header::new(name.to_string(), value.to_string()));
//!     }
//!     request.body(delivery.body()).dispatch().status()
//! };
//! let delivery = testing::delivery("https://example.com/webhook", "hello");
//! assert_eq!(status(&delivery), Status::Ok);
//!
//! let forged = delivery.key("sig_of_somebody_else");
//! assert_eq!(status(&forged), Status::Unauthorized);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//! - `simd`: the feature of the same name of `qstash-verify`. On by default.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod fairing;
mod guard;
mod reply;

pub use fairing::QstashFairing;
pub use guard::{Delivery, Message, Metadata, request_head};
pub use reply::{DeliveryRejection, InvalidMessage, Refusal, Steer};

// The part of the core that users of the guards need, so that they depend on one crate.
#[doc(no_inline)]
pub use qstash_verify::{
    BufferedDelivery, Callback, Claims, ConfigError, ConfigWarning, CredentialSource, Credentials,
    DEFAULT_BODY_LIMIT, KeyRing, KeyRingBuilder, KeySlot, KeySource, MessageError, MessageMetadata,
    NotVerified, PendingDelivery, REGION_HEADER, Region, ReplayProtection, ReplayStore, Reply,
    RequestHead, Retry, SIGNATURE_HEADER, SigningKeys, ValueProblem, Verified, Verifier,
    VerifierBuilder, VerifyError, parse_message,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
