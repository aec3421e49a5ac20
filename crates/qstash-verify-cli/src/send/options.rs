//! The options of `send`.

use std::time::Duration;

use clap::Args;

use super::corrupt::Corrupt;
use crate::body::Body;
use crate::keys::KeyOptions;
use crate::message::MessageOptions;
use crate::time;
use crate::url::{self, Target};

/// Send a delivery as QStash does, and print the response
#[derive(Args, Debug)]
#[command(after_help = "\
The exit status is 0 if the response is 2xx; with --corrupt, if the delivery is refused.

--json prints for each attempt: ok, url, method, region, key, message_id, retried, \
corrupt, bytes, seconds; status, headers (each a list of values), the first 64 KiB as \
body or, if that is not UTF-8, as body_base64, and body_is_cut (null without a response); \
error (timeout or no_answer), message, hint, and next_attempt_in (seconds).

Examples:
  One delivery:
    qstash-verify send http://127.0.0.1:3000/webhook --data '{\"id\":7}'
  To a service behind a proxy that compares the URL:
    qstash-verify send http://127.0.0.1:3000/webhook --url https://api.example.com/webhook \\
        --body order.json
  With QStash's retries, a thousand times faster:
    qstash-verify send http://127.0.0.1:3000/webhook --data '{\"id\":7}' --retries 3 --fast
  From both regions, to test a migration:
    qstash-verify send https://api.example.com/webhook --data ping --both-regions
  A delivery that must be refused:
    qstash-verify send https://api.example.com/webhook --data ping --corrupt body")]
pub(crate) struct Options {
    /// The URL of the service; http:// is assumed for a loopback host, such as
    /// localhost:3000/webhook
    #[arg(value_name = "URL", value_parser = Target::parse)]
    pub(super) target: Target,
    /// The URL that the message was published to, the claim `sub` [default: the URL of
    /// the service]
    #[arg(long, value_parser = url::published)]
    pub(super) url: Option<String>,
    #[command(flatten)]
    pub(super) body: Body,
    #[command(flatten)]
    pub(super) message: MessageOptions,
    /// Maximum number of retries; retry n follows after min(86400, e^(2.5 n)) seconds,
    /// or as Retry-After says; a 489 with Upstash-NonRetryable-Error ends them
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(super) retries: u32,
    /// Divide the delay of each retry by 1000, to one second at most
    #[arg(long, requires = "retries")]
    pub(super) fast: bool,
    /// Send a delivery from each region, to test a migration
    #[arg(long, conflicts_with = "region")]
    pub(super) both_regions: bool,
    /// Send a delivery that must be refused
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["retries", "both_regions"])]
    pub(super) corrupt: Option<Corrupt>,
    /// Print the status line and the headers of the response
    #[arg(long, short)]
    pub(super) include: bool,
    /// Print one line of JSON for each attempt
    #[arg(long)]
    pub(super) json: bool,
    /// Time limit for the response
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = time::parse_seconds)]
    pub(super) timeout: Duration,
    #[command(flatten)]
    pub(super) keys: KeyOptions,
}
