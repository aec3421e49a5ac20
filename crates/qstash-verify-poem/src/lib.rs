//! poem middleware that lets only genuine deliveries of
//! [Upstash QStash](https://upstash.com/docs/qstash) through, and extractors for what
//! they carry.
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
//! The head is verified first: a request whose head is refused gets its response
//! before its body is read. A response to a request that is not genuine is a 401 with a
//! code (`{"error":"expired"}`); a body over the limit is 413, one that can't be read
//! 400, a [replay store](QstashMiddleware::replay_store) that doesn't answer 503. The handler of a genuine delivery gets the same bytes, and a [`Verified`] in
//! the request's extensions. Trailers, which are not signed, are dropped. The reason of
//! a refusal, a [`VerifyError`], is in the response's extensions. A refusal is a
//! response and not a [`poem::Error`], so `catch_all_error` outside leaves it alone.
//!
//! # Unprotected routes
//! `with` protects the endpoint before it. On a `Route`, that includes its 404; routes
//! that are added later are not protected.
//!
//! A handler with [`Delivery`] or [`Message`] among its arguments can't run on an
//! unprotected route: the response is a 500, and the log names the path.
//! `Option<Delivery>` is for a handler of both kinds of routes.
//!
//! # Settings
//! Keys, URL, clock tolerance and body limit (10 MiB by default) are the
//! [verifier's](Verifier::builder):
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
//! The signature covers the raw bytes and the public URL, so nothing outside the
//! middleware may change either. "Outside" means closer to the client: of two `with`s,
//! the later one is outside.
//!
//! - **`Route::nest`** strips its prefix off the path. The middleware verifies the
//!   original URI, whatever route it is on. For proxies that change paths, set
//!   [`base_url`](VerifierBuilder::base_url).
//! - **`SizeLimit`** outside answers longer deliveries with poem's 413, whatever the
//!   verifier's limit is, and deliveries without `Content-Length` with 411.
//! - **`Compression`** decompresses requests, too, so it belongs inside; **`Tracing`**
//!   belongs outside.
//! - **Timeouts**: poem has none for a body that stalls. Put one outside, or set
//!   `Server::idle_timeout`.
//!
//! # poem-openapi
//! The extractors are arguments of an `#[oai]` method as of any handler; they don't
//! appear in the specification. An argument that takes the body, such as `Json<T>`,
//! reads the verified bytes:
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
//! Events go through `tracing`; without a subscriber there are none. Each refusal is
//! one event with `code`, `region`, `message_id` and the reason in words, at the level
//! in the table of [`VerifyError::code`]. The inner endpoint runs in a span
//! `qstash_delivery` with `region` and `key`. The targets begin with `qstash_verify`.
//!
//! # Testing your service
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
//! // Requests of `Request::builder` and `TestClient` have no original URI, which
//! // `base_url` is compared with.
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
//! - `simd`: the feature of the same name of `qstash-verify`. On by default.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod endpoint;
mod extract;
mod middleware;
mod reply;

pub use endpoint::QstashEndpoint;
pub use extract::{Delivery, Message, Metadata};
pub use middleware::QstashMiddleware;
pub use reply::{DeliveryRejection, InvalidMessage, Refusal, Steer};

// The part of the core that users of the middleware need, so that they depend on one
// crate.
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
