//! Sends a delivery as QStash would, and delivers it again as QStash would.

mod answer;
mod client;
mod corrupt;
mod retry;
mod sender;

use std::time::Duration;

use clap::Args;
use http::Uri;
use qstash_verify::{KeyRing, KeySource, Region, variables};

use crate::body::Body;
use crate::environment::Environment;
use crate::keys::KeyOptions;
use crate::output::{self, Failure, Outcome, Verdict};
use crate::sign::MessageOptions;
use crate::time;

pub(crate) use client::{HttpClient, for_url, no_answer, parse_url};
use corrupt::Corrupt;
use sender::Sender;

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
