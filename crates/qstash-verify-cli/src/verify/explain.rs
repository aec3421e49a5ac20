//! Says of one delivery, check by check, what holds and what doesn't.

use std::fmt;
use std::io::Write as _;
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use qstash_verify::{KeyRing, KeySlot, KeySource, PendingDelivery, Region, VerifyError};
use serde_json::Value;

use super::Options;
use super::attempt::{Attempt, finish};
use super::{bodies, keys};
use crate::keys::Keys;
use crate::output::{ASIDE, BAD, Failure, GOOD, Line, ODD, Outcome, Verdict, count, styled};
use crate::time;

/// The checks, in the order of the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Keys,
    Token,
    Signature,
    Claims,
    Time,
    Url,
    Body,
}

impl Step {
    const ALL: [Step; 7] = [
        Step::Keys,
        Step::Token,
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
            // Everything else is of the token's shape.
            _ => Step::Token,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Step::Keys => "keys",
            Step::Token => "token",
            Step::Signature => "signature",
            Step::Claims => "claims",
            Step::Time => "time",
            Step::Url => "url",
            Step::Body => "body",
        }
    }
}

/// A check that failed: the code of the refusal, and why in words.
struct Failed {
    step: Step,
    code: &'static str,
    why: String,
}

pub(super) fn run(options: &Options, keys: &Keys, signature: &str, body: &[u8]) -> Outcome {
    let attempt = Attempt {
        region: options.region.clone(),
        url: options.url.clone(),
        at: options.at.unwrap_or_else(SystemTime::now),
        tolerance: options.tolerance,
    };
    let mut inquiry = Inquiry {
        options,
        keys,
        signature,
        body,
        attempt,
        failed: Vec::new(),
        slot: None,
    };
    let reached = inquiry.go_through()?;
    inquiry.report(reached)?;
    Ok(Verdict::of(inquiry.failed.is_empty()))
}

struct Inquiry<'a> {
    options: &'a Options,
    keys: &'a Keys,
    signature: &'a str,
    body: &'a [u8],
    attempt: Attempt,
    failed: Vec<Failed>,
    slot: Option<KeySlot>,
}

impl Inquiry<'_> {
    /// Verifies, and after each refusal once more without its cause, so that one
    /// reason doesn't hide the others. Says how far that went: the step that
    /// could not be got over, if there is one.
    fn go_through(&mut self) -> Result<Option<Step>, Failure> {
        let mut ring = match self.keys.ring() {
            Ok(ring) => ring,
            Err(error) => {
                let why = format!(
                    "a service with these variables does not start: {error}; or give the keys with \
                     --current-key and --next-key"
                );
                let Some(ring) = self.other_keys("no_signing_keys", Step::Keys, why) else {
                    return Ok(Some(Step::Keys));
                };
                ring
            }
        };
        loop {
            let reason = match self.authenticate(&ring, self.signature)? {
                Ok(pending) => {
                    // Of a pair with one key to try, the slot says nothing.
                    if !self.has_failed(Step::Signature) && !self.has_failed(Step::Keys) {
                        self.slot = Some(pending.key());
                    }
                    match finish(pending.clone(), self.body) {
                        Ok(_) => return Ok(None),
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
                VerifyError::NoSigningKeys { .. } | VerifyError::BadSignature { .. } => {
                    match self.other_keys(reason.code(), step, why) {
                        Some(other) => ring = other,
                        None => return Ok(Some(step)),
                    }
                }
                VerifyError::Expired { seconds, .. } => {
                    let (span, when) = (time::span(seconds), self.when());
                    let exp = time::to_unix(self.attempt.at) - seconds;
                    let date = time::date(exp.round());
                    self.fail(&reason, format!("expired {span} before {when}, at {date}"));
                    let Some(before) = time::from_unix(exp - 1.0) else {
                        return Ok(Some(step));
                    };
                    self.attempt.at = before;
                }
                VerifyError::NotYetValid { seconds, .. } => {
                    let (span, when) = (time::span(seconds), self.when());
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
                VerifyError::UrlMismatch { .. } => {
                    let found = self.other_url(&ring)?;
                    self.fail(&reason, found.unwrap_or(why));
                    self.attempt.url = None;
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

    fn authenticate(
        &self,
        ring: &KeyRing,
        signature: &str,
    ) -> Result<Result<PendingDelivery, VerifyError>, Failure> {
        let verdict = self.attempt.authenticate(ring, Some(signature));
        verdict.map_err(Failure::new)
    }

    fn fail(&mut self, reason: &VerifyError, why: String) {
        self.failed.push(Failed {
            step: Step::of(reason),
            code: reason.code(),
            why,
        });
    }

    fn has_failed(&self, step: Step) -> bool {
        self.failed.iter().any(|failed| failed.step == step)
    }

    /// Notes that the keys that count did not make the signature, and looks for
    /// those that did.
    fn other_keys(&mut self, code: &'static str, step: Step, why: String) -> Option<KeyRing> {
        let found = keys::find(&self.attempt, self.signature, &self.keys.environment);
        let why = match &found {
            Some(found) if step == Step::Signature => found.what.clone(),
            Some(found) => format!("{why}; {}", found.what),
            None => why,
        };
        self.failed.push(Failed { step, code, why });
        found.map(|found| found.ring)
    }

    /// A URL that is nearly the given one, and the right one.
    fn other_url(&self, ring: &KeyRing) -> Result<Option<String>, Failure> {
        let Some(url) = &self.options.url else {
            return Ok(None);
        };
        let url = url.trim();
        let (path, query) = match url.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (url, String::new()),
        };
        let other_scheme = match url.split_once("://") {
            Some(("https", rest)) => format!("http://{rest}"),
            Some((_, rest)) => format!("https://{rest}"),
            None => return Ok(None),
        };
        let slashless = path.strip_suffix('/').map(|path| format!("{path}{query}"));
        let candidates = [
            ("without the `/` at its end", slashless),
            ("with a `/` at its end", Some(format!("{path}/{query}"))),
            ("with the other scheme", Some(other_scheme)),
            ("without its query", Some(path.to_owned())),
        ];
        for (what, candidate) in candidates {
            let attempt = Attempt {
                url: candidate,
                ..self.attempt.clone()
            };
            let verdict = attempt.authenticate(ring, Some(self.signature));
            let same = !matches!(
                verdict.map_err(Failure::new)?,
                Err(VerifyError::UrlMismatch { .. })
            );
            if attempt.url.is_some() && same {
                let sub = self.claim("sub").unwrap_or_default();
                return Ok(Some(format!(
                    "signed for {}, and --url is {}; {what}, it matches",
                    Line(&sub),
                    Line(url)
                )));
            }
        }
        Ok(None)
    }

    /// What was done to the body, as far as it can be found by undoing it.
    fn other_body(&self, pending: &PendingDelivery) -> String {
        let given = count(self.body.len(), "byte");
        let variants = bodies::variants(self.body).into_iter();
        let found = variants
            .filter(|(_, variant)| finish(pending.clone(), variant).is_ok())
            .map(|(what, _)| format!("{what}, it matches"))
            .next();
        let cause = found.unwrap_or_else(|| {
            "something before the verifier changes it, or it is not the body of this delivery"
                .to_owned()
        });
        format!(
            "body hash differs: the token has that of another body than the {given} given; {cause}"
        )
    }

    /// What stands around the token that doesn't belong there.
    fn other_token(&self, ring: &KeyRing) -> Result<Option<String>, Failure> {
        let bare = self.signature.trim();
        let word = bare.rsplit([' ', ':']).next().unwrap_or(bare);
        for (what, candidate) in [
            ("the white space around it", bare),
            ("the quotes around it", bare.trim_matches(['"', '\''])),
            ("what stands before it", word.trim_matches(['"', '\''])),
        ] {
            let verdict = self.authenticate(ring, candidate)?;
            if candidate != self.signature
                && !matches!(verdict, Err(VerifyError::MalformedToken { .. }))
            {
                return Ok(Some(format!(
                    "not a token as it stands; without {what}, it is one"
                )));
            }
        }
        Ok(None)
    }

    fn when(&self) -> &'static str {
        if self.options.at.is_some() {
            "--at"
        } else {
            "now"
        }
    }

    /// A claim of the token, whether or not anyone vouches for it, in words.
    fn claim(&self, name: &str) -> Option<String> {
        match payload(self.signature)?.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(time::date(number.as_f64()?)),
            _ => None,
        }
    }

    fn report(&self, reached: Option<Step>) -> Result<(), Failure> {
        let mut out = anstream::stdout();
        for step in Step::ALL {
            let failed = self.failed.iter().find(|failed| failed.step == step);
            let (mark, text) = match failed {
                Some(failed) => (styled(BAD, "FAIL").to_string(), failed.why.clone()),
                None if reached.is_some_and(|reached| step > reached) => {
                    (styled(ASIDE, "-   ").to_string(), self.unreached(step))
                }
                None if step == Step::Signature && self.slot == Some(KeySlot::Next) => {
                    (styled(ODD, "warn").to_string(), ROLLED.to_owned())
                }
                None => (styled(GOOD, "ok  ").to_string(), self.holds(step)),
            };
            writeln!(out, "{mark} {:<9} {text}", step.name())?;
        }
        writeln!(out, "{}", self.verdict())?;
        Ok(())
    }

    /// A check that held, in words.
    fn holds(&self, step: Step) -> String {
        let claim = |name| Line(&self.claim(name).unwrap_or_else(|| "none".to_owned())).to_string();
        match step {
            Step::Keys => self.pair(),
            Step::Token => format!("HS256, {} characters", self.signature.len()),
            Step::Signature => match self.slot {
                Some(slot) => format!("made by the {slot} key"),
                None => "made by the key that was found".to_owned(),
            },
            Step::Claims => format!("iss Upstash, jti {}, iat {}", claim("jti"), claim("iat")),
            Step::Time => format!("valid until {}", claim("exp")),
            Step::Url if self.options.url.is_some() => format!("signed for {}", claim("sub")),
            Step::Url => format!("signed for {}, not compared without --url", claim("sub")),
            Step::Body => format!("{}, as they were signed", count(self.body.len(), "byte")),
        }
    }

    /// A check that was not made, and what the token says, which may be a lie.
    fn unreached(&self, step: Step) -> String {
        let says = |name: &str, text: &str| match self.claim(name) {
            Some(claim) => format!("not checked; the token says {text} {}", Line(&claim)),
            None => "not checked".to_owned(),
        };
        match step {
            Step::Claims => says("iat", "it was signed at"),
            Step::Time => says("exp", "it is valid until"),
            Step::Url => says("sub", "it is for"),
            _ => "not checked".to_owned(),
        }
    }

    /// The keys that count.
    fn pair(&self) -> String {
        let region = self.options.region.as_deref();
        let known = region.and_then(|region| region.parse::<Region>().ok());
        let source = self.keys.ring().ok().and_then(|ring| ring.source(known));
        match (source, known) {
            (Some(KeySource::Region), Some(region)) => format!("the pair of {region}"),
            (Some(KeySource::Default), _) => "the default pair".to_owned(),
            _ => "those given".to_owned(),
        }
    }

    fn verdict(&self) -> impl fmt::Display {
        let Some((first, others)) = self.failed.split_first() else {
            return styled(GOOD, "genuine").to_string();
        };
        let mut text = styled(BAD, format_args!("refused: {}", first.code)).to_string();
        if !others.is_empty() {
            let codes: Vec<_> = others.iter().map(|failed| failed.code).collect();
            text.push_str(&format!(", and if not for that: {}", codes.join(", ")));
        }
        text
    }
}

const ROLLED: &str = "made by the next key: the keys were rolled; copy current and next anew, \
                      before the next roll";

/// The claims of a token as far as they can be read, genuine or not.
fn payload(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
