//! The crypto floor: one HMAC-SHA256 over the token with a prepared key, one SHA-256
//! over the body. The results are compared with the token only before the measurement.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use peers::{Contender, Delivery, keys, serve, version};
use sha2::{Digest, Sha256};

fn main() {
    let [current, _next] = keys();
    let key = Hmac::new_from_slice(current.as_bytes()).unwrap();
    let parts = ["hmac", "sha2"].map(|package| version("qstash-verify-peers", package));
    serve(parts.join(", "), &Floor(key));
}

struct Floor(Hmac<Sha256>);

impl Floor {
    fn compute(&self, delivery: &Delivery) -> [[u8; 32]; 2] {
        // An HS256 signature has 43 characters, after a dot.
        let token = delivery.token.as_bytes();
        let message = black_box(&token[..token.len() - 44]);
        let mac = self.0.clone().chain_update(message).finalize();
        let hash = Sha256::digest(black_box(delivery.body.as_bytes()));
        [mac.into_bytes().into(), hash.into()]
    }
}

impl Contender for Floor {
    fn check(&self, delivery: &Delivery) -> Result<(), String> {
        let [mac, hash] = self.compute(delivery);
        let parts: Vec<&str> = delivery.token.split('.').collect();
        if URL_SAFE_NO_PAD.encode(mac) != parts[2] {
            return Err("wrong MAC".to_owned());
        }
        let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        if !payload.contains(&format!("\"body\":\"{}\"", URL_SAFE.encode(hash))) {
            return Err("wrong hash".to_owned());
        }
        Ok(())
    }

    fn run(&self, delivery: &Delivery) -> bool {
        black_box(self.compute(delivery));
        true
    }
}
