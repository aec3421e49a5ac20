//! Signs a delivery as QStash does, and prints it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use http::{HeaderName, HeaderValue, Method};
use qstash_verify::testing::Delivery;
use qstash_verify::{KeyRing, KeySlot, KeySource, Region, SigningKeys, Verifier};

use crate::body::Body;
use crate::environment::Environment;
use crate::keys::KeyOptions;
use crate::output::{self, Failure, Outcome, Verdict};
use crate::time;

/// Sign a delivery as QStash does, and print its headers
#[derive(Args, Debug)]
#[command(after_help = "\
It signs with the key with which a service in this environment would verify the
delivery, or, where no keys are set, with the PUBLIC ones of the development server.

Examples:
  The headers:
    qstash-verify sign --url https://api.example.com/webhook --data '{\"id\":7}'
  A command line for curl, of a delivery that is too old:
    qstash-verify sign --url http://127.0.0.1:3000/webhook --body order.json \\
        --expires-in -5 --curl
  As US sends it after its keys were rolled:
    qstash-verify sign --url https://api.example.com/webhook --data hello \\
        --region US-EAST-1 --next")]
pub(crate) struct Options {
    /// The URL that the message was published to: the claim `sub`
    #[arg(long)]
    url: String,
    #[command(flatten)]
    body: Body,
    #[command(flatten)]
    message: MessageOptions,
    /// Print a command line for curl
    #[arg(long, conflicts_with = "json")]
    curl: bool,
    /// Print JSON: url, method, headers, and body or body_base64
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keys: KeyOptions,
}

/// What is said of a message, beside its body and its URL.
#[derive(Args, Debug)]
pub(crate) struct MessageOptions {
    /// The region that sends it, US-EAST-1 or EU-CENTRAL-1 [default: the one of
    /// QSTASH_REGION, else EU-CENTRAL-1]
    #[arg(long)]
    pub(crate) region: Option<Region>,
    /// Sign with the next key, as QStash does after a roll
    #[arg(long)]
    next: bool,
    /// Let it expire so many seconds after it was signed; less than 0 is before
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 300,
        allow_negative_numbers = true
    )]
    expires_in: i64,
    /// The method of the request
    #[arg(long, default_value = "POST")]
    pub(crate) method: Method,
    /// A header more, or another value for one, such as 'Content-Type:
    /// text/plain'; by default the type is JSON if the body is, else text, else
    /// octets
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The message's id [default: a new one]
    #[arg(long, value_name = "ID", value_parser = header_text)]
    message_id: Option<String>,
    /// How often it was retried
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) retried: u32,
    /// The schedule that made it
    #[arg(long, value_name = "ID", value_parser = header_text)]
    schedule_id: Option<String>,
    /// When it is signed: seconds since 1970, or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = time::parse)]
    at: Option<SystemTime>,
}

fn header_text(text: &str) -> Result<String, String> {
    match HeaderValue::from_str(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("it can't stand in a header".to_owned()),
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("it has no `:` between name and value")?;
    let name = name.trim().parse().map_err(|_| "its name is none")?;
    let mut value: HeaderValue = value.trim().parse().map_err(|_| "its value is none")?;
    // It may be a password: not to be printed.
    value.set_sensitive(true);
    Ok((name, value))
}

/// A message before it is signed. Each attempt to deliver it is signed anew.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) url: String,
    pub(crate) body: Vec<u8>,
    pub(crate) region: Region,
    pub(crate) id: String,
}

impl MessageOptions {
    pub(crate) fn message(
        &self,
        url: &str,
        body: Vec<u8>,
        environment: &Environment,
    ) -> Result<Message, Failure> {
        // One that no verifier takes is not what was meant.
        let verifier = Verifier::builder(SigningKeys::development());
        let _ = verifier.url(url).map_err(Failure::new)?;
        Ok(Message {
            url: url.to_owned(),
            body,
            region: self
                .region
                .or_else(|| environment.region())
                .unwrap_or(Region::EuCentral1),
            id: self.id(),
        })
    }

    /// The id that was given, or a new one.
    pub(crate) fn id(&self) -> String {
        let id = self.message_id.clone();
        id.unwrap_or_else(|| random_id("msg_"))
    }

    /// One attempt to deliver it.
    pub(crate) fn sign(
        &self,
        message: &Message,
        retried: u32,
        ring: &KeyRing,
    ) -> Result<Delivery, Failure> {
        let issued_at = self.at.unwrap_or_else(SystemTime::now);
        let content_type = content_type(&message.body);
        let mut delivery = Delivery::new(message.url.as_str(), message.body.as_slice())
            .region(message.region)
            .key_of(ring, self.slot())
            .map_err(Failure::new)?
            .issued_at(issued_at)
            .claim("jti", random_id("jwt_"))
            .header("content-type", content_type)
            .header("upstash-message-id", message.id.as_str())
            .header("upstash-retried", retried.to_string());
        delivery = match u64::try_from(self.expires_in) {
            Ok(seconds) => delivery.expires_in(Duration::from_secs(seconds)),
            // The kit has no lifetimes that end before they begin.
            Err(_) => {
                #[expect(clippy::cast_possible_truncation, reason = "a time in seconds")]
                let issued_at = time::to_unix(issued_at).floor() as i64;
                delivery.claim("exp", issued_at.saturating_add(self.expires_in))
            }
        };
        if let Some(id) = &self.schedule_id {
            delivery = delivery.header("upstash-schedule-id", id);
        }
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            delivery = delivery.header(name.as_str(), value);
        }
        Ok(delivery)
    }

    /// Whether it is signed for another time than now.
    pub(crate) fn is_timed(&self) -> bool {
        self.at.is_some() || self.expires_in <= 0
    }

    pub(crate) fn slot(&self) -> KeySlot {
        if self.next {
            KeySlot::Next
        } else {
            KeySlot::Current
        }
    }
}

/// Where the key is from that signs for a region, in words.
pub(crate) fn signed_with(ring: &KeyRing, region: Region, slot: KeySlot) -> String {
    match ring.source(Some(region)) {
        Some(KeySource::Region) => format!("the {slot} key of the {region} pair"),
        Some(KeySource::Default) => format!("the {slot} key of the default pair"),
        _ => format!("the {slot} key"),
    }
}

/// What QStash passes on is what the publisher said; this is what they say.
fn content_type(body: &[u8]) -> &'static str {
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        "application/json"
    } else if std::str::from_utf8(body).is_ok() {
        "text/plain; charset=utf-8"
    } else {
        "application/octet-stream"
    }
}

/// A prefix and 28 random characters, as QStash's ids and keys have them.
pub(crate) fn random_id(prefix: &str) -> String {
    let random = std::iter::repeat_with(fastrand::alphanumeric).take(28);
    prefix.chars().chain(random).collect()
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
    let text = if options.curl {
        curl(options, &delivery)?
    } else if options.json {
        json(options, &delivery)
    } else {
        let headers = delivery.headers().into_iter();
        headers
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect()
    };
    output::print_bytes(text.as_bytes())?;
    Ok(Verdict::Good)
}

fn curl(options: &Options, delivery: &Delivery) -> Result<String, Failure> {
    let body = match options.body.file() {
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
                    "this body can't stand on a command line: give it with --body FILE",
                ));
            }
        },
    };
    let method = match &options.message.method {
        &Method::HEAD => "--head".to_owned(),
        method => format!("-X {method}"),
    };
    // Without the two options curl would make another URL of some.
    let url = quoted(&options.url);
    let mut text = format!("curl -i --globoff --path-as-is {method} {url}");
    for (name, value) in delivery.headers() {
        // That is how curl is told of a header without a value.
        let header = match value.as_str() {
            "" => format!("{name};"),
            value => format!("{name}: {value}"),
        };
        text.push_str(&format!(" \\\n  -H {}", quoted(&header)));
    }
    text.push_str(&format!(" \\\n  {body}\n"));
    Ok(text)
}

/// One word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn json(options: &Options, delivery: &Delivery) -> String {
    let headers: BTreeMap<_, _> = delivery.headers().into_iter().collect();
    let (name, body) = match std::str::from_utf8(delivery.body()) {
        Ok(text) => ("body", text.to_owned()),
        Err(_) => ("body_base64", BASE64_STANDARD.encode(delivery.body())),
    };
    let value = serde_json::json!({
        "url": options.url,
        "method": options.message.method.as_str(),
        "headers": headers,
        name: body,
    });
    format!("{value:#}\n")
}
