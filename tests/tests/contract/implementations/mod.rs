//! Implementations under test.
//!
//! A new adapter needs a file here with its [`Implementation`] and an entry in the list
//! in `main.rs`.

mod actix;
mod axum;
mod core;
mod hyper;
mod poem;
mod rocket;
mod tower;

use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_tests::Answer;

pub(crate) use self::actix::Actix;
pub(crate) use self::axum::Axum;
pub(crate) use self::core::Core;
pub(crate) use self::hyper::Hyper;
pub(crate) use self::poem::Poem;
pub(crate) use self::rocket::Rocket;
pub(crate) use self::tower::Tower;
use crate::cases::Delivery;

/// An adapter with a handler that responds 200 with the body it received.
pub(crate) trait Implementation {
    /// Starts it.
    fn start(verifier: Verifier, replay: ReplayProtection) -> Self;

    /// Sends a delivery with this `upstash-message-id` and returns the response.
    fn send(&mut self, delivery: &Delivery, message_id: &str) -> Answer;

    /// Returns the number of calls of the handler.
    fn calls(&self) -> usize;
}
