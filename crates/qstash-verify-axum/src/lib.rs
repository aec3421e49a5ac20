//! An axum layer that lets only genuine deliveries of
//! [Upstash QStash](https://upstash.com/docs/qstash) through, and extractors for
//! what they carry.
//!
//! ```no_run
//! use axum::{Router, routing::post};
//! use qstash_verify_axum::{Delivery, QstashLayer};
//!
//! async fn webhook(Delivery(verified): Delivery, body: String) -> &'static str {
//!     println!("genuine, sent to {}: {body}", verified.claims().sub());
//!     "thanks"
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app: Router = Router::new()
//!     .route("/webhook", post(webhook))
//!     // reads QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY, …
//!     .layer(QstashLayer::from_env()?);
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! # axum::serve(listener, app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Order of checks
//! The layer is that of [`qstash_verify_tower`], whose documentation has the
//! order. A request that is not genuine is answered with 401 and a code
//! (`{"error":"expired"}`), and of one refused for its head nothing of the body is
//! read. A body over the limit is 413, one that can't be read 400. The handler of
//! a genuine delivery gets the same bytes, and a [`Verified`] in the request's
//! extensions. The reason of a refusal, a [`VerifyError`], is in the response's
//! extensions.
//!
//! # Unprotected routes
//! axum's `Router::layer` is on the routes that were added before it and on the
//! 404 of that router; routes added after it are open. In a larger app, give
//! webhooks a router of their own with `route_layer`, which leaves the 404 alone,
//! and `merge` it.
//!
//! A handler with [`Delivery`] or [`Message`] among its arguments can't run on an
//! open route: the answer is a 500, and the log says which path lacks the layer.
//! `Option<Delivery>` is for a handler of both kinds of routes.
//!
//! # Settings
//! Keys, URL, clock tolerance and body limit (10 MiB by default) are the
//! [verifier's](Verifier::builder):
//!
//! ```no_run
//! use qstash_verify_axum::{KeyRing, QstashLayer, Verifier};
//!
//! let verifier = Verifier::builder(KeyRing::from_env()?)
//!     .base_url("https://api.example.com")? // the public URL: checks `sub`
//!     .body_limit(1024 * 1024)
//!     .build();
//! let layer = QstashLayer::new(verifier);
//! # Ok::<_, qstash_verify_axum::ConfigError>(())
//! ```
//!
//! # Order of layers
//! The signature is over the raw bytes and the public URL, so nothing that
//! changes either may come before the layer; "outside" means closer to the
//! client.
//!
//! - **Decompression** of requests belongs inside, or the hash is that of other
//!   bytes (`body_mismatch`).
//! - **Body limits**: the verifier's replaces `RequestBodyLimitLayer`; where
//!   that one is outside, it cuts the body and the answer is its 413 or our 400.
//!   axum's `DefaultBodyLimit` of 2 MB still applies to `Bytes`, `String`, `Json`
//!   and [`Message`] behind the layer: disable it there, or larger deliveries get
//!   a 413 from the extractor although the layer's limit is 10 MiB.
//! - **Timeouts**: a client that stalls in the middle of a body holds its
//!   request open for as long as it likes. `axum::serve` sets no timer, so put a
//!   `tower_http::timeout::TimeoutLayer` outside. A `ConcurrencyLimit` inside the
//!   layer is taken before the head is looked at, held while the body arrives,
//!   and given back as soon as the request is refused.
//! - **Tracing**: `TraceLayer` belongs outside, so that refusals are in its
//!   log, too.
//! - **Nested routers** strip their prefix off the path. The layer sees the URL
//!   as the client sent it, in any router. Proxies that change paths are what
//!   [`base_url`](VerifierBuilder::base_url) is for.
//! - **`axum::middleware::from_fn`** goes on either side of the layer, in a
//!   `ServiceBuilder`, too: the layer's bodies are axum's.
//!
//! ```
//! use axum::{Router, extract::Request, middleware, routing::post};
//! use qstash_verify_axum::{QstashLayer, SigningKeys, Verifier};
//! use tower::ServiceBuilder;
//! use tower_http::trace::TraceLayer;
//!
//! async fn audit(request: Request, next: middleware::Next) -> axum::response::Response {
//!     next.run(request).await
//! }
//!
//! # let verifier = Verifier::new(SigningKeys::development());
//! let app: Router = Router::new().route("/webhook", post(|| async {})).layer(
//!     ServiceBuilder::new()
//!         .layer(TraceLayer::new_for_http())
//!         .layer(QstashLayer::new(verifier))
//!         .layer(middleware::from_fn(audit)),
//! );
//! ```
//!
//! # Logs
//! They go through `tracing`: without a subscriber there are none. Each refusal
//! is one event with `code`, `region`, `message_id` and the reason in words;
//! [`VerifyError::code`] has the levels. The handler runs in a span
//! `qstash_delivery` with `region` and `key`. The targets begin with
//! `qstash_verify`.
//!
//! # Tests of your own
//! The feature `testing` of `qstash-verify`, in `[dev-dependencies]`, signs
//! deliveries as QStash would:
//!
//! ```
//! use axum::{Router, body::Body, routing::post};
//! use qstash_verify::testing;
//! use qstash_verify_axum::{QstashLayer, Verifier};
//! use tower::ServiceExt;
//!
//! fn app(verifier: Verifier) -> Router {
//!     Router::new()
//!         .route("/webhook", post(|body: String| async { body }))
//!         .layer(QstashLayer::new(verifier))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = app(testing::verifier().build());
//! let delivery = testing::delivery("https://example.com/webhook", "hello");
//! let answer = app.clone().oneshot(delivery.request::<Body>()?).await?;
//! assert_eq!(answer.status(), 200);
//!
//! let forged = delivery.key("sig_of_somebody_else");
//! let answer = app.oneshot(forged.request::<Body>()?).await?;
//! assert_eq!(answer.status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//! - `simd`: the feature of the same name of `qstash-verify`. On by default.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod extract;
mod layer;
mod message;
mod reply;
mod service;

pub use extract::{Delivery, Metadata};
pub use layer::QstashLayer;
pub use message::{Message, MessageRejection};
pub use reply::{DeliveryRejection, Refusal, Steer};
pub use service::{QstashService, ResponseFuture};

// What a user of the layer needs of the core, so that one dependency will do.
#[doc(no_inline)]
pub use qstash_verify::{
    BufferedDelivery, Callback, Claims, ConfigError, ConfigWarning, CredentialSource, Credentials,
    DEFAULT_BODY_LIMIT, KeyRing, KeyRingBuilder, KeySlot, KeySource, MessageError, MessageMetadata,
    NotVerified, PendingDelivery, REGION_HEADER, Region, Reply, RequestHead, Retry,
    SIGNATURE_HEADER, SigningKeys, ValueProblem, Verified, Verifier, VerifierBuilder, VerifyError,
    parse_message,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
