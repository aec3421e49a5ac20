//! `verify` of `qstash-verify`: the head is made anew each time, as a service does,
//! so that the search for the signature among all headers counts.

use peers::{Contender, Delivery, serve, version};
use qstash_verify::{KeyRing, RequestHead, Verifier};

fn main() {
    let verifier = Verifier::builder(KeyRing::from_env().unwrap())
        .base_url("https://api.example.com")
        .unwrap()
        .build();
    let parts = [
        format!("qstash-verify {}", own_version()),
        version("qstash-verify", "hmac"),
        version("qstash-verify", "sha2"),
    ];
    serve(parts.join(", "), &Ours(verifier));
}

fn own_version() -> String {
    version("qstash-verify-peers", "qstash-verify").replace("qstash-verify ", "")
}

struct Ours(Verifier);

impl Contender for Ours {
    fn check(&self, delivery: &Delivery) -> Result<(), String> {
        let headers = delivery.headers.iter().map(|(name, value)| (name, value));
        let head = RequestHead::new(headers, &delivery.path_and_query);
        match self.0.verify(&head, delivery.body.as_bytes()) {
            Ok(_) => Ok(()),
            Err(refused) => Err(refused.to_string()),
        }
    }
}
