//! `sign`: signs a delivery as QStash does, and prints it.

use std::collections::BTreeMap;

use clap::Args;
use http::Method;
use qstash_verify::signing::SignedDelivery;
use serde_json::Value;

use crate::body::Body;
use crate::keys::KeyOptions;
use crate::message::MessageOptions;
use crate::output::{self, Failure, JsonBody, Outcome, Verdict};
use crate::url;

/// Sign a delivery as QStash does, and print its headers
#[derive(Args, Debug)]
#[command(after_help = "\
The signing key is one that a service with these variables verifies with. If no keys \
are set, the published keys of the development server are used.

Examples:
  The headers:
    qstash-verify sign --url https://api.example.com/webhook --data '{\"id\":7}'
  A curl command for an expired delivery:
    qstash-verify sign --url http://127.0.0.1:3000/webhook --body order.json \\
        --expires-in -5 --curl
  A delivery from US-EAST-1 after a key roll:
    qstash-verify sign --url https://api.example.com/webhook --data hello \\
        --region US-EAST-1 --next")]
pub(crate) struct Options {
    /// The URL that the message was published to, the claim `sub`
    #[arg(long, value_parser = url::published)]
    url: String,
    #[command(flatten)]
    body: Body,
    #[command(flatten)]
    message: MessageOptions,
    /// Print a curl command
    #[arg(long, conflicts_with = "json")]
    curl: bool,
    /// Print one line of JSON: url, method, headers, and body or, if
    /// it is not UTF-8, body_base64
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keys: KeyOptions,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let keys = options.keys.read()?;
    let ring = keys.ring_or_development()?;
    let body = options.body.read()?.unwrap_or_default();
    let message = options
        .message
        .message(&options.url, body, &keys.environment)?;
    let delivery = options
        .message
        .sign(&message, options.message.retried, &ring)?;
    if options.json {
        output::print_json(&json(options, &delivery))?;
        return Ok(Verdict::Good);
    }
    let text = if options.curl {
        curl(options, &delivery)?
    } else {
        let headers = delivery.headers().into_iter();
        headers
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect()
    };
    output::print_bytes(text.as_bytes())?;
    Ok(Verdict::Good)
}

fn curl(options: &Options, delivery: &SignedDelivery) -> Result<String, Failure> {
    let method = &options.message.method;
    let (is_head, is_empty) = (*method == Method::HEAD, delivery.body().is_empty());
    let body = match options.body.file() {
        _ if is_head && is_empty => String::new(),
        _ if is_head => {
            return Err(Failure::new(
                "curl sends no body with HEAD: --curl -X HEAD; leave the body out, or use --json",
            ));
        }
        Some(path) => format!("--data-binary {}", quoted(&format!("@{}", path.display()))),
        None => match std::str::from_utf8(delivery.body()) {
            // `--data-raw` takes a leading `@` as it is.
            Ok(text)
                if text
                    .chars()
                    .all(|c| !c.is_control() || matches!(c, '\n' | '\t')) =>
            {
                format!("--data-raw {}", quoted(text))
            }
            _ => {
                return Err(Failure::new(
                    "the body has bytes that a command line can't hold: --curl; give it with \
                     --body FILE",
                ));
            }
        },
    };
    // A method may have characters that a shell interprets, such as `|`.
    let method = match method.as_str() {
        _ if is_head => "--head".to_owned(),
        name if name.bytes().all(|byte| byte.is_ascii_alphabetic()) => format!("-X {name}"),
        name => format!("-X {}", quoted(name)),
    };
    // Keep curl from rewriting brackets and dot segments in the URL.
    let url = quoted(&options.url);
    let mut text = format!("curl -i --globoff --path-as-is {method} {url}");
    for (name, value) in delivery.headers() {
        // The syntax of curl for a header without a value.
        let header = match value.as_str() {
            "" => format!("{name};"),
            value => format!("{name}: {value}"),
        };
        text.push_str(&format!(" \\\n  -H {}", quoted(&header)));
    }
    if !body.is_empty() {
        text.push_str(&format!(" \\\n  {body}"));
    }
    text.push('\n');
    Ok(text)
}

/// Quotes a word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn json(options: &Options, delivery: &SignedDelivery) -> Value {
    let headers: BTreeMap<_, _> = delivery.headers().into_iter().collect();
    let body = JsonBody::whole(delivery.body());
    serde_json::json!({
        "url": options.url,
        "method": options.message.method.as_str(),
        "headers": headers,
        "body": body.text,
        "body_base64": body.base64,
    })
}
