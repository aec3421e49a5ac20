//! Step-by-step verification of one delivery.

use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use qstash_verify::{
    ConfigError, KeyRing, KeySlot, PendingDelivery, SigningKeys, Verified, VerifyError,
};
use serde_json::Value;

use super::attempt::{Attempt, Endpoint, finish};
use super::options::Options;
use crate::keys::Keys;
use crate::output::{Failure, Outcome, Verdict};
use crate::time;

/// The steps of a verification, in the order of the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The keys of the environment, without which a service doesn't start.
    Start,
    Token,
    /// The keys for the region of this delivery.
    Keys,
    Signature,
    Claims,
    Time,
    Url,
    Body,
}

impl Step {
    pub(super) const ALL: [Step; 8] = [
        Step::Start,
        Step::Token,
        Step::Keys,
        Step::Signature,
        Step::Claims,
        Step::Time,
        Step::Url,
        Step::Body,
    ];

    fn of(reason: &VerifyError) -> Self {
        match reason {
            VerifyError::NoSigningKeys { .. } => Step::Keys,
            VerifyError::BadSignature { .. } => Step::Signature,
            VerifyError::MissingClaim { .. }
            | VerifyError::InvalidClaim { .. }
            | VerifyError::WrongIssuer => Step::Claims,
            VerifyError::Expired { .. } | VerifyError::NotYetValid { .. } => Step::Time,
            VerifyError::UrlMismatch { .. } => Step::Url,
            VerifyError::BodyMismatch { .. }
            | VerifyError::BodyTooLarge { .. }
            | VerifyError::BodyUnreadable { .. } => Step::Body,
            // All others concern the syntax of the token.
            _ => Step::Token,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Step::Start | Step::Keys => "keys",
            Step::Token => "token",
            Step::Signature => "signature",
            Step::Claims => "claims",
            Step::Time => "time",
            Step::Url => "url",
            Step::Body => "body",
        }
    }
}

/// A failed step: the code of the refusal, and its reason.
pub(super) struct Failed {
    pub(super) step: Step,
    pub(super) code: &'static str,
    pub(super) why: String,
}

pub(super) fn run(options: &Options, keys: &Keys, signature: &str, body: &[u8]) -> Outcome {
    let attempt = Attempt {
        region: options.region.clone(),
        endpoint: options.endpoint(),
        at: options.at.unwrap_or_else(SystemTime::now),
        tolerance: options.tolerance,
        body_limit: options.body_limit.unwrap_or(u64::MAX),
    };
    let mut explanation = Explanation {
        options,
        keys,
        signature,
        body,
        attempt,
        failed: Vec::new(),
        slot: None,
        verified: None,
        not_set: None,
    };
    let reached = explanation.verify_all()?;
    explanation.report(reached)?;
    Ok(Verdict::of(explanation.failed.is_empty()))
}

pub(super) struct Explanation<'a> {
    pub(super) options: &'a Options,
    pub(super) keys: &'a Keys,
    pub(super) signature: &'a str,
    pub(super) body: &'a [u8],
    pub(super) attempt: Attempt,
    pub(super) failed: Vec<Failed>,
    pub(super) slot: Option<KeySlot>,
    pub(super) verified: Option<Verified>,
    /// The error of missing keys, if the development server's replace them.
    pub(super) not_set: Option<ConfigError>,
}

impl Explanation<'_> {
    /// Verifies, and after each refusal again without its cause, so that one refusal
    /// doesn't hide others. Returns the step after which that was impossible.
    fn verify_all(&mut self) -> Result<Option<Step>, Failure> {
        let mut ring = match self.keys.ring() {
            Ok(ring) => ring,
            Err(error) => match self.keys.development_for(&error) {
                Some(ring) => {
                    self.not_set = Some(error);
                    ring
                }
                None => {
                    let why = does_not_start(&error);
                    let found = self.other_keys(error.code(), Step::Start, why);
                    // The token's shape is checked without the right keys, too.
                    found.unwrap_or_else(|| KeyRing::from(SigningKeys::development()))
                }
            },
        };
        loop {
            let reason = match self.authenticate(&ring, self.signature)? {
                Ok(pending) => {
                    // A guessed pair has the same key twice.
                    let guessed = [Step::Start, Step::Keys, Step::Signature];
                    if !guessed.iter().any(|step| self.has_failed(*step)) {
                        self.slot = Some(pending.key_slot());
                    }
                    match finish(pending.clone(), self.body) {
                        Ok(verified) => {
                            self.verified = Some(verified);
                            return Ok(None);
                        }
                        Err(reason) => {
                            let why = match reason {
                                VerifyError::BodyMismatch { .. } => self.other_body(&pending),
                                _ => reason.to_string(),
                            };
                            self.fail(&reason, why);
                            return Ok(Some(Step::Body));
                        }
                    }
                }
                Err(reason) => reason,
            };
            let step = Step::of(&reason);
            if self.has_failed(step) {
                return Ok(Some(step));
            }
            let why = reason.to_string();
            match reason {
                // Missing keys make no signature bad.
                VerifyError::BadSignature { .. } if self.has_failed(Step::Start) => {
                    return Ok(Some(Step::Token));
                }
                VerifyError::BadSignature { .. } if self.not_set.is_some() => {
                    if let Some(error) = &self.not_set {
                        self.failed.push(Failed {
                            step: Step::Start,
                            code: error.code(),
                            why: does_not_start(error),
                        });
                    }
                    return Ok(Some(Step::Token));
                }
                VerifyError::NoSigningKeys { .. } | VerifyError::BadSignature { .. } => {
                    // The core calls them `given in code`.
                    let why = match self.keys.explicit {
                        Some(_) => "not made by the given keys".to_owned(),
                        None => why,
                    };
                    match self.other_keys(reason.code(), step, why) {
                        Some(other) => ring = other,
                        None => return Ok(Some(step)),
                    }
                }
                VerifyError::Expired { ago, .. } => {
                    let seconds = ago.as_secs_f64();
                    let (span, when) = (time::span(seconds), self.time_of_arrival());
                    let exp = time::to_unix(self.attempt.at) - seconds;
                    let date = time::date(exp.round());
                    self.fail(&reason, format!("expired {span} before {when}, at {date}"));
                    let Some(before) = time::from_unix(exp - 1.0) else {
                        return Ok(Some(step));
                    };
                    self.attempt.at = before;
                }
                VerifyError::NotYetValid { ahead, .. } => {
                    let seconds = ahead.as_secs_f64();
                    let (span, when) = (time::span(seconds), self.time_of_arrival());
                    let nbf = time::to_unix(self.attempt.at) + seconds;
                    let date = time::date(nbf.round());
                    self.fail(
                        &reason,
                        format!("not valid until {date} (`nbf`), {span} after {when}"),
                    );
                    let Some(then) = time::from_unix(nbf + 1.0) else {
                        return Ok(Some(step));
                    };
                    self.attempt.at = then;
                }
                VerifyError::UrlMismatch { ref expected, .. } => {
                    let why = self.other_url(&ring, expected);
                    self.fail(&reason, why);
                    self.attempt.endpoint = Endpoint::default();
                }
                VerifyError::MalformedToken { .. } => {
                    let found = self.other_token(&ring)?;
                    self.fail(&reason, found.unwrap_or(why));
                    return Ok(Some(step));
                }
                _ => {
                    self.fail(&reason, why);
                    return Ok(Some(step));
                }
            }
        }
    }

    pub(super) fn authenticate(
        &self,
        ring: &KeyRing,
        signature: &str,
    ) -> Result<Result<PendingDelivery, VerifyError>, Failure> {
        let verdict = self.attempt.authenticate(ring, Some(signature));
        verdict.map_err(Failure::new)
    }

    pub(super) fn fail(&mut self, reason: &VerifyError, why: String) {
        self.failed.push(Failed {
            step: Step::of(reason),
            code: reason.code(),
            why,
        });
    }

    pub(super) fn has_failed(&self, step: Step) -> bool {
        self.failed.iter().any(|failed| failed.step == step)
    }

    fn time_of_arrival(&self) -> &'static str {
        if self.options.at.is_some() {
            "--at"
        } else {
            "now"
        }
    }

    /// Returns a claim of the token for display, verified or not.
    pub(super) fn claim(&self, name: &str) -> Option<String> {
        match payload(self.signature)?.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(time::date(number.as_f64()?)),
            _ => None,
        }
    }
}

fn does_not_start(error: &ConfigError) -> String {
    format!(
        "a service with these variables does not start: {error}; or give the keys with \
         --current-key and --next-key"
    )
}

/// Decodes the claims of a token without verification.
fn payload(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
