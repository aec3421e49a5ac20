//! A tower [`Layer`](tower_layer::Layer) that verifies the signature of
//! [Upstash QStash](https://upstash.com/docs/qstash) deliveries.
//!
//! It works with hyper and every tower-based framework; for axum, use
//! `qstash-verify-axum`, which builds on it.
//!
//! ```no_run
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use hyper::server::conn::http1;
//! use hyper_util::rt::TokioIo;
//! use hyper_util::service::TowerToHyperService;
//! use qstash_verify_tower::{QstashLayer, Verified, VerifiedBody};
//! use tower::ServiceBuilder;
//!
//! async fn webhook(request: Request<VerifiedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     if let Some(verified) = request.extensions().get::<Verified>() {
//!         println!("genuine, sent to {}", verified.claims().sub());
//!     }
//!     Ok(Response::new(Full::new(request.into_body().into_bytes())))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let service = ServiceBuilder::new()
//!     // reads QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY, …
//!     .layer(QstashLayer::from_env()?)
//!     .service_fn(webhook);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! loop {
//!     let (stream, _) = listener.accept().await?;
//!     let service = TowerToHyperService::new(service.clone());
//!     tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
//! }
//! # }
//! ```
//!
//! # Order of checks
//! 1. Exactly one `upstash-signature` header.
//! 2. The token and its claims.
//! 3. The declared length against the body limit.
//! 4. The body, hashed as it arrives.
//! 5. The [replay store](QstashLayer::replay_store), if one is set.
//! 6. The inner service is called with the same bytes and trailers (which are not
//!    signed) and a [`Verified`] in the request's extensions.
//!
//! A failed check is a 401 with a code (`{"error":"expired"}`), a body over the limit a
//! 413, an unreadable body a 400, a replay store that doesn't answer a 503. The
//! response's extensions hold the reason, a [`VerifyError`]. If steps 1 to 3 fail, none
//! of the body is read: with `Expect: 100-continue`, no 100 is sent.
//!
//! The body is buffered because its hash is known only at EOF. A single frame is
//! passed on without a copy; several frames are copied once into a buffer that
//! grows with the bytes received. Errors of the inner service pass through.
//!
//! # Settings
//! The [verifier](Verifier::builder) holds keys, URL, clock tolerance and body
//! limit (10 MiB by default):
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
//! # Order of layers
//! The signature covers the raw body and the public URL, so no layer outside may
//! change either; "outside" means closer to the client.
//!
//! - **Decompression** of requests belongs inside: decompressed bytes have another
//!   hash (`body_mismatch`).
//! - **Body limits**: the verifier's limit replaces `RequestBodyLimitLayer`. If
//!   that layer is outside, larger bodies get its 413, or a 400 if they don't
//!   declare their length.
//! - **Timeouts**: the layer has no timer, so a stalled body holds its request
//!   open. Put a `tower_http::timeout::TimeoutLayer` outside. The permit of a
//!   `ConcurrencyLimit` inside is acquired before the head is checked, held while
//!   the body arrives, and released on refusal.
//! - **Tracing**: `TraceLayer` belongs outside, so that it logs refusals as well.
//! - **Routers that strip a prefix** off the path:
//!   [`target_from`](QstashLayer::target_from) selects the URI that the client
//!   sent. For proxies that change paths, set
//!   [`base_url`](VerifierBuilder::base_url).
//! - **Body types**: the inner service takes a [`VerifiedBody`], or the type that
//!   [`map_body`](QstashLayer::map_body) returns.
//!
//! # Early refusals over HTTP/1.1
//! Over HTTP/1.1, hyper closes the connection after responding to a request whose
//! body is unread, unless the rest of the body is small and already received. The
//! response has no `Connection: close` header. Clients that are still sending can
//! read the response; a client that has shut down its sending side may see the
//! connection close without one, unless hyper's `half_close` is set. QStash
//! retries, as after every status outside 2xx, and shows status and body in its
//! console.
//!
//! # Logs
//! Events and spans use `tracing`; install a subscriber to see them. Each refusal
//! is one event with `code`, `path`, `region`, `message_id` and the reason as its message;
//! [`VerifyError::code`] lists the levels. The inner service runs in a span
//! `qstash_delivery` with `region` and `key`. All targets begin with
//! `qstash_verify`.
//!
//! # Testing
//! The feature `testing` of `qstash-verify`, in `[dev-dependencies]`, signs
//! deliveries as QStash does:
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use qstash_verify::testing;
//! use qstash_verify_tower::{QstashLayer, VerifiedBody};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = QstashLayer::new(testing::verifier().build());
//! let service = layer.layer(service_fn(|request: Request<VerifiedBody>| async {
//!     Ok::<_, std::convert::Infallible>(Response::new(request.into_body()))
//! }));
//! let delivery = testing::delivery("https://example.com/webhook", "hello");
//! let request = delivery.request::<Full<Bytes>>()?;
//! assert_eq!(service.clone().oneshot(request).await?.status(), 200);
//!
//! let forged = delivery.key("sig_of_somebody_else");
//! let request = forged.request::<Full<Bytes>>()?;
//! assert_eq!(service.oneshot(request).await?.status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//! - `simd` (default): enables `simd` of `qstash-verify`.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod future;
mod layer;
mod service;
mod target;

pub use body::{ResponseBody, VerifiedBody};
pub use future::ResponseFuture;
pub use layer::QstashLayer;
pub use service::QstashService;

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
