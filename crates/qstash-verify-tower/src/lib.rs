//! A tower [`Layer`](tower_layer::Layer) that lets only genuine deliveries of
//! [Upstash QStash](https://upstash.com/docs/qstash) through to a service: for
//! axum, hyper and everything else that speaks tower.
//!
#![cfg_attr(feature = "axum", doc = "```no_run")]
#![cfg_attr(not(feature = "axum"), doc = "```ignore")]
//! use axum::{Router, routing::post};
//! use qstash_verify_tower::{Delivery, QstashLayer};
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
//! # What it does
//! In this order: exactly one `upstash-signature` header; the token and its
//! claims; the declared length against the limit; then the body, hashed while
//! it arrives; then the inner service, with the same bytes, the same trailers
//! (which are not signed), and a [`Verified`] in the request's extensions. What
//! is not genuine is answered at once with 401 and a code
//! (`{"error":"expired"}`), and of a request refused for its head nothing of the
//! body is read: with `Expect: 100-continue`, no 100 is sent. A body over the
//! limit is 413, one that can't be read 400. The reason, a [`VerifyError`], is in
//! the response's extensions.
//!
//! The body is buffered, since it must be whole before it is known to be
//! genuine: a body in one frame is passed on without a copy, one in many is
//! copied once into memory that grows with what has arrived. Errors of the
//! inner service pass through.
//!
//! axum's `Router::layer` is on the routes that were added before it and on the
//! 404 of that router; routes added after it are open. In a larger app, give
//! webhooks a router of their own with `route_layer`, which leaves the 404 alone,
//! and `merge` it.
//!
//! # Settings
//! Keys, URL, clock tolerance and body limit (10 MiB by default) are the
//! [verifier's](Verifier::builder):
//!
//! ```no_run
//! use qstash_verify_tower::{KeyRing, QstashLayer, Verifier};
//!
//! let verifier = Verifier::builder(KeyRing::from_env()?)
//!     .base_url("https://api.example.com")? // the public URL: checks `sub`
//!     .body_limit(1024 * 1024)
//!     .build();
//! let layer = QstashLayer::new(verifier);
//! # Ok::<_, qstash_verify_tower::ConfigError>(())
//! ```
//!
//! # Where it belongs
//! The signature is over the raw bytes and the public URL, so nothing that
//! changes either may come before the layer; "outside" means closer to the
//! client.
//!
//! - **Decompression** of requests belongs inside, or the hash is that of other
//!   bytes (`body_mismatch`).
//! - **Body limits**: the verifier's replaces `RequestBodyLimitLayer`; where
//!   that one stands outside, it cuts the body and the answer is its 413 or our
//!   400. axum's `DefaultBodyLimit` of 2 MB still applies to `Bytes`, `String`,
//!   `Json` and `Message` behind the layer: disable it there, or larger
//!   deliveries get a 413 from the extractor although ours would let 10 MiB
//!   through.
//! - **Timeouts**: a client that stalls in the middle of a body holds its
//!   request open for as long as it likes. `axum::serve` sets no timer, so put
//!   a `tower_http::timeout::TimeoutLayer` outside. A `ConcurrencyLimit` inside
//!   the layer is taken before the head is looked at, and held while the body
//!   arrives.
//! - **Tracing**: `TraceLayer` belongs outside, so that refusals are in its
//!   log, too.
//! - **Nested routers of axum** take their prefix off the path. With the
//!   feature `axum` the layer sees the URL as the client asked for it, wherever
//!   it stands. Proxies that change paths are what
//!   [`base_url`](VerifierBuilder::base_url) is for.
//! - Inside a `ServiceBuilder`, what follows the layer is called with a
//!   [`VerifiedBody`]. `axum::middleware::from_fn` wants axum's own body: put
//!   `MapRequestBodyLayer::new(axum::body::Body::new)` between the two, as
//!   behind any layer that changes the body. `Router::layer` needs nothing.
//!   `tower::util::option_layer` wants the same types with and without: add
//!   `MapResponseBodyLayer::new(Body::new)` as well.
//!
//! ```
//! use axum::{Router, body::Body, extract::Request, middleware, routing::post};
//! use qstash_verify_tower::{QstashLayer, SigningKeys, Verifier};
//! use tower::ServiceBuilder;
//! use tower_http::map_request_body::MapRequestBodyLayer;
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
//!         .layer(MapRequestBodyLayer::new(Body::new))
//!         .layer(middleware::from_fn(audit)),
//! );
//! ```
//!
//! # What a client sees of an early refusal
//! Over HTTP/1.1 with hyper, an answer to a request whose body is unread closes
//! the connection, unless the rest of the body was small and had already come;
//! there is no `Connection: close` on it. Clients that were still sending can
//! read the answer; one that has shut down its sending side may find the
//! connection closed without any, which is hyper's default (`half_close`).
//! QStash retries, as it does after any answer outside 2xx, and shows status and
//! body in its console.
//!
//! # Logs
//! They go through `tracing`: without a subscriber there are none. Each refusal
//! is one event with `code`, `region`, `message_id` and the reason in words: at
//! `debug` for `missing_signature`, at `info` for `malformed_token` and
//! `unsupported_algorithm`, at `error` for `no_signing_keys`, and at `warn` for
//! every other. The inner service runs in a span `qstash_delivery` with `region`
//! and `key`. The targets begin with `qstash_verify`.
//!
//! # Tests of your own
//! The feature `testing` of `qstash-verify`, in `[dev-dependencies]`, signs
//! deliveries as QStash would:
//!
#![cfg_attr(feature = "axum", doc = "```")]
#![cfg_attr(not(feature = "axum"), doc = "```ignore")]
//! use axum::{Router, body::Body, routing::post};
//! use qstash_verify::testing;
//! use qstash_verify_tower::{QstashLayer, Verifier};
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
//! let delivery = testing::Delivery::new("https://example.com/webhook", "hello");
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
//! - `axum`: the extractors [`Delivery`], [`Message`] and [`Metadata`], the
//!   answers [`Refusal`] and [`Steer`], and original URLs on nested routers. Off
//!   by default.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "axum")]
mod axum;
mod body;
mod future;
mod layer;
mod response;
mod service;

pub use body::{ResponseBody, VerifiedBody};
pub use future::ResponseFuture;
pub use layer::QstashLayer;
pub use service::Qstash;

#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use self::axum::{Delivery, Message, MessageRejection, Metadata, MissingLayer, Refusal, Steer};

// What a user of the layer needs of the core, so that one dependency will do.
#[doc(no_inline)]
pub use qstash_verify::{
    BufferedDelivery, Callback, Claims, ConfigError, ConfigWarning, CredentialSource, Credentials,
    DEFAULT_BODY_LIMIT, KeyRing, KeySlot, KeySource, MessageError, MessageMetadata,
    PendingDelivery, REGION_HEADER, Region, RequestHead, Retry, SIGNATURE_HEADER, SigningKeys,
    Verified, Verifier, VerifierBuilder, VerifyError, parse_message,
};

#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
struct Readme;
