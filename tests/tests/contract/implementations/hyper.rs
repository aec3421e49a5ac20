//! hyper without an adapter.

use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_tests::{Answer, Kind, Server};

use super::Implementation;
use crate::cases::Delivery;
use crate::wire;

pub(crate) struct Hyper(Server);

impl Implementation for Hyper {
    fn start(verifier: Verifier, replay: ReplayProtection) -> Self {
        Hyper(Server::with_replay_store(Kind::Hyper, verifier, replay))
    }

    fn send(&mut self, delivery: &Delivery, message_id: &str) -> Answer {
        wire::send(self.0.connect(), delivery, message_id)
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }
}
