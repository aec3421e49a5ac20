//! An axum layer that verifies the signature of
//! [Upstash QStash](https://upstash.com/docs/qstash) deliveries, with extractors for
//! the claims, message and metadata.
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
//!     // Reads QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY, …
//!     .layer(QstashLayer::from_env().map_err(|error| error.to_string())?);
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! # axum::serve(listener, app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Order of checks
//! 1. Exactly one `upstash-signature` header.
//! 2. The token and its claims.
//! 3. The declared length against the body limit.
//! 4. The body, hashed as it arrives.
//! 5. The [replay store](QstashLayer::replay_store), if one is set.
//! 6. The handler runs with the same bytes and a [`Verified`] in the request's
//!    extensions.
//!
//! A failed check is a 401 with a code (`{"error":"expired"}`), a body over the limit a
//! 413, an unreadable body a 400, a replay store that doesn't answer a 503. The
//! response's extensions hold the reason, a [`VerifyError`]. If steps 1 to 3 fail, none
//! of the body is read. The layer builds on [`qstash_verify_tower`], which documents
//! buffering and HTTP/1.1 connections.
//!
//! # Unprotected routes
//! `Router::layer` covers the routes added before it and the router's 404; routes
//! added after it are unprotected. In a larger app, put webhooks on a separate
//! router with `route_layer`, which doesn't cover the 404, and `merge` it.
//!
//! A handler that extracts [`Delivery`] or [`Message`] doesn't run on an
//! unprotected route: the response is a 500, and the log names the path.
//! `Option<Delivery>` supports handlers on both kinds of routes.
//!
//! # Settings
//! The [verifier](Verifier::builder) holds keys, URL, clock tolerance and body
//! limit (10 MiB by default):
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
//! The signature covers the raw body and the public URL, so no layer outside may
//! change either; "outside" means closer to the client.
//!
//! - **Decompression** of requests belongs inside: decompressed bytes have another
//!   hash (`body_mismatch`).
//! - **Body limits**: the verifier's limit replaces `RequestBodyLimitLayer`. If
//!   that layer is outside, larger bodies get its 413, or a 400 if they don't
//!   declare their length. axum's `DefaultBodyLimit` of 2 MB still applies to
//!   `Bytes`, `String`, `Json` and [`Message`] inside: disable it there, or larger
//!   deliveries get a 413 from the extractor although the layer's limit is 10 MiB.
//! - **Timeouts**: neither the layer nor `axum::serve` has a timer, so a stalled
//!   body holds its request open. Put a `tower_http::timeout::TimeoutLayer`
//!   outside. The permit of a `ConcurrencyLimit` inside is acquired before the
//!   head is checked, held while the body arrives, and released on refusal.
//! - **Tracing**: `TraceLayer` belongs outside, so that it logs refusals as well.
//! - **Nested routers** strip their prefix off the path. The layer uses
//!   `OriginalUri`, the URI that the client sent. For proxies that change paths,
//!   set [`base_url`](VerifierBuilder::base_url).
//! - **`axum::middleware::from_fn`** works on either side of the layer, also in a
//!   `ServiceBuilder`: the layer uses axum's body type.
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
//! Events and spans use `tracing`; install a subscriber to see them. Each refusal
//! is one event with `code`, `path`, `region`, `message_id` and the reason as its message;
//! [`VerifyError::code`] lists the levels. The handler runs in a span
//! `qstash_delivery` with `region` and `key`. All targets begin with
//! `qstash_verify`.
//!
//! # Testing
//! The feature `testing` of `qstash-verify`, in `[dev-dependencies]`, signs
//! deliveries as QStash does:
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
//! let response = app.clone().oneshot(delivery.request::<Body>()?).await?;
//! assert_eq!(response.status(), 200);
//!
//! let forged = delivery.key("sig_of_somebody_else");
//! let response = app.oneshot(forged.request::<Body>()?).await?;
//! assert_eq!(response.status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//! - `simd` (default): enables `simd` of `qstash-verify`.
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

// Core types that users of the layer need, so that one dependency suffices.
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
