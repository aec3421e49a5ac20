//! The layer on an axum router.

use qstash_verify::Verifier;
use qstash_verify_tests::{Answer, Kind, Server};

use super::Implementation;
use crate::cases::Delivery;
use crate::wire;

pub(crate) struct Axum(Server);

impl Implementation for Axum {
    fn start(verifier: Verifier) -> Self {
        Axum(Server::start(Kind::Axum, verifier))
    }

    fn send(&mut self, delivery: &Delivery, message_id: &str) -> Answer {
        wire::send(self.0.connect(), delivery, message_id)
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }
}
