//! A line for each request, and the sum of them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use qstash_verify::{MessageMetadata, Region, Verified, VerifyError};

use crate::output::{self, ASIDE, BAD, GOOD, Line, ODD, Preview, Short, count, styled};

pub(crate) struct Journal {
    show_bodies: bool,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    accepted: usize,
    refused: BTreeMap<&'static str, usize>,
}

/// What became of a request.
pub(crate) struct Entry<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The one that the header names.
    pub(crate) region: Option<Region>,
    pub(crate) metadata: &'a MessageMetadata,
    /// The declared length.
    pub(crate) declared: Option<usize>,
    pub(crate) refused: Option<&'a VerifyError>,
    pub(crate) accepted: Option<(&'a Verified, &'a [u8])>,
    /// Why it could not be handed on.
    pub(crate) forwarded: Option<&'a str>,
    pub(crate) status: StatusCode,
}

impl Journal {
    pub(crate) fn new(show_bodies: bool) -> Self {
        Journal {
            show_bodies,
            counts: Mutex::default(),
        }
    }

    /// Whether anybody reads it or not.
    #[expect(clippy::unused_self, reason = "there is one place that prints")]
    pub(crate) fn say(&self, text: impl fmt::Display) {
        let _ = output::print(format_args!("{text}\n"));
    }

    pub(crate) fn write(&self, entry: &Entry<'_>) {
        {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            match entry.refused {
                Some(reason) => *counts.refused.entry(reason.code()).or_default() += 1,
                None => counts.accepted += 1,
            }
        }
        let body = match entry.accepted {
            Some((_, body)) if self.show_bodies && !body.is_empty() => {
                format!("\n  {}", Preview(body))
            }
            _ => String::new(),
        };
        self.say(format_args!("{entry}{body}"));
    }

    pub(crate) fn summary(&self) -> String {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let refused: usize = counts.refused.values().sum();
        let codes: Vec<_> = counts
            .refused
            .iter()
            .map(|(code, number)| format!("{code} {number}"))
            .collect();
        let why = if codes.is_empty() {
            String::new()
        } else {
            format!(" ({})", codes.join(", "))
        };
        let all = count(counts.accepted + refused, "request");
        format!(
            "{all}: {} accepted, {refused} refused{why}",
            counts.accepted
        )
    }
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.refused, self.forwarded) {
            (Some(_), _) => write!(f, "{}", styled(BAD, "refused "))?,
            (None, Some(_)) => write!(f, "{}", styled(ODD, "accepted"))?,
            (None, None) => write!(f, "{}", styled(GOOD, "accepted"))?,
        }
        write!(
            f,
            " {} {} {}",
            self.status.as_u16(),
            Short(self.method),
            Short(self.path)
        )?;
        if let Some(reason) = self.refused {
            write!(f, " {}: {reason}", styled(BAD, reason.code()))?;
        }
        let mut facts = Vec::new();
        match self.region {
            Some(region) => facts.push(format!("region {region}")),
            None if self.accepted.is_some() => facts.push("no region".to_owned()),
            None => {}
        }
        if let Some((verified, body)) = self.accepted {
            facts.push(format!(
                "{} key ({})",
                verified.key_slot(),
                verified.key_source()
            ));
            facts.extend(self.message());
            facts.push(count(body.len(), "byte"));
        } else {
            facts.extend(self.message());
            facts.extend(
                self.declared
                    .map(|length| format!("{} declared", count(length, "byte"))),
            );
        }
        if !facts.is_empty() {
            write!(
                f,
                " {}",
                styled(ASIDE, format_args!("[{}]", facts.join(", ")))
            )?;
        }
        match self.forwarded {
            Some(reason) => write!(f, " not handed on: {}", Line(reason)),
            None => Ok(()),
        }
    }
}

impl Entry<'_> {
    /// What the headers say of the message, which nobody signed.
    fn message(&self) -> Vec<String> {
        let id = self.metadata.message_id();
        let retried = self.metadata.retried();
        let id = id.map(|id| Short(id).to_string());
        id.into_iter()
            .chain(retried.map(|retried| format!("retried {retried}")))
            .collect()
    }
}
