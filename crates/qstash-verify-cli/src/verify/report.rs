//! The report of `verify`: a line for each step.

use std::fmt;

use qstash_verify::{ConfigWarning, KeySlot, KeySource, Region};
use serde::Serialize;
use serde_json::value::RawValue;

use super::attempt::claims;
use super::explain::{Explanation, Step};
use crate::output::{self, ASIDE, BAD, Failure, GOOD, Line, ODD, Short, count, styled};

impl Explanation<'_> {
    /// Prints the report. Steps after `reached` were not verified.
    pub(super) fn report(&self, reached: Option<Step>) -> Result<(), Failure> {
        // One of the two is the line about the keys.
        let hidden = match self.has_failed(Step::Start) {
            true => Step::Keys,
            false => Step::Start,
        };
        let steps = Step::ALL.into_iter().filter(|step| *step != hidden);
        let steps: Vec<_> = steps.map(|step| self.step(step, reached)).collect();
        if self.options.json {
            return output::print_json(&self.json(steps));
        }
        for StepReport {
            step,
            result,
            message,
            ..
        } in steps
        {
            let (style, mark) = match result {
                "ok" => (GOOD, "ok  "),
                "warning" => (ODD, "warn"),
                "failed" => (BAD, "FAIL"),
                _ => (ASIDE, "-   "),
            };
            let (mark, message) = (styled(style, mark), Line(&message));
            output::print(format_args!("{mark} {step:<9} {message}\n"))?;
        }
        output::print(format_args!("{}\n", self.verdict()))
    }

    fn step(&self, step: Step, reached: Option<Step>) -> StepReport {
        let failed = self.failed.iter().find(|failed| failed.step == step);
        let (result, message) = match failed {
            Some(failed) => ("failed", failed.why.clone()),
            None if reached.is_some_and(|reached| step > reached) => {
                ("unchecked", self.unreached(step))
            }
            None if step == Step::Keys && self.takes_published_keys() => {
                ("warning", PUBLISHED.to_owned())
            }
            None if step == Step::Signature && self.slot == Some(KeySlot::Next) => {
                ("warning", ROLLED.to_owned())
            }
            None => ("ok", self.passed(step)),
        };
        StepReport {
            step: step.name(),
            result,
            error: failed.map(|failed| failed.code),
            message,
        }
    }

    fn json(&self, steps: Vec<StepReport>) -> impl Serialize {
        let failed = self.failed.first();
        let verified = self.verified.as_ref().filter(|_| failed.is_none());
        Report {
            ok: failed.is_none(),
            error: failed.map(|failed| failed.code),
            message: failed.map(|failed| failed.why.clone()),
            region: verified.and_then(|verified| Some(verified.region()?.as_str())),
            key: verified.map(|verified| verified.key_slot().as_str()),
            source: verified.map(|verified| verified.key_source().as_str()),
            claims: verified.and_then(|_| claims(self.signature)),
            steps,
        }
    }

    /// Describes a step that passed.
    fn passed(&self, step: Step) -> String {
        let claim =
            |name| Short(&self.claim(name).unwrap_or_else(|| "none".to_owned())).to_string();
        match step {
            Step::Start | Step::Keys => self.pair(),
            Step::Token => format!("HS256, {} characters", self.signature.len()),
            Step::Signature => match self.slot {
                Some(slot) => format!("made by the {slot} key"),
                None => "made by the key found".to_owned(),
            },
            Step::Claims => format!("iss Upstash, jti {}, iat {}", claim("jti"), claim("iat")),
            Step::Time => format!("valid until {}", claim("exp")),
            Step::Url if !self.options.endpoint().is_empty() => {
                format!("signed for {}", claim("sub"))
            }
            Step::Url => format!("signed for {}, not compared without --url", claim("sub")),
            Step::Body => format!("{}, as signed", count(self.body.len(), "byte")),
        }
    }

    /// Describes a step that was not reached, with the unverified claim.
    fn unreached(&self, step: Step) -> String {
        let says = |name: &str, text: &str| match self.claim(name) {
            Some(claim) => format!("not checked; the token says {text} {}", Short(&claim)),
            None => "not checked".to_owned(),
        };
        match step {
            Step::Claims => says("iat", "it was signed at"),
            Step::Time => says("exp", "it is valid until"),
            Step::Url => says("sub", "it is for"),
            _ => "not checked".to_owned(),
        }
    }

    /// Returns whether the keys in use are the development server's.
    fn takes_published_keys(&self) -> bool {
        let ring = self.keys.ring();
        self.not_set.is_some()
            || ring.is_ok_and(|ring| {
                let mut warnings = ring.warnings().iter();
                warnings.any(|warning| matches!(warning, ConfigWarning::DevelopmentKeys { .. }))
            })
    }

    /// Describes the pair in use.
    fn pair(&self) -> String {
        let region = self.options.region.as_deref();
        let known = region.and_then(|region| region.parse::<Region>().ok());
        let source = self
            .keys
            .ring()
            .ok()
            .and_then(|ring| ring.key_source(known));
        match (source, known) {
            (Some(KeySource::Region), Some(region)) => format!("the pair of {region}"),
            (Some(KeySource::Default), _) => "the default pair".to_owned(),
            _ => "the given keys".to_owned(),
        }
    }

    fn verdict(&self) -> impl fmt::Display {
        let Some((first, others)) = self.failed.split_first() else {
            return styled(GOOD, "genuine").to_string();
        };
        let mut text = styled(BAD, format_args!("refused: {}", first.code)).to_string();
        if !others.is_empty() {
            let codes: Vec<_> = others.iter().map(|failed| failed.code).collect();
            text.push_str(&format!("; also {}", codes.join(", ")));
        }
        text
    }
}

/// A report as JSON.
#[derive(Serialize)]
struct Report {
    ok: bool,
    error: Option<&'static str>,
    message: Option<String>,
    region: Option<&'static str>,
    key: Option<&'static str>,
    source: Option<&'static str>,
    claims: Option<Box<RawValue>>,
    steps: Vec<StepReport>,
}

#[derive(Serialize)]
struct StepReport {
    step: &'static str,
    result: &'static str,
    error: Option<&'static str>,
    message: String,
}

const PUBLISHED: &str = "published keys of the development server, with which anyone can sign: for development \
                      only";
const ROLLED: &str = "made by the next key: the keys were rolled; copy current and next from the \
                      QStash console before the next roll";
