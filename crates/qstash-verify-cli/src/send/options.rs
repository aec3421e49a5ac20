//! The options of `send`.

use std::time::Duration;

use clap::Args;

use super::corrupt::Corrupt;
use crate::body::Body;
use crate::keys::KeyOptions;
use crate::message::MessageOptions;
use crate::time;
use crate::url::{self, Target};

/// Send a delivery as QStash would, and show the answer
#[derive(Args, Debug)]
#[command(after_help = "\
The exit status is 0 if the answer is 2xx; with --corrupt, if the delivery is refused.

--json prints for each attempt: ok, url, method, region, key, message_id, retried,
corrupt, bytes, seconds; status, headers (each a list of values), the first 64 KiB as
body or, if that is not UTF-8, as body_base64, and body_is_cut (null without an answer);
error (timeout or no_answer), message, hint, and next_attempt_in (seconds).

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
    /// Where to send it; http:// may be left out for a loopback host, such as in
    /// localhost:3000/webhook
    #[arg(value_name = "URL", value_parser = Target::parse)]
    pub(super) target: Target,
    /// The URL that it was published to, if that is another: the claim `sub`
    #[arg(long, value_parser = url::published)]
    pub(super) url: Option<String>,
    #[command(flatten)]
    pub(super) body: Body,
    #[command(flatten)]
    pub(super) message: MessageOptions,
    /// Deliver it again so often, until the answer is 2xx: after
    /// min(86400, e^(2.5 n)) seconds, or what Retry-After asks for; a 489 with
    /// Upstash-NonRetryable-Error ends it
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(super) retries: u32,
    /// Wait a thousandth of that, and a second at most
    #[arg(long, requires = "retries")]
    pub(super) fast: bool,
    /// Send one from each region: the test of a migration
    #[arg(long, conflicts_with = "region")]
    pub(super) both_regions: bool,
    /// Send one that must be refused
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["retries", "both_regions"])]
    pub(super) corrupt: Option<Corrupt>,
    /// Show the status line and the headers of the answer
    #[arg(long, short)]
    pub(super) include: bool,
    /// Print one line of JSON for each attempt
    #[arg(long)]
    pub(super) json: bool,
    /// How long to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = time::parse_seconds)]
    pub(super) timeout: Duration,
    #[command(flatten)]
    pub(super) keys: KeyOptions,
}
