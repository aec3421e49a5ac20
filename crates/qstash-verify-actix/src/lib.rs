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
//! # What it does
//! In this order: exactly one `upstash-signature` header; the token and its
//! claims; the declared length against the limit; then the body, hashed while
//! it arrives; then the inner service, with the same bytes for whatever
//! extractor it uses, and a [`Verified`] in the request's extensions. What is not
//! genuine is answered at once with 401 and a code (`{"error":"expired"}`), and
//! of a request refused for its head nothing of the body is waited for, hashed or
//! kept; [a little](#what-becomes-of-a-refused-body) may be discarded. A body over
//! the limit is 413, one that can't be read 400.
//!
//! Refusals are responses and not `Err`, so that `Logger` and `ErrorHandlers`
//! outside see them. The reason, a [`VerifyError`], is in the response's
//! extensions, and as a [`Refusal`] it is its
//! [`error`](actix_web::HttpResponse::error). Errors of the inner service pass
//! through.
//!
//! The body is buffered, since it must be whole before it is known to be
//! genuine: a body in one chunk is passed on without a copy, one in many is
//! copied once into memory that grows with what has arrived. Trailers are
//! skipped, as actix-web does.
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
//! # Where it belongs
//! Around an `App`, a `Scope` or a `Resource`: a `Resource` leaves 404s and other
//! routes alone. The signature is over the raw bytes and the public URL, so
//! nothing that changes either may come before the middleware; "outside" means
//! closer to the client, and of two `wrap`s the later one is outside.
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
//! - **Timeouts**: actix-web ends a head that stalls, and never a body: a client
//!   that stalls in the middle of one holds its request open for as long as it
//!   likes. Put a middleware with a timeout outside:
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
//! # What becomes of a refused body
//! One that came along with the head (up to some 32 KB) leaves the connection
//! open. Otherwise the answer has `Connection: close`, and of what the client
//! goes on to send at most 1 MiB is read and dropped, within a second, so that a
//! client that reads no answer until it has sent everything can still get it.
//! Then the connection is cut, which actix-web logs as an error of
//! `actix_http::h1` (`Response payload stream error: … did not end its body in
//! time`): a stranger can cause such lines, and a filter can drop them.
//!
//! Without this middleware, actix-web reads on after any early answer: a body in
//! chunks without end (4.9 GB in 3 s were seen on loopback), one with a declared
//! length for as long as `HttpServer::client_disconnect_timeout` says (1.5 GB in
//! the second that is its default). That second remains where the middleware's
//! answer doesn't arrive as it is: if a timeout outside ends the request of a
//! genuine head while its body is missing, or if something outside replaces the
//! answer's body, or [`on_refusal`](QstashMiddleware::on_refusal) makes it empty.
//! `client_disconnect_timeout(Duration::ZERO)` takes it away, for the whole
//! server: then a client that is still sending may miss its answer. Routes that
//! are not wrapped are as they were.
//!
//! One thing can't be helped from a middleware: to `Expect: 100-continue`
//! actix-web answers `100 Continue` before any of them runs, and the refusal
//! follows. QStash doesn't send it.
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
//! let delivery = testing::Delivery::new("https://example.com/webhook", "hello");
//! let request = |delivery: &testing::Delivery| {
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

mod extract;
mod middleware;
mod receive;
mod refusal;
mod steer;
mod unread;

pub use extract::{Delivery, InvalidMessage, Message, Metadata, MissingMiddleware};
pub use middleware::{QstashMiddleware, QstashService};
pub use receive::request_head;
pub use refusal::Refusal;
pub use steer::Steer;

// What a user of the middleware needs of the core, so that one dependency will do.
#[doc(no_inline)]
pub use qstash_verify::{
    BufferedDelivery, Callback, Claims, ConfigError, ConfigWarning, CredentialSource, Credentials,
    DEFAULT_BODY_LIMIT, KeyRing, KeySlot, KeySource, MessageError, MessageMetadata,
    PendingDelivery, REGION_HEADER, Region, RequestHead, Retry, SIGNATURE_HEADER, SigningKeys,
    Verified, Verifier, VerifierBuilder, VerifyError, parse_message,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
