//! [Rocket](https://rocket.rs) guards and a fairing that verify the signature of
//! [Upstash QStash](https://upstash.com/docs/qstash) deliveries.
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
//!     // Without a subscriber, refusals are not logged.
//!     tracing_subscriber::fmt()
//!         .with_env_filter("info,qstash_verify=debug")
//!         .init();
//!     // Reads QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY, …
//!     let qstash = QstashFairing::from_env().map_err(|error| error.to_string())?;
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
//! 1. Exactly one `upstash-signature` header.
//! 2. The token and its claims.
//! 3. The declared length against the body limit.
//! 4. The body, hashed as it arrives.
//! 5. The [replay store](QstashFairing::replay_store), if one is set.
//! 6. The handler runs with the same bytes and a [`Verified`].
//!
//! A failed check is a 401 with a code (`{"error":"expired"}`), a body over the limit a
//! 413, an unreadable body a 400, a replay store that doesn't answer a 503. If steps 1 to
//! 3 fail, the guard reads none of the body.
//!
//! Rocket passes only the status of a guard's error to catchers, so the fairing sets
//! status, headers and body of the response. A response with another status is kept, such
//! as that of a handler with `Result<Delivery, DeliveryRejection>`.
//!
//! # Unprotected routes
//! The guard [`Delivery`] or [`Message`] of its handler protects a route. Handlers with
//! `Data`, `Json<T>` or [`Metadata`] alone verify nothing; those with `Option<Delivery>`
//! or `Result<Delivery, _>` run for refused requests as well. The launch fails if a
//! handler has one of the guards and no [`QstashFairing`] is attached.
//!
//! # Settings
//! The [verifier](Verifier::builder) holds keys, URL, clock tolerance and body limit
//! (10 MiB by default). Rocket's `limits` don't apply to the guards.
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
//! - **`AdHoc::uri_normalizer`** changes the path that is compared with `base_url`:
//!   publish to normalized paths, or deliveries are a `url_mismatch`.
//! - **Timeouts**: Rocket has none for a stalled body. Set one in a proxy.
//!
//! # Limits of Rocket 0.5
//! - Rocket reads the first 14 bytes of each body before any guard runs, to look for a
//!   form's `_method`. A refusal waits for them, and `Expect: 100-continue` is answered
//!   with `100 Continue`. QStash doesn't send that header.
//! - Rocket drops an error within these bytes, so the guard sees EOF: 401
//!   `body_mismatch` instead of 400 `body_unreadable`.
//! - Rocket drops headers that are not UTF-8: such a signature is `missing_signature`
//!   instead of `malformed_token`.
//! - Rocket has no middleware around a handler, so it runs outside the span
//!   `qstash_delivery`; [`Verified::span`] creates it.
//! - Without a route for the method, Rocket answers 404, not 405, before any guard.
//!
//! # Logs
//! Events use `tracing`; install a subscriber to see them. Each refusal is one event with
//! `code`, `path`, `region`, `message_id` and the reason as its message;
//! [`VerifyError::code`] lists the levels. All targets begin with `qstash_verify`. Rocket's
//! lines about failed guards use the crate `log`. At level `debug` Rocket logs the head of
//! each request with its signature: use `info` in production.
//!
//! # Testing
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
//! - `simd` (default): enables `simd` of `qstash-verify`.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod fairing;
mod guard;
mod reply;

pub use fairing::QstashFairing;
pub use guard::{Delivery, Message, Metadata, request_head};
pub use reply::{DeliveryRejection, MessageRejection, Refusal, Steer};

// Core types that users of the guards need, so that one dependency suffices.
#[doc(no_inline)]
pub use qstash_verify::{
    BufferedDelivery, Callback, Claims, ConfigError, ConfigWarning, CredentialSource, Credentials,
    DEFAULT_BODY_LIMIT, KeyRing, KeyRingBuilder, KeySlot, KeySource, MessageError, MessageMetadata,
    NotVerified, PendingDelivery, REGION_HEADER, RecordFuture, Recorded, Region, ReplayProtection,
    ReplayStore, Reply, RequestHead, Retry, SIGNATURE_HEADER, SigningKeys, TokenRecord,
    ValueProblem, Verified, Verifier, VerifierBuilder, VerifyError, parse_message,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
