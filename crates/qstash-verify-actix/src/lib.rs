//! actix-web middleware that lets only genuine deliveries of
//! [Upstash QStash](https://upstash.com/docs/qstash) through.
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
//!     // reads QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY, …
//!     let qstash = QstashMiddleware::from_env()?;
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
//! 1. Exactly one `upstash-signature` header; the token and its claims; the declared
//!    length against the limit. A request refused here gets a 401, or a 413 for its
//!    length: its body is not hashed or kept, only
//!    [drained with a bound](#bounded-draining-of-an-unread-request-body).
//! 2. The body, hashed while it arrives: 401 if it is not the one that was signed, 413
//!    over the limit, 400 if it can't be read.
//! 3. The inner service, with the same bytes for whatever extractor it uses, and a
//!    [`Verified`] in the request's extensions.
//!
//! The body of a refusal is its code, such as `{"error":"expired"}`.
//!
//! Refusals are responses and not `Err`, so that `Logger` and `ErrorHandlers` outside
//! see them. The reason, a [`VerifyError`], is in the response's extensions, and as a
//! [`Refusal`] it is the response's [`error`](actix_web::HttpResponse::error). Errors
//! of the inner service pass through.
//!
//! The body is buffered, since it is verified only at EOF: a body in one chunk is
//! passed on without a copy, one in many is copied once into memory that grows with
//! what has arrived. Trailers are dropped, as actix-web does.
//!
//! # Settings
//! Keys, URL, clock tolerance and body limit (10 MiB by default) are the
//! [verifier's](Verifier::builder):
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
//! Wrap an `App`, a `Scope` or a `Resource`; a `Resource` leaves 404s and other routes
//! alone. The signature covers the raw bytes and the public URL, so nothing outside the
//! middleware may change either. "Outside" means closer to the client: of two `wrap`s,
//! the later one is outside.
//!
//! - **Limits of extractors** still apply behind the middleware, whatever it
//!   lets through: 256 KiB for `web::Bytes`, `String` and [`Message`], which
//!   `web::PayloadConfig` sets, and 2 MB for `web::Json`, which `web::JsonConfig`
//!   sets. Larger deliveries get a 413 from the extractor until these are raised
//!   with `.app_data(…)`. `web::Payload` has none; ours bounds it.
//! - **`NormalizePath`** outside of the middleware changes the path that
//!   `base_url` is compared with: publish to paths that it leaves alone, or
//!   deliveries are a `url_mismatch`.
//! - **`Logger`, `ErrorHandlers`, `Compress`** belong outside. What an extractor
//!   unpacks (`Content-Encoding`) comes after the check of the raw bytes.
//! - **Timeouts**: actix-web has one for the head and none for the body: a client that
//!   stalls in the middle of a body holds its request open. Put a middleware with a
//!   timeout outside:
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
//!     let answer = timeout(Duration::from_secs(30), next.call(request)).await;
//!     answer.unwrap_or_else(|_| Err(error::ErrorRequestTimeout("")))
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
//! A refusal waits up to 100 ms for the end of the body. If it comes, the connection
//! stays open. Otherwise the response has `Connection: close`, and at most 1 MiB in 1024
//! chunks of the body is read and dropped within one second more, so that a client that
//! doesn't read the response before it has sent everything still gets it. Over 1 MiB
//! the server stops reading, and the client has the rest of the second for the
//! response; over 1024 chunks the connection is closed at once, and a client that sends
//! tiny chunks may lose its response.
//!
//! The middleware closes the connection with an error, which actix-web logs for
//! `actix_http::h1` (`Response payload stream error: the client of a refused request
//! …`). Without the error it would answer a request that it read together with the late
//! end of the body, although nothing may follow `Connection: close` (RFC 9112, section
//! 9.6). Anybody can cause such lines; filter them out. A client that disconnects causes
//! none. Middleware outside that collects the response's body gets the error, too.
//! On any route, actix-web itself answers a request pipelined behind one that asks for
//! `Connection: close`; the middleware doesn't change that.
//!
//! `scripts/load memory` in the repository prints the memory of 300 connections whose
//! clients send without end; on a 2-core VM, in KiB per connection:
//!
//! | body | unwrapped route that ignores it | refused |
//! |---|---|---|
//! | chunks of 1 byte | 228 | 99 |
//! | chunks of 16 bytes | 267 | 128 |
//! | chunks of 1 KiB | 269 | 282 |
//! | chunks of 64 KiB | 271 | 399 |
//! | `Content-Length` | 141 | 334 |
//!
//! Most of it is actix-web's read buffer.
//!
//! Without this middleware, actix-web reads on after any early response: a chunked body
//! without bound (4.9 GB in 3 s over loopback), one with a declared length until
//! `HttpServer::client_disconnect_timeout` (1.5 GB in the default of 1 s). That timeout
//! still applies where the middleware's response isn't sent as it is: a timeout
//! outside ends a request whose head is genuine and whose body is missing, something
//! outside replaces the response's body, or
//! [`on_refusal`](QstashMiddleware::on_refusal) makes it empty.
//! `client_disconnect_timeout(Duration::ZERO)` turns it off for the whole server: then
//! a client that is still sending may miss its response. Routes that are not wrapped
//! are unaffected.
//!
//! To `Expect: 100-continue` actix-web sends `100 Continue` before any middleware runs,
//! and the refusal follows. QStash doesn't send that header.
//!
//! # Logs
//! Events go through `tracing`; without a subscriber there are none. Each refusal is
//! one event with `code`, `region`, `message_id` and the reason in words, at the level
//! in the table of [`VerifyError::code`]. The inner service runs in a span
//! `qstash_delivery` with `region` and `key`. The targets begin with `qstash_verify`.
//!
//! # Testing your service
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
#![cfg_attr(docsrs, feature(doc_cfg))]

mod drain;
mod draining_body;
mod extract;
mod middleware;
mod reply;
mod request;
mod service;

pub use extract::{Delivery, Message, Metadata};
pub use middleware::QstashMiddleware;
pub use reply::{DeliveryRejection, InvalidMessage, Refusal, Steer};
pub use request::request_head;
pub use service::QstashService;

// The part of the core that users of the middleware need, so that they depend on one
// crate.
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
