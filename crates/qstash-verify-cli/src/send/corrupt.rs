//! `--corrupt`: deliveries that must be refused.

use std::fmt;
use std::time::{Duration, SystemTime};

use clap::ValueEnum;
use qstash_verify::Region;
use qstash_verify::signing::SignedDelivery;

use super::answer::{Answer, status_text};
use crate::message::random_id;
use crate::output::{Line, Verdict};
use crate::time;

/// The fault of a corrupt delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Corrupt {
    /// A body other than the signed one
    Body,
    /// A signature by a random key
    Signature,
    /// A token that expired 55 minutes ago
    Expired,
    /// A header that names another region than the signing key's
    Region,
    /// A token for another URL
    Url,
}

/// Writes the name on the command line.
impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl Corrupt {
    /// Returns the corrupt delivery, and the body to send with it.
    pub(crate) fn apply(
        self,
        delivery: SignedDelivery,
        region: Region,
    ) -> (SignedDelivery, Vec<u8>) {
        let mut body = delivery.body().to_vec();
        let delivery = match self {
            Corrupt::Body => {
                match body.last_mut() {
                    Some(last) => *last ^= 1,
                    None => body.push(b'x'),
                }
                delivery
            }
            Corrupt::Signature => delivery.key(random_id("sig_")),
            Corrupt::Expired => {
                let signed = SystemTime::now() - Duration::from_secs(3600);
                let expired = time::to_unix(signed + Duration::from_secs(300));
                delivery.issued_at(signed).claim("exp", expired.floor())
            }
            Corrupt::Region => {
                let other = Region::ALL.iter().find(|other| **other != region);
                delivery.region(other.copied().unwrap_or(region))
            }
            Corrupt::Url => delivery.claim("sub", "https://another-endpoint.example/webhook"),
        };
        (delivery, body)
    }

    /// Returns the codes with which the core refuses the delivery.
    fn codes(self) -> &'static [&'static str] {
        match self {
            Corrupt::Body => &["body_mismatch"],
            Corrupt::Signature => &["bad_signature"],
            Corrupt::Expired => &["expired"],
            Corrupt::Region => &["bad_signature", "no_signing_keys"],
            Corrupt::Url => &["url_mismatch"],
        }
    }

    /// Checks the response of a service to the corrupt delivery.
    pub(super) fn judge(self, answer: &Answer) -> (Verdict, String) {
        if answer.status.is_success() {
            return (Verdict::Bad, format!("accepted: {}", self.fault()));
        }
        if !answer.is_refusal() {
            let text = format!(
                "{} is not a refusal: something other than the verifier answered",
                status_text(answer.status)
            );
            return (Verdict::Bad, text);
        }
        match answer.code().as_deref() {
            Some(code) if self.codes().contains(&code) => {
                (Verdict::Good, format!("refused as expected: {code}"))
            }
            // A valid delivery would be refused as well.
            Some(code) if answer.is_ours() => (
                Verdict::Bad,
                format!(
                    "refused as {}, not as {}: a valid delivery is probably refused, too; send one \
                     without --corrupt",
                    Line(code),
                    self.codes().join(" or ")
                ),
            ),
            // Other SDKs have other codes.
            Some(code) => (
                Verdict::Good,
                format!("refused as expected; the response says {}", Line(code)),
            ),
            None => (
                Verdict::Good,
                "refused as expected; the response doesn't say why".to_owned(),
            ),
        }
    }

    /// Describes the fault of a service that accepts the delivery.
    fn fault(self) -> &'static str {
        match self {
            Corrupt::Body => "the service does not compare the body with the signed hash",
            Corrupt::Signature => "the service accepts any signature",
            Corrupt::Expired => "the service does not check `exp`, or tolerates an hour",
            Corrupt::Region => {
                "the service uses one pair of keys for all regions, since QSTASH_REGION is unset or \
                 the region in the header has no keys of its own"
            }
            Corrupt::Url => {
                "the service does not compare `sub` with its URL: set `base_url` or `url` of its \
                 verifier"
            }
        }
    }
}
