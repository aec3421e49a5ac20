//! The layer on an axum router.

use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_tests::{Answer, Kind, Server};

use super::Implementation;
use crate::cases::Delivery;
use crate::wire;

pub(crate) struct Axum(Server);

impl Implementation for Axum {
    fn start(verifier: Verifier, replay: ReplayProtection) -> Self {
        Axum(Server::with_replay_store(Kind::Axum, verifier, replay))
    }

    fn send(&mut self, delivery: &Delivery, message_id: &str) -> Answer {
        wire::send(self.0.connect(), delivery, message_id)
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }
}
