//! `verify` of `qstash-verify`. The head is created per call, as in a service, so that
//! the header lookup is measured. The URL is configured once; the other SDKs receive it
//! with each delivery.

use peers::{Contender, Delivery, URL, serve, version};
use qstash_verify::{KeyRing, RequestHead, Verifier};

fn main() {
    let verifier = Verifier::builder(KeyRing::from_env().unwrap())
        .url(URL)
        .unwrap()
        .build();
    let parts = [
        version("qstash-verify-peers", "qstash-verify"),
        version("qstash-verify", "hmac"),
        version("qstash-verify", "sha2"),
    ];
    serve(parts.join(", "), &Ours(verifier));
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
