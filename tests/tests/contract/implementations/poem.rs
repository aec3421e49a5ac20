//! The middleware on poem.

use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_tests::{Answer, Kind, Server};

use super::Implementation;
use crate::cases::Delivery;
use crate::wire;

pub(crate) struct Poem(Server);

impl Implementation for Poem {
    fn start(verifier: Verifier, replay: ReplayProtection) -> Self {
        Poem(Server::with_replay_store(Kind::Poem, verifier, replay))
    }

    fn send(&mut self, delivery: &Delivery, message_id: &str) -> Answer {
        wire::send(self.0.connect(), delivery, message_id)
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }
}
