//! The guard and the fairing on Rocket.

use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_tests::{Answer, Kind, Server};

use super::Implementation;
use crate::cases::Delivery;
use crate::wire;

pub(crate) struct Rocket(Server);

impl Implementation for Rocket {
    fn start(verifier: Verifier, replay: ReplayProtection) -> Self {
        Rocket(Server::with_replay_store(Kind::Rocket, verifier, replay))
    }

    fn send(&mut self, delivery: &Delivery, message_id: &str) -> Answer {
        // Rocket waits for 14 bytes before it runs a guard.
        wire::send_with_start(self.0.connect(), delivery, message_id, 14)
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }
}
