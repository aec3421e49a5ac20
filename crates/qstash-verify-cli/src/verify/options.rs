//! The options of `verify`.

use std::time::{Duration, SystemTime};

use clap::Args;

use super::attempt::Endpoint;
use crate::body::Body;
use crate::keys::{KeyOptions, Secret};
use crate::time;
use crate::url;

/// Verify captured deliveries, and explain refusals
#[derive(Args, Debug)]
#[command(after_help = "\
To explain a refusal, it tries variants: other keys, a trailing newline, re-serialised \
JSON, a URL with or without its slash. With the settings of a service, the verdicts \
match the service's. If no keys are set, the published keys of the development server are \
used.

Examples:
  With the keys of the environment, at the time of its arrival:
    qstash-verify verify --signature \"$TOKEN\" --body body.json \\
        --region US-EAST-1 --url https://api.example.com/webhook --at 2026-07-11T18:26:00Z
  With the URL compared as by a service with `base_url`:
    qstash-verify verify --signature \"$TOKEN\" --data @body.json \\
        --base-url https://api.example.com --path '/webhook?from=qstash'
  With keys from files:
    qstash-verify verify --signature @token --body body.json --current-key @current
  A log of deliveries, as JSON Lines:
    qstash-verify verify --batch < deliveries.jsonl

--json prints ok, error (a code) and message (of the first step that fails, else null), \
region, key, source and claims (null unless ok), and steps: for each step its name, \
result (ok, warning, failed or unchecked), error and message.

--batch reads from standard input, in each line: signature (a string or null), body or \
body_base64, and if need be region, url, base_url with path, at (unix seconds), \
tolerance (seconds), env (variables to take the keys from), and id (any value, which is \
repeated in the output); other fields are ignored, and --region, --url, --base-url, \
--path, --at and --tolerance are the defaults. It writes
  {\"id\":…,\"ok\":true,\"region\":…,\"key\":…,\"source\":…,\"claims\":{…}} or
  {\"id\":…,\"ok\":false,\"error\":\"<code>\",\"message\":\"…\"}
for each, in the same order, and a summary to standard error. A line may be 72 MiB long, \
and each field but body and signature 64 KiB. The exit status is 1 if one is not ok.")]
pub(crate) struct Options {
    /// The value of the header upstash-signature; @FILE reads it from a file, @- from
    /// standard input
    #[arg(long, value_name = "TOKEN|@FILE", required_unless_present = "batch")]
    pub(super) signature: Option<Secret>,
    #[command(flatten)]
    pub(super) body: Body,
    /// The value of the header upstash-region
    #[arg(long)]
    pub(super) region: Option<String>,
    /// The URL that the endpoint is published to, `url` of its verifier; without it or
    /// --base-url, the claim `sub` isn't compared
    #[arg(long, value_parser = url::published)]
    pub(super) url: Vec<String>,
    /// The public URL in front of --path, `base_url` of the verifier
    #[arg(long, value_name = "URL", value_parser = url::base)]
    pub(super) base_url: Vec<String>,
    /// The path and query in the request line
    #[arg(long, value_name = "PATH", requires = "base_url", value_parser = url::path_and_query)]
    pub(super) path: Option<String>,
    /// The time of arrival: seconds since 1970, or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = time::parse)]
    pub(super) at: Option<SystemTime>,
    /// Tolerance for clocks that differ
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = time::parse_seconds)]
    pub(super) tolerance: Duration,
    /// Maximum length of a body, `body_limit` of the verifier [default: no limit]
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
