//! A tower [`Layer`](tower_layer::Layer) that lets only genuine deliveries of
//! [Upstash QStash](https://upstash.com/docs/qstash) through to a service. It
//! knows no framework: `qstash-verify-axum` builds on it for axum.
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
//! # Order of layers
//! The signature is over the raw bytes and the public URL, so nothing that
//! changes either may come before the layer; "outside" means closer to the
//! client.
//!
//! - **Decompression** of requests belongs inside, or the hash is that of other
//!   bytes (`body_mismatch`).
//! - **Body limits**: the verifier's replaces `RequestBodyLimitLayer`; where
//!   that one is outside, it cuts the body and the answer is its 413 or our 400.
//! - **Timeouts**: a client that stalls in the middle of a body holds its
//!   request open for as long as it likes. Put a
//!   `tower_http::timeout::TimeoutLayer` outside. A `ConcurrencyLimit` inside the
//!   layer is taken before the head is looked at, held while the body arrives,
//!   and given back as soon as the request is refused.
//! - **Tracing**: `TraceLayer` belongs outside, so that refusals are in its
//!   log, too.
//! - **Routers that strip a prefix** off the path:
//!   [`target_from`](QstashLayer::target_from) names the URI that the client sent.
//!   Proxies that change paths are what [`base_url`](VerifierBuilder::base_url)
//!   is for.
//! - **Body types**: the inner service takes a [`VerifiedBody`], or the type that
//!   [`map_body`](QstashLayer::map_body) makes of it.
//!
//! # Early refusals over HTTP/1.1
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
//! is one event with `code`, `region`, `message_id` and the reason in words;
//! [`VerifyError::code`] has the levels. The inner service runs in a span
//! `qstash_delivery` with `region` and `key`. The targets begin with
//! `qstash_verify`.
//!
//! # Tests of your own
//! The feature `testing` of `qstash-verify`, in `[dev-dependencies]`, signs
//! deliveries as QStash would:
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
//! - `simd`: the feature of the same name of `qstash-verify`. On by default.
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
