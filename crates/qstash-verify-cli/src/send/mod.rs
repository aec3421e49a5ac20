//! Sends a delivery as QStash would, and delivers it again as QStash would.

mod client;
mod corrupt;
mod retry;

use std::io::Write as _;
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use qstash_verify::testing::Delivery;
use qstash_verify::{CHALLENGE, KeyRing, KeySource, Region, variables};
use serde_json::Value;

use crate::body::Body;
use crate::environment::Environment;
use crate::keys::KeyOptions;
use crate::output::{self, ASIDE, BAD, Failure, GOOD, Line, ODD, Outcome, Verdict, count, styled};
use crate::sign::{Message, MessageOptions, signed_with};
use crate::time;

use client::in_words;
pub(crate) use client::{HttpClient, for_url, no_answer, parse_url};
use corrupt::Corrupt;
use retry::{Next, Why};

/// Send a delivery as QStash would, and show the answer
#[derive(Args, Debug)]
#[command(after_help = "\
The exit status is 0 if the answer is 2xx; with --corrupt, if the delivery is refused.

Examples:
  One delivery:
    qstash-verify send http://127.0.0.1:3000/webhook --data '{\"id\":7}'
  To a service behind a proxy, which compares the URL:
    qstash-verify send http://127.0.0.1:3000/webhook --url https://api.example.com/webhook \\
        --body order.json
  With QStash's retries, a thousand times as fast:
    qstash-verify send http://127.0.0.1:3000/webhook --data '{\"id\":7}' --retries 3 --fast
  Does the service accept both regions, while I migrate?
    qstash-verify send https://api.example.com/webhook --data ping --both-regions
  Does it refuse what it must?
    qstash-verify send https://api.example.com/webhook --data ping --corrupt body")]
pub(crate) struct Options {
    /// Where to send it
    #[arg(value_name = "URL", value_parser = Target::parse)]
    target: Target,
    /// The URL that it was published to, if that is another: the claim `sub`
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    body: Body,
    #[command(flatten)]
    message: MessageOptions,
    /// Deliver it again so often, until the answer is 2xx: after
    /// min(86400, e^(2.5 n)) seconds, or what Retry-After asks for; a 489 with
    /// Upstash-NonRetryable-Error ends it
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    retries: u32,
    /// Wait a thousandth of that, and a second at most
    #[arg(long, requires = "retries")]
    fast: bool,
    /// Send one from each region: the test of a migration
    #[arg(long, conflicts_with = "region")]
    both_regions: bool,
    /// Send one that must be refused
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["retries", "both_regions"])]
    corrupt: Option<Corrupt>,
    /// How long to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = time::parse_seconds)]
    timeout: Duration,
    #[command(flatten)]
    keys: KeyOptions,
}

/// Where to send: as it was written, which is what QStash signs, and parsed.
#[derive(Clone, Debug)]
struct Target {
    text: String,
    uri: Uri,
}

impl Target {
    fn parse(text: &str) -> Result<Self, String> {
        let uri = parse_url(text)?;
        let text = text.to_owned();
        Ok(Target { text, uri })
    }
}

pub(crate) fn run(options: &Options) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(send(options))
}

async fn send(options: &Options) -> Outcome {
    let keys = options.keys.read()?;
    let ring = keys.ring_or_development()?;
    let sender = Sender {
        options,
        client: for_url(&options.target.uri)?,
        ring: &ring,
    };
    let body = options.body.read()?.unwrap_or_default();
    let published = options.url.as_ref().unwrap_or(&options.target.text);
    let mut message = options
        .message
        .message(published, body, &keys.environment)?;
    if options.both_regions {
        let mut verdict = Verdict::Good;
        require_both(&ring, &keys.environment)?;
        for region in Region::ALL {
            message.region = *region;
            message.id = options.message.id();
            if sender.deliver(&message).await? == Verdict::Finding {
                verdict = Verdict::Finding;
            }
        }
        return Ok(verdict);
    }
    note_borrowed(&ring, message.region);
    match options.corrupt {
        Some(corrupt) => sender.deliver_corrupt(&message, corrupt).await,
        None => sender.deliver(&message).await,
    }
}

/// A delivery that another region's key signs would prove nothing.
fn require_both(ring: &KeyRing, environment: &Environment) -> Result<(), Failure> {
    let own = |region: &Region| ring.source(Some(*region)) == Some(KeySource::Region);
    if Region::ALL.iter().all(own) {
        return Ok(());
    }
    let keys = Region::ALL
        .iter()
        .flat_map(|region| variables::signing_keys(Some(*region)));
    let missing: Vec<_> = std::iter::once(variables::REGION)
        .chain(keys)
        .filter(|name| environment.set(name).is_none())
        .collect();
    let missing = match missing.as_slice() {
        [] => "others are in their place here".to_owned(),
        missing => format!("not set here: {}", missing.join(", ")),
    };
    Err(Failure::new(format!(
        "--both-regions signs with the keys of each region; {missing}"
    )))
}

fn note_borrowed(ring: &KeyRing, region: Region) {
    let source = |region: &Region| ring.source(Some(*region));
    let regional = |region: &Region| source(region) == Some(KeySource::Region);
    if !regional(&region) && Region::ALL.iter().any(regional) {
        output::note(format_args!(
            "there are no keys of {region}: signed with the default pair, which QStash does only \
             if those are its keys"
        ));
    }
}

struct Sender<'a> {
    options: &'a Options,
    client: HttpClient,
    ring: &'a KeyRing,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// Whether a verifier answers so. Other SDKs' receivers answer 403.
    fn is_refusal(&self) -> bool {
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&self.status)
    }

    /// Whether it is a verifier of this project that refuses.
    fn is_ours(&self) -> bool {
        let challenge = self.headers.get(WWW_AUTHENTICATE);
        challenge.is_some_and(|challenge| challenge == CHALLENGE)
    }

    /// The code in its body, if there is one.
    fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get("error")?.as_str()?.to_owned())
    }
}

impl Sender<'_> {
    /// Delivers a message, as often as QStash would.
    async fn deliver(&self, message: &Message) -> Outcome {
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
                writeln!(anstream::stdout(), "{}", styled(ODD, hint))?;
            }
            let next = retry::next(
                answer
                    .as_ref()
                    .map(|answer| (answer.status, &answer.headers)),
                retried.saturating_add(1),
                SystemTime::now(),
            );
            let (delay, why) = match next {
                Next::Done => return Ok(Verdict::Good),
                Next::GiveUp => {
                    let mut out = anstream::stdout();
                    writeln!(out, "no retry: the answer says that none will mend it")?;
                    return Ok(Verdict::Finding);
                }
                Next::Wait { delay, why } => (delay, why),
            };
            if retry < self.options.retries {
                self.wait(delay, why).await?;
            } else if retry > 0 {
                let text = "no retry is left: QStash moves it to the dead letter queue";
                writeln!(anstream::stdout(), "{text}")?;
            }
        }
        Ok(Verdict::Finding)
    }

    async fn wait(&self, delay: Duration, why: Why) -> Result<(), Failure> {
        let why = match why {
            Why::BackOff => "",
            Why::RetryAfter => ", as Retry-After asks",
            Why::Unusable => " (its Retry-After is none, or of more than a day)",
        };
        let span = time::span(delay.as_secs_f64());
        let mut out = anstream::stdout();
        let delay = if self.options.fast {
            let fast = (delay / 1000).min(Duration::from_secs(1));
            let shortened = time::span(fast.as_secs_f64());
            writeln!(out, "next attempt in {span}{why} ({shortened} with --fast)")?;
            fast
        } else {
            writeln!(out, "next attempt in {span}{why}")?;
            delay
        };
        tokio::time::sleep(delay).await;
        Ok(())
    }

    async fn deliver_corrupt(&self, message: &Message, corrupt: Corrupt) -> Outcome {
        let options = &self.options.message;
        let delivery = options.sign(message, options.retried, self.ring)?;
        let (delivery, body) = corrupt.apply(delivery, message.region);
        let remark = format!(", then made wrong: {corrupt}");
        let Some(answer) = self.attempt(message, &delivery, body, &remark).await? else {
            return Ok(Verdict::Finding);
        };
        let (verdict, lesson) = corrupt.judge(&answer);
        let style = match verdict {
            Verdict::Good => GOOD,
            Verdict::Finding => BAD,
        };
        writeln!(anstream::stdout(), "{}", styled(style, lesson))?;
        Ok(verdict)
    }

    /// What a refusal of a good delivery tells of the service.
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

    /// Sends a delivery once and shows the answer; `None` if there is none.
    async fn attempt(
        &self,
        message: &Message,
        delivery: &Delivery,
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
        let mut out = anstream::stdout();
        writeln!(
            out,
            "{method} {}: {} from {}, signed with {}{remark}",
            self.options.target.text,
            count(length, "byte"),
            message.region,
            signed_with(self.ring, message.region, self.options.message.slot()),
        )?;

        let begun = Instant::now();
        let answer = tokio::time::timeout(self.options.timeout, self.ask(request)).await;
        let took = time::span(begun.elapsed().as_secs_f64());
        match answer {
            Ok(Ok(answer)) => {
                let style = match answer.status {
                    status if status.is_success() => GOOD,
                    status if status.is_server_error() => ODD,
                    _ => BAD,
                };
                let status = in_short(answer.status);
                writeln!(out, "{} after {took}", styled(style, status))?;
                for line in String::from_utf8_lossy(&answer.body).lines() {
                    writeln!(out, "{}", Line(line))?;
                }
                if answer.body.len() == ENOUGH {
                    writeln!(out, "{}", styled(ASIDE, "… (no more of it was read)"))?;
                }
                Ok(Some(answer))
            }
            Ok(Err(reason)) => {
                writeln!(
                    out,
                    "{} after {took}: {}",
                    styled(BAD, "no answer"),
                    Line(&reason)
                )?;
                Ok(None)
            }
            Err(_elapsed) => {
                writeln!(
                    out,
                    "{} after {took}: that is --timeout",
                    styled(BAD, "no answer")
                )?;
                Ok(None)
            }
        }
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let answer = self.client.request(request).await;
        let (parts, body) = answer.map_err(|error| no_answer(&error))?.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: beginning(body).await.map_err(|error| in_words(&error))?,
        })
    }
}

/// A status code and, if it has one, its name.
fn in_short(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// As much of an answer as anyone wants to see.
const ENOUGH: usize = 64 * 1024;

async fn beginning(mut body: Incoming) -> Result<Vec<u8>, hyper::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < ENOUGH
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    bytes.truncate(ENOUGH);
    Ok(bytes)
}
