//! actix-web middleware that verifies the signature of
//! [Upstash QStash](https://upstash.com/docs/qstash) deliveries.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use qstash_verify_actix::{Delivery, QstashMiddleware};
//!
//! async fn webhook(Delivery(verified): Delivery, body: String) -> &'static str {
//!     println!("genuine, sent to {}: {body}", verified.claims().sub());
//!     "thanks"
//! }
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Without a subscriber, refusals are not logged.
//!     tracing_subscriber::fmt()
//!         .with_env_filter("info,qstash_verify=debug")
//!         .init();
//!     // Reads QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY, …
//!     let qstash = QstashMiddleware::from_env().map_err(|error| error.to_string())?;
//!     let app = move || {
//!         App::new().service(
//!             web::resource("/webhook")
//!                 .wrap(qstash.clone())
//!                 .route(web::post().to(webhook)),
//!         )
//!     };
//!     HttpServer::new(app).bind(("127.0.0.1", 3000))?.run().await?;
//!     Ok(())
//! }
//! ```
//!
//! # Order of checks
//! 1. Exactly one `upstash-signature` header.
//! 2. The token and its claims.
//! 3. The declared length against the body limit.
//! 4. The body, hashed as it arrives.
//! 5. The [replay store](QstashMiddleware::replay_store), if one is set.
//! 6. The inner service is called with the same bytes, for any extractor, and a
//!    [`Verified`] in the request's extensions.
//!
//! A failed check is a 401 with a code (`{"error":"expired"}`), a body over the limit a
//! 413, an unreadable body a 400, a replay store that doesn't answer a 503. If steps 1
//! to 3 fail, the body is only [drained with a
//! bound](#bounded-draining-of-an-unread-request-body).
//!
//! Refusals are responses, not `Err`, so that outer `Logger` and `ErrorHandlers` see
//! them. The response's extensions hold the reason, a [`VerifyError`]; its
//! [`error`](actix_web::HttpResponse::error) is a [`Refusal`]. Errors of the inner
//! service pass through.
//!
//! The body is buffered because its hash is known only at EOF. A single chunk is passed
//! on without a copy; several chunks are copied once into a buffer that grows with the
//! bytes received. actix-web drops trailers.
//!
//! # Settings
//! The [verifier](Verifier::builder) holds keys, URL, clock tolerance and body limit
//! (10 MiB by default):
//!
//! ```no_run
//! use qstash_verify_actix::{KeyRing, QstashMiddleware, Verifier};
//!
//! let verifier = Verifier::builder(KeyRing::from_env()?)
//!     .base_url("https://api.example.com")? // the public URL: checks `sub`
//!     .body_limit(1024 * 1024)
//!     .build();
//! let qstash = QstashMiddleware::new(verifier);
//! # Ok::<_, qstash_verify_actix::ConfigError>(())
//! ```
//!
//! # Middleware order
//! Wrap an `App`, a `Scope` or a `Resource`; on a `Resource`, the middleware doesn't
//! cover 404s and other routes. The signature covers the raw body and the public URL,
//! so no middleware outside may change either. "Outside" means closer to the client: of
//! two `wrap`s, the later one is outside.
//!
//! - **Extractor limits** still apply inside: 256 KiB for `web::Bytes`, `String` and
//!   [`Message`] (`web::PayloadConfig`), 2 MB for `web::Json` (`web::JsonConfig`).
//!   Raise them with `.app_data(…)`, or larger deliveries get a 413 from the
//!   extractor. `web::Payload` has no limit; the verifier's applies.
//! - **`NormalizePath`** outside changes the path that is compared with `base_url`:
//!   publish to normalized paths, or deliveries are a `url_mismatch`.
//! - **`Logger`, `ErrorHandlers`, `Compress`** belong outside. Extractors decode
//!   `Content-Encoding` after the raw bytes are verified.
//! - **Timeouts**: actix-web has a timeout for the head but none for the body, so a
//!   stalled body holds its request open. Put a middleware with a timeout outside:
//!
//! ```
//! use std::time::Duration;
//! use actix_web::{App, Error, error, rt::time::timeout, web};
//! use actix_web::body::MessageBody;
//! use actix_web::dev::{ServiceRequest, ServiceResponse};
//! use actix_web::middleware::{Logger, Next, from_fn};
//! use qstash_verify_actix::{QstashMiddleware, SigningKeys, Verifier};
//!
//! async fn within_30_seconds(
//!     request: ServiceRequest,
//!     next: Next<impl MessageBody>,
//! ) -> Result<ServiceResponse<impl MessageBody>, Error> {
//!     let response = timeout(Duration::from_secs(30), next.call(request)).await;
//!     response.unwrap_or_else(|_| Err(error::ErrorRequestTimeout("")))
//! }
//!
//! # let verifier = Verifier::new(SigningKeys::development());
//! let app = App::new()
//!     .app_data(web::PayloadConfig::new(10 * 1024 * 1024))
//!     .service(
//!         web::resource("/webhook")
//!             .wrap(QstashMiddleware::new(verifier))
//!             .route(web::post().to(async || "thanks")),
//!     )
//!     .wrap(from_fn(within_30_seconds))
//!     .wrap(Logger::default());
//! ```
//!
//! # Bounded draining of an unread request body
//! A refusal waits up to 100 ms for EOF of the body. If it comes, the connection stays
//! open. Otherwise the response has `Connection: close`, and at most 1 MiB in 1024
//! chunks of the body is read and dropped within one more second, so that clients that
//! read the response only after sending the body still receive it. Over 1 MiB the
//! server stops reading, and the client has the rest of the second for the response;
//! over 1024 chunks the connection is closed at once, and the client may lose the
//! response.
//!
//! The middleware closes the connection with an error, which actix-web logs with target
//! `actix_http::h1` (`Response payload stream error: the client of a refused request
//! …`). Without the error, actix-web would answer a request that it read together with
//! the late EOF, although nothing may follow `Connection: close` (RFC 9112, section
//! 9.6). Any client can cause these events; filter them out. A disconnect causes none.
//! Outer middleware that collects the response's body also gets the error. On any
//! route, actix-web itself answers a request pipelined after one with
//! `Connection: close`; the middleware doesn't change that.
//!
//! `scripts/load memory` in the repository prints the memory of 300 connections with
//! endless bodies; on a 2-core VM, in KiB per connection:
//!
//! | body | unwrapped route that ignores it | refused |
//! |---|---|---|
//! | chunks of 1 byte | 277 | 104 |
//! | chunks of 16 bytes | 269 | 116 |
//! | chunks of 1 KiB | 270 | 310 |
//! | chunks of 64 KiB | 269 | 313 |
//! | `Content-Length` | 265 | 314 |
//!
//! Most of it is actix-web's read buffer.
//!
//! Without this middleware, actix-web keeps reading after any early response: a chunked
//! body without bound (4.9 GB in 3 s over loopback), a body with a declared length until
//! `HttpServer::client_disconnect_timeout` (1.5 GB in the default of 1 s). That timeout
//! still applies if an outer timeout cancels a request whose body is missing, if outer
//! middleware replaces the response's body, or if
//! [`on_refusal`](QstashMiddleware::on_refusal) returns an empty one.
//! `client_disconnect_timeout(Duration::ZERO)` disables it for the whole server: then a
//! client that is still sending may miss its response. Routes without the middleware
//! are unaffected.
//!
//! actix-web sends `100 Continue` for `Expect: 100-continue` before any middleware runs;
//! the refusal follows. QStash doesn't send that header.
//!
//! # Logs
//! Events and spans use `tracing`; install a subscriber to see them. Each refusal is
//! one event with `code`, `path`, `region`, `message_id` and the reason as its message;
//! [`VerifyError::code`] lists the levels. The inner service runs in a span
//! `qstash_delivery` with `region` and `key`. All targets begin with `qstash_verify`.
//!
//! # Testing
//! The feature `testing` of `qstash-verify`, in `[dev-dependencies]`, signs deliveries
//! as QStash does:
//!
//! ```
//! use actix_web::test::{TestRequest, call_service, init_service};
//! use actix_web::{App, web};
//! use qstash_verify::testing;
//! use qstash_verify_actix::{QstashMiddleware, Verifier};
//!
//! # #[actix_web::main]
//! # async fn main() {
//! let verifier = testing::verifier().build();
//! let app = init_service(
//!     App::new().service(
//!         web::resource("/webhook")
//!             .wrap(QstashMiddleware::new(verifier))
//!             .route(web::post().to(async |body: String| body)),
//!     ),
//! )
//! .await;
//!
//! let delivery = testing::delivery("https://example.com/webhook", "hello");
//! let request = |delivery: &testing::SignedDelivery| {
//!     let request = TestRequest::post().uri(delivery.path_and_query());
//!     let headers = delivery.headers().into_iter();
//!     headers
//!         .fold(request, TestRequest::append_header)
//!         .set_payload(delivery.body().to_vec())
//!         .to_request()
//! };
//! assert_eq!(call_service(&app, request(&delivery)).await.status(), 200);
//!
//! let forged = delivery.key("sig_of_somebody_else");
//! assert_eq!(call_service(&app, request(&forged)).await.status(), 401);
//! # }
//! ```
//!
//! # Features
//! - `simd` (default): enables `simd` of `qstash-verify`.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cut_off;
mod drain;
mod draining_body;
mod extract;
mod middleware;
mod reply;
mod request;
mod service;

pub use extract::{Delivery, Message, Metadata};
pub use middleware::QstashMiddleware;
pub use reply::{DeliveryRejection, MessageRejection, Refusal, Steer};
pub use request::request_head;
pub use service::QstashService;

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
