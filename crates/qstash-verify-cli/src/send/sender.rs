//! Delivery of a message, with retries.

use std::time::{Duration, Instant, SystemTime};

use http::Request;
use http_body_util::Full;
use qstash_verify::KeyRing;
use qstash_verify::signing::SignedDelivery;

use super::answer::Answer;
use super::client::HttpClient;
use super::corrupt::Corrupt;
use super::options::Options;
use super::report::{Attempt, Conclusion, Next, NoAnswer, Reporter};
use super::retry::{self, NextStep};
use crate::message::{Message, signed_with};
use crate::output::{Failure, Outcome, Verdict};

pub(super) struct Sender<'a> {
    pub(super) options: &'a Options,
    pub(super) client: HttpClient,
    pub(super) ring: &'a KeyRing,
    /// Whether the ring holds published keys for lack of others.
    pub(super) is_without_keys: bool,
    pub(super) reporter: Reporter,
}

impl Sender<'_> {
    /// Delivers a message, with QStash's retries.
    pub(super) async fn deliver(&self, message: &Message) -> Outcome {
        let first = self.options.message.retried;
        for retry in 0..=self.options.retries {
            let retried = first.saturating_add(retry);
            let delivery = self.options.message.sign(message, retried, self.ring)?;
            let body = delivery.body().to_vec();
            let attempt = self.describe(message, &body, retry, None);
            let (answer, took) = self.attempt(&attempt, &delivery, body).await?;
            let next = retry::next(
                answer
                    .as_ref()
                    .ok()
                    .map(|answer| (answer.status, &answer.headers)),
                retried.saturating_add(1),
                SystemTime::now(),
            );
            let next = match next {
                NextStep::Done => Next::Done,
                NextStep::GiveUp => Next::Never,
                NextStep::Wait { .. } if retry == self.options.retries => {
                    Next::Exhausted { retried: retry > 0 }
                }
                NextStep::Wait { delay, source } => Next::Wait {
                    delay,
                    source,
                    shortened: self.options.fast.then(|| shortened(delay)),
                },
            };
            let conclusion = Conclusion {
                ok: matches!(next, Next::Done),
                verdict: None,
                hint: answer.as_ref().ok().and_then(|answer| self.hint(answer)),
                next,
            };
            self.reporter.end(&attempt, &answer, took, &conclusion)?;
            match next {
                Next::Done => return Ok(Verdict::Good),
                Next::Never | Next::Exhausted { .. } => return Ok(Verdict::Bad),
                Next::Wait {
                    delay, shortened, ..
                } => tokio::time::sleep(shortened.unwrap_or(delay)).await,
            }
        }
        Ok(Verdict::Bad)
    }

    pub(super) async fn deliver_corrupt(&self, message: &Message, corrupt: Corrupt) -> Outcome {
        let options = &self.options.message;
        let delivery = options.sign(message, options.retried, self.ring)?;
        let (delivery, body) = corrupt.apply(delivery, message.region);
        let attempt = self.describe(message, &body, 0, Some(corrupt));
        let (answer, took) = self.attempt(&attempt, &delivery, body).await?;
        let (verdict, fault) = match &answer {
            Ok(answer) => {
                let (verdict, fault) = corrupt.judge(answer);
                (verdict, Some(fault))
            }
            Err(_) => (Verdict::Bad, None),
        };
        let conclusion = Conclusion {
            ok: verdict == Verdict::Good,
            verdict: fault,
            hint: None,
            next: Next::Done,
        };
        self.reporter.end(&attempt, &answer, took, &conclusion)?;
        Ok(verdict)
    }

    /// Suggests the cause of a refusal of a genuine delivery.
    fn hint(&self, answer: &Answer) -> Option<&'static str> {
        if !answer.is_ours() {
            return None;
        }
        Some(match answer.code()?.as_str() {
            "bad_signature" if self.is_without_keys => {
                "the service has keys of its own, and none are set here: run this in the \
                 directory of its .env, or name that with --env-file"
            }
            "bad_signature" => {
                "the service has other keys for this region: compare `qstash-verify check` on both \
                 sides"
            }
            "no_signing_keys" => {
                "the service has no keys for this region: choose another with --region"
            }
            "url_mismatch" if self.options.url.is_some() => {
                "the service expects another URL than that of --url"
            }
            "url_mismatch" => "the service expects another URL: give it with --url",
            "expired" | "not_yet_valid" if !self.options.message.is_timed() => {
                "the clocks of this machine and of the service differ"
            }
            "body_mismatch" => "something before the verifier changes the body",
            "missing_signature" => {
                "something before the verifier drops the header upstash-signature"
            }
            _ => return None,
        })
    }

    fn describe<'a>(
        &'a self,
        message: &'a Message,
        body: &[u8],
        retry: u32,
        corrupt: Option<Corrupt>,
    ) -> Attempt<'a> {
        let options = &self.options.message;
        Attempt {
            method: options.method.as_str(),
            url: &self.options.target.text,
            length: body.len(),
            region: message.region.as_str(),
            signed_with: signed_with(self.ring, message.region, options.slot()),
            key: options.slot().as_str(),
            message_id: &message.id,
            retried: options.retried.saturating_add(retry),
            retry,
            corrupt,
        }
    }

    /// Sends a delivery once. Also returns the duration.
    async fn attempt(
        &self,
        attempt: &Attempt<'_>,
        delivery: &SignedDelivery,
        body: Vec<u8>,
    ) -> Result<(Result<Answer, NoAnswer>, Duration), Failure> {
        let mut request = Request::builder()
            .method(attempt.method)
            .uri(&self.options.target.uri);
        for (name, value) in delivery.headers() {
            request = request.header(name, value);
        }
        let request = request
            .body(Full::from(body))
            .map_err(|error| Failure::new(format!("the request is invalid: {error}")))?;
        self.reporter.start(attempt)?;
        let begun = Instant::now();
        let answer = Answer::to(request, &self.client);
        let answer = match tokio::time::timeout(self.options.timeout, answer).await {
            Ok(answer) => answer.map_err(NoAnswer::Failed),
            Err(_elapsed) => Err(NoAnswer::Timeout),
        };
        Ok((answer, begun.elapsed()))
    }
}

/// Returns the delay with `--fast`.
fn shortened(delay: Duration) -> Duration {
    (delay / 1000).min(Duration::from_secs(1))
}
