//! Test support for all crates: captured deliveries, a token signer, keys, an HTTP
//! client, scripted bodies, log capture.
//!
//! It depends on the core but on no adapter, so that every crate can use it as a
//! dev-dependency (by path without a version, which cargo omits from packages).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic fails the test"
)]

#[cfg(feature = "actix")]
mod actix;
mod binaries;
mod body;
mod capture;
mod client;
mod delivery;
mod example;
mod keys;
pub mod log;
mod samples;
pub mod service;
mod token;

#[cfg(feature = "actix")]
pub use actix::ActixServer;
pub use body::{BodyProbe, BodyScript, Step};
pub use capture::{Capture, captures};
pub use client::{Answer, Connection, Request};
pub use delivery::{BASE, BODY, NOW, TARGET, URL, builder, token};
pub use example::{Example, Kind, json};
pub use keys::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, MULTI_REGION, US, US_VARIABLES, lookup,
    minutes_apart, pinned, signing_keys,
};
pub use samples::{Sample, samples};
pub use token::{Token, base64url};
