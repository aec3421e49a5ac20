//! The report of `send`, as text or JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::answer::{Answer, status_line, status_text};
use super::corrupt::Corrupt;
use super::retry::DelaySource;
use crate::output::{
    self, ASIDE, BAD, Failure, GOOD, JsonBody, Line, MAX_BODY, ODD, count, styled,
};
use crate::time;

/// An attempt to deliver a message.
pub(super) struct Attempt<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) length: usize,
    pub(super) region: &'static str,
    /// The description of the signing key.
    pub(super) signed_with: String,
    pub(super) key: &'static str,
    pub(super) message_id: &'a str,
    pub(super) retried: u32,
    /// Counted from 0, the first attempt.
    pub(super) retry: u32,
    pub(super) corrupt: Option<Corrupt>,
}

/// The reason for a missing answer.
pub(super) enum NoAnswer {
    Timeout,
    Failed(String),
}

/// The verdict on an attempt, and QStash's next step.
pub(super) struct Conclusion {
    pub(super) ok: bool,
    /// Printed in the style of a success or of a failure.
    pub(super) verdict: Option<String>,
    pub(super) hint: Option<&'static str>,
    pub(super) next: Next,
}

#[derive(Clone, Copy)]
pub(super) enum Next {
    Done,
    /// The response asks for no retry.
    Never,
    /// No retry is left, if there were any.
    Exhausted {
        retried: bool,
    },
    Wait {
        delay: Duration,
        source: DelaySource,
        /// With `--fast`.
        shortened: Option<Duration>,
    },
}

/// Prints the report, attempt by attempt.
pub(super) struct Reporter {
    pub(super) json: bool,
    /// Whether the head of a response is printed.
    pub(super) include: bool,
}

impl Reporter {
    pub(super) fn start(&self, attempt: &Attempt<'_>) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        let remark = match (attempt.corrupt, attempt.retry) {
            (Some(corrupt), _) => format!(", corrupted: {corrupt}"),
            (None, 0) => String::new(),
            (None, retry) => format!(", retry {retry}"),
        };
        output::print(format_args!(
            "{} {}: {} from {}, signed with {}{remark}\n",
            attempt.method,
            Line(attempt.url),
            count(attempt.length, "byte"),
            attempt.region,
            attempt.signed_with,
        ))
    }

    pub(super) fn end(
        &self,
        attempt: &Attempt<'_>,
        answer: &Result<Answer, NoAnswer>,
        took: Duration,
        conclusion: &Conclusion,
    ) -> Result<(), Failure> {
        if self.json {
            return output::print_json(&json(attempt, answer, took, conclusion));
        }
        self.answer(answer, took)?;
        if let Some(hint) = conclusion.hint {
            output::print(format_args!("{}\n", styled(ODD, hint)))?;
        }
        if let Some(verdict) = &conclusion.verdict {
            let style = if conclusion.ok { GOOD } else { BAD };
            output::print(format_args!("{}\n", styled(style, verdict)))?;
        }
        match conclusion.next {
            Next::Done | Next::Exhausted { retried: false } => Ok(()),
            Next::Never => {
                output::print("no retry: the response says that the failure is permanent\n")
            }
            Next::Exhausted { retried: true } => output::print(
                "no retries left: QStash moves the message to the dead letter queue\n",
            ),
            Next::Wait {
                delay,
                source,
                shortened,
            } => {
                let why = match source {
                    DelaySource::BackOff => "",
                    DelaySource::RetryAfter => ", as Retry-After asks",
                    DelaySource::InvalidRetryAfter => {
                        " (Retry-After is invalid, or longer than a day)"
                    }
                };
                let span = time::span(delay.as_secs_f64());
                let fast = match shortened {
                    Some(fast) => format!(" ({} with --fast)", time::span(fast.as_secs_f64())),
                    None => String::new(),
                };
                output::print(format_args!("next attempt in {span}{why}{fast}\n"))
            }
        }
    }

    fn answer(&self, answer: &Result<Answer, NoAnswer>, took: Duration) -> Result<(), Failure> {
        let took = time::span(took.as_secs_f64());
        let answer = match answer {
            Ok(answer) => answer,
            Err(reason) => {
                let reason = match reason {
                    NoAnswer::Timeout => "the limit of --timeout",
                    NoAnswer::Failed(reason) => reason,
                };
                let (what, reason) = (styled(BAD, "no response"), Line(reason));
                return output::print(format_args!("{what} after {took}: {reason}\n"));
            }
        };
        let style = match answer.status {
            status if status.is_success() => GOOD,
            status if status.is_server_error() => ODD,
            _ => BAD,
        };
        let status = status_text(answer.status);
        output::print(format_args!("{} after {took}\n", styled(style, status)))?;
        if self.include {
            output::print(format_args!("{}\n", Line(&status_line(answer))))?;
            for (name, value) in &answer.headers {
                let value = String::from_utf8_lossy(value.as_bytes());
                output::print(format_args!("{name}: {}\n", Line(&value)))?;
            }
            output::print("\n")?;
        }
        let shown = output::beginning(&answer.body, MAX_BODY);
        for line in String::from_utf8_lossy(shown).lines() {
            output::print(format_args!("{}\n", Line(line)))?;
        }
        if shown.len() < answer.body.len() {
            let cut = styled(ASIDE, "… (cut at 64 KiB)");
            output::print(format_args!("{cut}\n"))?;
        }
        Ok(())
    }
}

fn json(
    attempt: &Attempt<'_>,
    answer: &Result<Answer, NoAnswer>,
    took: Duration,
    conclusion: &Conclusion,
) -> impl Serialize {
    let received = answer.as_ref().ok();
    let headers = received.map(|answer| {
        let mut headers: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (name, value) in &answer.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.as_str()).or_default().push(value);
        }
        headers
    });
    let body = received.map(|answer| JsonBody::beginning(&answer.body));
    let is_cut = body.as_ref().map(|body| body.is_cut);
    let body = body.unwrap_or_default();
    let (error, message) = match answer {
        Ok(_) => (None, None),
        Err(NoAnswer::Timeout) => (Some("timeout"), None),
        Err(NoAnswer::Failed(reason)) => (Some("no_answer"), Some(reason.as_str())),
    };
    let wait = match conclusion.next {
        Next::Wait { delay, .. } => Some(delay.as_secs_f64()),
        _ => None,
    };
    serde_json::json!({
        "ok": conclusion.ok,
        "url": attempt.url,
        "method": attempt.method,
        "region": attempt.region,
        "key": attempt.key,
        "message_id": attempt.message_id,
        "retried": attempt.retried,
        "corrupt": attempt.corrupt.map(|corrupt| corrupt.to_string()),
        "bytes": attempt.length,
        "seconds": took.as_secs_f64(),
        "status": received.map(|answer| answer.status.as_u16()),
        "headers": headers,
        "body": body.text,
        "body_base64": body.base64,
        "body_is_cut": is_cut,
        "error": error,
        "message": message.or(conclusion.verdict.as_deref()),
        "hint": conclusion.hint,
        "next_attempt_in": wait,
    })
}
