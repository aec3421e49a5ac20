//! poem middleware that verifies the signature of
//! [Upstash QStash](https://upstash.com/docs/qstash) deliveries, with extractors for
//! the claims, message and metadata.
//!
//! ```no_run
//! use poem::listener::TcpListener;
//! use poem::{EndpointExt, Route, Server, handler, post};
//! use qstash_verify_poem::{Delivery, QstashMiddleware};
//!
//! #[handler]
//! async fn webhook(Delivery(verified): Delivery, body: String) -> &'static str {
//!     println!("genuine, sent to {}: {body}", verified.claims().sub());
//!     "thanks"
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // reads QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY, …
//! let qstash = QstashMiddleware::from_env()?;
//! let app = Route::new().at("/webhook", post(webhook).with(qstash));
//! # Server::new(TcpListener::bind("127.0.0.1:3000")).run(app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Order of checks
//! 1. Exactly one `upstash-signature` header.
//! 2. The token and its claims.
//! 3. The declared length against the body limit.
//! 4. The body, hashed as it arrives.
//! 5. The [replay store](QstashMiddleware::replay_store), if one is set.
//! 6. The inner endpoint is called with the same bytes and a [`Verified`] in the
//!    request's extensions. Trailers, which are not signed, are dropped.
//!
//! A failed check is a 401 with a code (`{"error":"expired"}`), a body over the limit a
//! 413, an unreadable body a 400, a replay store that doesn't answer a 503. The
//! response's extensions hold the reason, a [`VerifyError`]. If steps 1 to 3 fail, none
//! of the body is read. A refusal is a response, not a [`poem::Error`], so an outer
//! `catch_all_error` doesn't replace it.
//!
//! # Unprotected routes
//! `with` covers the endpoint before it. On a `Route`, that includes its 404, but not
//! routes of the `Route` around it.
//!
//! A handler that extracts [`Delivery`] or [`Message`] doesn't run on an unprotected
//! route: the response is a 500, and the log names the path. `Option<Delivery>`
//! supports handlers on both kinds of routes.
//!
//! # Settings
//! The [verifier](Verifier::builder) holds keys, URL, clock tolerance and body limit
//! (10 MiB by default):
//!
//! ```no_run
//! use qstash_verify_poem::{KeyRing, QstashMiddleware, Verifier};
//!
//! let verifier = Verifier::builder(KeyRing::from_env()?)
//!     .base_url("https://api.example.com")? // the public URL: checks `sub`
//!     .body_limit(1024 * 1024)
//!     .build();
//! let qstash = QstashMiddleware::new(verifier);
//! # Ok::<_, qstash_verify_poem::ConfigError>(())
//! ```
//!
//! # Middleware order
//! The signature covers the raw body and the public URL, so no middleware outside may
//! change either. "Outside" means closer to the client: of two `with`s, the later one is
//! outside.
//!
//! - **`Route::nest`** strips its prefix off the path. The middleware uses
//!   `original_uri`, the URI that the client sent. For proxies that change paths, set
//!   [`base_url`](VerifierBuilder::base_url).
//! - **`SizeLimit`** outside answers longer deliveries with poem's 413, whatever the
//!   verifier's limit is, and deliveries without `Content-Length` with 411.
//! - **`Compression`** also decompresses requests, so it belongs inside: decompressed
//!   bytes have another hash (`body_mismatch`).
//! - **Tracing**: `Tracing` belongs outside, so that it logs refusals as well.
//! - **Timeouts**: poem has none for a stalled body. Put a middleware with a timeout
//!   outside, or set `Server::idle_timeout`.
//!
//! # poem-openapi
//! An `#[oai]` method takes the extractors as a handler does; they don't appear in the
//! specification. Arguments that read the body, such as `Json<T>`, read the verified
//! bytes:
//!
//! ```
//! use poem::{EndpointExt, Route};
//! use poem_openapi::payload::{Json, PlainText};
//! use poem_openapi::{OpenApi, OpenApiService};
//! use qstash_verify_poem::{Delivery, QstashMiddleware, SigningKeys, Verifier};
//!
//! struct Webhooks;
//!
//! #[OpenApi]
//! impl Webhooks {
//!     #[oai(path = "/orders", method = "post")]
//!     async fn orders(&self, delivery: Delivery, ids: Json<Vec<u64>>) -> PlainText<String> {
//!         PlainText(format!("{} orders for {}", ids.len(), delivery.0.claims().sub()))
//!     }
//! }
//!
//! # let verifier = Verifier::new(SigningKeys::development());
//! let api = OpenApiService::new(Webhooks, "webhooks", "1.0");
//! let app = Route::new().nest("/", api.with(QstashMiddleware::new(verifier)));
//! ```
//!
//! # Logs
//! Events and spans use `tracing`; install a subscriber to see them. Each refusal is
//! one event with `code`, `path`, `region`, `message_id` and the reason as its message;
//! [`VerifyError::code`] lists the levels. The inner endpoint runs in a span
//! `qstash_delivery` with `region` and `key`. All targets begin with `qstash_verify`.
//!
//! # Testing
//! The feature `testing` of `qstash-verify`, in `[dev-dependencies]`, signs deliveries
//! as QStash does:
//!
//! ```
//! use poem::http::uri::Scheme;
//! use poem::web::{LocalAddr, RemoteAddr};
//! use poem::{Body, Endpoint, EndpointExt, Request, handler, post};
//! use qstash_verify::testing::{self, SignedDelivery};
//! use qstash_verify_poem::{QstashMiddleware, Verifier};
//!
//! #[handler]
//! fn webhook(body: String) -> String {
//!     body
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = post(webhook).with(QstashMiddleware::new(testing::verifier().build()));
//! // `Request::builder` and `TestClient` set no original URI, which `base_url` needs.
//! let request = |delivery: &SignedDelivery| {
//!     let (parts, body) = delivery.request::<Body>().unwrap().into_parts();
//!     let (local, remote) = (LocalAddr::default(), RemoteAddr::default());
//!     Request::from_parts((parts, local, remote, Scheme::HTTP).into(), body)
//! };
//! let delivery = testing::delivery("https://example.com/webhook", "hello");
//! assert_eq!(app.get_response(request(&delivery)).await.status(), 200);
//!
//! let forged = delivery.key("sig_of_somebody_else");
//! assert_eq!(app.get_response(request(&forged)).await.status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//! - `simd` (default): enables `simd` of `qstash-verify`.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod endpoint;
mod extract;
mod middleware;
mod reply;

pub use endpoint::QstashEndpoint;
pub use extract::{Delivery, Message, Metadata};
pub use middleware::QstashMiddleware;
pub use reply::{DeliveryRejection, MessageRejection, Refusal, Steer};

// Core types that users of the middleware need, so that one dependency suffices.
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
