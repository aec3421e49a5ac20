//! The actix-web middleware.

use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_tests::{Answer, Kind, Server};

use super::Implementation;
use crate::cases::Delivery;
use crate::wire;

pub(crate) struct Actix(Server);

impl Implementation for Actix {
    fn start(verifier: Verifier, replay: ReplayProtection) -> Self {
        Actix(Server::with_replay_store(Kind::Actix, verifier, replay))
    }

    fn send(&mut self, delivery: &Delivery, message_id: &str) -> Answer {
        wire::send(self.0.connect(), delivery, message_id)
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }
}
