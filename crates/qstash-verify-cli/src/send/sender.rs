//! Delivers a message, shows the answers, and retries.

use std::time::{Duration, Instant, SystemTime};

use http::Request;
use http_body_util::Full;
use qstash_verify::KeyRing;
use qstash_verify::signing::SignedDelivery;

use super::answer::{Answer, status_text};
use super::client::HttpClient;
use super::corrupt::Corrupt;
use super::options::Options;
use super::retry::{self, DelaySource, NextStep};
use crate::message::{Message, signed_with};
use crate::output::{self, ASIDE, BAD, Failure, GOOD, Line, ODD, Outcome, Verdict, count, styled};
use crate::time;

pub(super) struct Sender<'a> {
    pub(super) options: &'a Options,
    pub(super) client: HttpClient,
    pub(super) ring: &'a KeyRing,
}

impl Sender<'_> {
    /// Delivers a message, with the retries of QStash.
    pub(super) async fn deliver(&self, message: &Message) -> Outcome {
        let first = self.options.message.retried;
        for retry in 0..=self.options.retries {
            let retried = first.saturating_add(retry);
            let delivery = self.options.message.sign(message, retried, self.ring)?;
            let body = delivery.body().to_vec();
            let remark = match retry {
                0 => String::new(),
                retry => format!(", retry {retry}"),
            };
            let answer = self.attempt(message, &delivery, body, &remark).await?;
            if let Some(hint) = answer.as_ref().and_then(|answer| self.hint(answer)) {
                output::print(format_args!("{}\n", styled(ODD, hint)))?;
            }
            let next = retry::next(
                answer
                    .as_ref()
                    .map(|answer| (answer.status, &answer.headers)),
                retried.saturating_add(1),
                SystemTime::now(),
            );
            let (delay, source) = match next {
                NextStep::Done => return Ok(Verdict::Good),
                NextStep::GiveUp => {
                    output::print("no retry: the answer says that none will mend it\n")?;
                    return Ok(Verdict::Bad);
                }
                NextStep::Wait { delay, source } => (delay, source),
            };
            if retry < self.options.retries {
                self.wait(delay, source).await?;
            } else if retry > 0 {
                output::print("no retry is left: QStash moves it to the dead letter queue\n")?;
            }
        }
        Ok(Verdict::Bad)
    }

    async fn wait(&self, delay: Duration, source: DelaySource) -> Result<(), Failure> {
        let why = match source {
            DelaySource::BackOff => "",
            DelaySource::RetryAfter => ", as Retry-After asks",
            DelaySource::InvalidRetryAfter => " (its Retry-After is none, or of more than a day)",
        };
        let span = time::span(delay.as_secs_f64());
        let delay = if self.options.fast {
            let fast = (delay / 1000).min(Duration::from_secs(1));
            let shortened = time::span(fast.as_secs_f64());
            output::print(format_args!(
                "next attempt in {span}{why} ({shortened} with --fast)\n"
            ))?;
            fast
        } else {
            output::print(format_args!("next attempt in {span}{why}\n"))?;
            delay
        };
        tokio::time::sleep(delay).await;
        Ok(())
    }

    pub(super) async fn deliver_corrupt(&self, message: &Message, corrupt: Corrupt) -> Outcome {
        let options = &self.options.message;
        let delivery = options.sign(message, options.retried, self.ring)?;
        let (delivery, body) = corrupt.apply(delivery, message.region);
        let remark = format!(", then made wrong: {corrupt}");
        let Some(answer) = self.attempt(message, &delivery, body, &remark).await? else {
            return Ok(Verdict::Bad);
        };
        let (verdict, lesson) = corrupt.judge(&answer);
        let style = match verdict {
            Verdict::Good => GOOD,
            Verdict::Bad => BAD,
        };
        output::print(format_args!("{}\n", styled(style, lesson)))?;
        Ok(verdict)
    }

    /// Suggests the cause of a refusal of a genuine delivery.
    fn hint(&self, answer: &Answer) -> Option<&'static str> {
        if !answer.is_ours() {
            return None;
        }
        Some(match answer.code()?.as_str() {
            "bad_signature" => {
                "the service has other keys than these, or this region's are others there: compare \
                 `qstash-verify check` here and there"
            }
            "no_signing_keys" => "the service has no keys for this region: --region names another",
            "url_mismatch" if self.options.url.is_some() => {
                "the service goes by another URL than --url names"
            }
            "url_mismatch" => "the service goes by another URL: give it with --url",
            "expired" | "not_yet_valid" if !self.options.message.is_timed() => {
                "the clocks of this machine and of the service differ"
            }
            "body_mismatch" => "something between here and the verifier changes the body",
            "missing_signature" => "something on the way drops the header upstash-signature",
            _ => return None,
        })
    }

    /// Sends a delivery once and shows the answer; `None` if there was none.
    async fn attempt(
        &self,
        message: &Message,
        delivery: &SignedDelivery,
        body: Vec<u8>,
        remark: &str,
    ) -> Result<Option<Answer>, Failure> {
        let method = &self.options.message.method;
        let mut request = Request::builder()
            .method(method)
            .uri(&self.options.target.uri);
        for (name, value) in delivery.headers() {
            request = request.header(name, value);
        }
        let length = body.len();
        let request = request
            .body(Full::from(body))
            .map_err(|error| Failure::new(format!("this can't be sent: {error}")))?;
        output::print(format_args!(
            "{method} {}: {} from {}, signed with {}{remark}\n",
            self.options.target.text,
            count(length, "byte"),
            message.region,
            signed_with(self.ring, message.region, self.options.message.slot()),
        ))?;

        let begun = Instant::now();
        let answer =
            tokio::time::timeout(self.options.timeout, Answer::to(request, &self.client)).await;
        let took = time::span(begun.elapsed().as_secs_f64());
        match answer {
            Ok(Ok(answer)) => {
                let style = match answer.status {
                    status if status.is_success() => GOOD,
                    status if status.is_server_error() => ODD,
                    _ => BAD,
                };
                let status = status_text(answer.status);
                output::print(format_args!("{} after {took}\n", styled(style, status)))?;
                for line in String::from_utf8_lossy(&answer.body).lines() {
                    output::print(format_args!("{}\n", Line(line)))?;
                }
                if answer.is_cut() {
                    output::print(format_args!(
                        "{}\n",
                        styled(ASIDE, "… (no more of it was read)")
                    ))?;
                }
                Ok(Some(answer))
            }
            Ok(Err(reason)) => {
                output::print(format_args!(
                    "{} after {took}: {}\n",
                    styled(BAD, "no answer"),
                    Line(&reason)
                ))?;
                Ok(None)
            }
            Err(_elapsed) => {
                output::print(format_args!(
                    "{} after {took}: that is --timeout\n",
                    styled(BAD, "no answer")
                ))?;
                Ok(None)
            }
        }
    }
}
