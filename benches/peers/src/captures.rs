//! Checks whether `qstash-rs` accepts captured deliveries.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use peers::{Delivery, Verdict};
use qstash_verify::{RequestHead, SIGNATURE_HEADER, SigningKeys, Verifier};
use serde::Deserialize;

use crate::Result;
use crate::contenders::{QSTASH_RS, binary};
use crate::deliveries::{KEYS, Shape};
use crate::process::Process;

#[derive(Deserialize)]
struct Captures {
    captures: Vec<Capture>,
}

/// A delivery captured in production.
#[derive(Deserialize)]
struct Capture {
    name: String,
    current_signing_key: String,
    next_signing_key: String,
    signature: String,
    body: String,
    url: String,
    at: u64,
}

/// Returns the result for each captured delivery as text. They have expired, so the
/// tolerance is set to years.
pub(crate) fn with_qstash_rs() -> Result<Vec<String>> {
    let file = include_str!("../../../tests/support/data/captures.json");
    let Captures { captures } = serde_json::from_str(file).map_err(|error| error.to_string())?;
    captures.iter().map(Capture::with_qstash_rs).collect()
}

impl Capture {
    fn with_qstash_rs(&self) -> Result<String> {
        self.is_genuine()?;
        let at = UNIX_EPOCH + Duration::from_secs(self.at);
        let age = SystemTime::now().duration_since(at).unwrap_or_default();
        // Checks the tolerance with a token of the same age that it can parse.
        let readable = Delivery {
            tolerance: age.as_secs(),
            ..Shape::QstashRs.delivery_of(at)
        };
        if let Some(reason) = ask(KEYS, &readable)? {
            return Err(format!("{QSTASH_RS} ignores the tolerance: {reason}"));
        }
        let delivery = Delivery {
            token: self.signature.clone(),
            body: self.body.clone(),
            url: self.url.clone(),
            ..readable
        };
        let [current, next] = [&*self.current_signing_key, &*self.next_signing_key];
        let answer = match ask([current, next], &delivery)? {
            None => "yes".to_owned(),
            // It returns the reason of the next key, so both keys are the current one.
            Some(hiding) => {
                let reason = ask([current, current], &delivery)?.unwrap_or(hiding);
                format!("no ({reason})")
            }
        };
        Ok(format!("{}: {answer}", self.name))
    }

    /// Checks that the delivery is genuine.
    fn is_genuine(&self) -> Result<()> {
        let at = UNIX_EPOCH + Duration::from_secs(self.at);
        let verify = || -> std::result::Result<(), Box<dyn std::error::Error>> {
            let keys = SigningKeys::new(&*self.current_signing_key, &*self.next_signing_key)?;
            let verifier = Verifier::builder(keys).url(&self.url)?.clock(move || at);
            let head = RequestHead::new([(SIGNATURE_HEADER, &self.signature)], "/");
            verifier.build().verify(&head, self.body.as_bytes())?;
            Ok(())
        };
        verify().map_err(|error| format!("{} is not genuine: {error}", self.name))
    }
}

/// Returns the reason if `qstash-rs` with these keys refuses the delivery.
fn ask(keys: [&str; 2], delivery: &Delivery) -> Result<Option<String>> {
    let (mut process, _) = Process::start(QSTASH_RS, binary("qstash_rs")?, keys)?;
    let Verdict { refused } = process.ask(delivery)?;
    Ok(refused)
}
