//! The tower layer on hyper.

use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_tests::{Answer, Server};

use super::Implementation;
use crate::cases::Delivery;
use crate::wire;

pub(crate) struct Tower(Server);

impl Implementation for Tower {
    fn start(verifier: Verifier, replay: ReplayProtection) -> Self {
        Tower(Server::layered_hyper(verifier, replay))
    }

    fn send(&mut self, delivery: &Delivery, message_id: &str) -> Answer {
        wire::send(self.0.connect(), delivery, message_id)
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }
}
