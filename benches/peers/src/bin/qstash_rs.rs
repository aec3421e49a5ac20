//! The crate `qstash-rs`, used as in its README.

use peers::{Contender, Delivery, keys, serve, version};
use qstash_rs::{Receiver, ReceiverConfig, VerifyRequest};

fn main() {
    let [current_signing_key, next_signing_key] = keys();
    let receiver = Receiver::new(ReceiverConfig {
        current_signing_key,
        next_signing_key,
    });
    let parts = [
        version("qstash-verify-peers", "qstash-rs"),
        version("qstash-rs", "jsonwebtoken"),
        version("jsonwebtoken", "ring"),
        version("qstash-rs", "sha2"),
    ];
    serve(parts.join(", "), &Peer(receiver));
}

struct Peer(Receiver);

impl Contender for Peer {
    fn check(&self, delivery: &Delivery) -> Result<(), String> {
        let request = VerifyRequest {
            signature: &delivery.token,
            body: delivery.body.as_bytes(),
            url: Some(&delivery.url),
            clock_tolerance_seconds: delivery.tolerance,
        };
        let verdict = self.0.verify(request);
        verdict.map_err(|refused| refused.to_string())
    }
}
