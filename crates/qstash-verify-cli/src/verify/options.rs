//! The options of `verify`.

use std::time::{Duration, SystemTime};

use clap::Args;

use super::attempt::Endpoint;
use crate::body::Body;
use crate::keys::{KeyOptions, Secret};
use crate::time;
use crate::url;

/// Verify a captured delivery, and say what holds and what doesn't
#[derive(Args, Debug)]
#[command(after_help = "\
Where the cause of a refusal can be found by trying, it is: other keys, a trailing
newline, JSON that was written anew, a URL with or without its slash. With the settings
of a service the verdict is the service's. Where no keys are set, it takes the PUBLIC
ones of the development server, with which `sign` signs.

Examples:
  With the keys of the environment, at the time of its arrival:
    qstash-verify verify --signature \"$TOKEN\" --body body.json \\
        --region US-EAST-1 --url https://api.example.com/webhook --at 2026-07-11T18:26:00Z
  As a service with `base_url` compares the URL:
    qstash-verify verify --signature \"$TOKEN\" --data @body.json \\
        --base-url https://api.example.com --path '/webhook?from=qstash'
  With keys from files:
    qstash-verify verify --signature @token --body body.json --current-key @current
  Many, from a log of JSON Lines, to JSON Lines:
    qstash-verify verify --batch < deliveries.jsonl

--json prints ok, error (a code) and message (of the first step that fails, else null),
region, key, source and claims (null unless ok), and steps: for each step its name,
result (ok, warning, failed or unchecked), error and message.

--batch reads from standard input, in each line: signature (a string or null), body or
body_base64, and if need be region, url, base_url with path, at (unix seconds),
tolerance (seconds), env (variables to take the keys from), and id (any value, which the
answer has, too); other fields are ignored, and --region, --url, --base-url, --path,
--at and --tolerance are for lines that don't say. It writes
  {\"id\":…,\"ok\":true,\"region\":…,\"key\":…,\"source\":…,\"claims\":{…}} or
  {\"id\":…,\"ok\":false,\"error\":\"<code>\",\"message\":\"…\"}
for each, in the same order, and a summary to standard error. A line may be 72 MiB long,
and each field but body and signature 64 KiB. The exit status is 1 if one is not ok.")]
pub(crate) struct Options {
    /// The value of the header upstash-signature; @FILE reads it from a file, @-
    /// from standard input
    #[arg(long, value_name = "TOKEN|@FILE", required_unless_present = "batch")]
    pub(super) signature: Option<Secret>,
    #[command(flatten)]
    pub(super) body: Body,
    /// The value of the header upstash-region
    #[arg(long)]
    pub(super) region: Option<String>,
    /// The URL of the endpoint, as it is published to: `url` of the service; without
    /// it or --base-url, the one that the delivery was signed for isn't compared
    #[arg(long, value_parser = url::published)]
    pub(super) url: Vec<String>,
    /// The public URL in front of --path: `base_url` of the service
    #[arg(long, value_name = "URL", value_parser = url::base)]
    pub(super) base_url: Vec<String>,
    /// Path and query of the request, as its request line has them
    #[arg(long, value_name = "PATH", requires = "base_url", value_parser = url::path_and_query)]
    pub(super) path: Option<String>,
    /// When it arrived: seconds since 1970, or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = time::parse)]
    pub(super) at: Option<SystemTime>,
    /// How far the clocks may differ
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = time::parse_seconds)]
    pub(super) tolerance: Duration,
    /// The longest body that the service accepts [default: any]
    #[arg(long, value_name = "BYTES")]
    pub(super) body_limit: Option<u64>,
    /// Print one line of JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Read deliveries as JSON Lines from standard input
    #[arg(long, conflicts_with_all = ["signature", "body_source"])]
    pub(super) batch: bool,
    #[command(flatten)]
    pub(super) keys: KeyOptions,
}

impl Options {
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint {
            urls: self.url.clone(),
            base_urls: self.base_url.clone(),
            path: self.path.clone(),
        }
    }
}
