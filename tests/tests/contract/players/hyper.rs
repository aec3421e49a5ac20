//! hyper with a handler written by hand.

use qstash_verify::Verifier;
use qstash_verify_tests::{Answer, Kind, Server};

use super::Player;
use crate::cases::Delivery;
use crate::wire;

pub(crate) struct Hyper(Server);

impl Player for Hyper {
    fn start(verifier: Verifier) -> Self {
        Hyper(Server::start(Kind::Hyper, verifier))
    }

    fn play(&mut self, delivery: &Delivery, message_id: &str) -> Answer {
        wire::send(self.0.connect(), delivery, message_id)
    }

    fn calls(&self) -> usize {
        self.0.calls()
    }
}
