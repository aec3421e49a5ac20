//! The options of `verify`.

use std::time::{Duration, SystemTime};

use clap::Args;

use crate::body::Body;
use crate::keys::{KeyOptions, Secret};
use crate::time;

/// Verify a captured delivery, and say what holds and what doesn't
#[derive(Args, Debug)]
#[command(after_help = "\
Where the cause of a refusal can be found by trying, it is: other keys, a trailing
newline, JSON that was written anew, a URL with or without its slash.

Examples:
  With the keys of the environment, at the time of its arrival:
    qstash-verify verify --signature \"$TOKEN\" --body body.json \\
        --region US-EAST-1 --url https://api.example.com/webhook --at 2026-07-11T18:26:00Z
  With keys from files:
    qstash-verify verify --signature @token --body body.json --current-key @current
  Many, from a log of JSON Lines, to JSON Lines:
    qstash-verify verify --batch < deliveries.jsonl

--batch reads from standard input, in each line: signature (a string or null), body or
body_base64, and if need be region, url, at (unix seconds), tolerance (seconds), and
env (variables to take the keys from); other fields are ignored, and --region, --url,
--at and --tolerance are for lines that don't say. It writes
  {\"ok\":true,\"region\":…,\"key\":…,\"source\":…,\"claims\":{…}} or
  {\"ok\":false,\"error\":\"<code>\",\"message\":\"…\"}
for each, in the same order. The exit status is 1 if one is not ok.")]
pub(crate) struct Options {
    /// The value of the header upstash-signature; @FILE reads it from a file
    #[arg(long, value_name = "TOKEN|@FILE", required_unless_present = "batch")]
    pub(super) signature: Option<Secret>,
    #[command(flatten)]
    pub(super) body: Body,
    /// The value of the header upstash-region
    #[arg(long)]
    pub(super) region: Option<String>,
    /// The URL of the endpoint, as it is published to; without it, the one that
    /// the delivery was signed for isn't compared
    #[arg(long)]
    pub(super) url: Option<String>,
    /// When it arrived: seconds since 1970, or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = time::parse)]
    pub(super) at: Option<SystemTime>,
    /// How far the clocks may differ
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = time::parse_seconds)]
    pub(super) tolerance: Duration,
    /// Read deliveries as JSON Lines from standard input
    #[arg(long, conflicts_with_all = ["signature", "body_source"])]
    pub(super) batch: bool,
    #[command(flatten)]
    pub(super) keys: KeyOptions,
}
