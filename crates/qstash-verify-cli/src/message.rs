//! Messages, and the options for signing a delivery.

use std::time::{Duration, SystemTime};

use clap::Args;
use http::{HeaderName, HeaderValue, Method};
use qstash_verify::signing::SignedDelivery;
use qstash_verify::{KeyRing, KeySlot, KeySource, Region, SigningKeys, Verifier, variables};

use crate::environment::Environment;
use crate::output::Failure;
use crate::time;

/// The options of a message, apart from its body and its URL.
#[derive(Args, Debug)]
pub(crate) struct MessageOptions {
    /// The sending region, US-EAST-1 or EU-CENTRAL-1 [default: QSTASH_REGION, else
    /// EU-CENTRAL-1]
    #[arg(long)]
    pub(crate) region: Option<Region>,
    /// Sign with the next key, as QStash does after a roll
    #[arg(long)]
    next: bool,
    /// Lifetime of the token in seconds; 0 or less makes it expired
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 300,
        allow_negative_numbers = true
    )]
    expires_in: i64,
    /// The request method
    #[arg(long, short = 'X', visible_alias = "request", default_value = "POST")]
    pub(crate) method: Method,
    /// Add or replace a header; the default Content-Type depends on the body:
    /// application/json, text/plain or application/octet-stream
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The message ID [default: a random one]
    #[arg(long, value_name = "ID", value_parser = header_text)]
    message_id: Option<String>,
    /// Number of retries so far, the header Upstash-Retried
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) retried: u32,
    /// The schedule ID
    #[arg(long, value_name = "ID", value_parser = header_text)]
    schedule_id: Option<String>,
    /// The time of signing: seconds since 1970, or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = time::parse)]
    at: Option<SystemTime>,
}

fn header_text(text: &str) -> Result<String, String> {
    match HeaderValue::from_str(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("it has a character that a header can't hold".to_owned()),
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("it has no `:` between name and value")?;
    let name = name.trim().parse().map_err(|_| "its name is not valid")?;
    let mut value: HeaderValue = value.trim().parse().map_err(|_| "its value is not valid")?;
    // `Debug` must not print a password.
    value.set_sensitive(true);
    Ok((name, value))
}

/// An unsigned message. Each attempt to deliver it is signed separately.
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
        // Fail early on a URL that every verifier rejects.
        let verifier = Verifier::builder(SigningKeys::development());
        let _ = verifier.url(url).map_err(Failure::new)?;
        Ok(Message {
            url: url.to_owned(),
            body,
            region: self.sending_region(environment)?,
            id: self.id(),
        })
    }

    fn sending_region(&self, environment: &Environment) -> Result<Region, Failure> {
        if let Some(region) = self.region.or_else(|| environment.region()) {
            return Ok(region);
        }
        match environment.region_error() {
            Some(error) => Err(Failure::new(format!("{error}; or give --region"))),
            None => Ok(Region::EuCentral1),
        }
    }

    /// Returns the given message ID, or a random one.
    pub(crate) fn id(&self) -> String {
        let id = self.message_id.clone();
        id.unwrap_or_else(|| random_id("msg_"))
    }

    /// Signs one attempt to deliver the message.
    pub(crate) fn sign(
        &self,
        message: &Message,
        retried: u32,
        ring: &KeyRing,
    ) -> Result<SignedDelivery, Failure> {
        let issued_at = self.at.unwrap_or_else(SystemTime::now);
        let (url, body) = (message.url.as_str(), message.body.as_slice());
        let keys = ring.signing_keys(Some(message.region)).ok_or_else(|| {
            let [current, next] = variables::signing_keys(Some(message.region));
            Failure::new(format!(
                "there are no keys for {} to sign with: set {current} and {next}, or the default \
                 pair",
                message.region
            ))
        })?;
        let mut delivery = SignedDelivery::new(url, body, &keys, issued_at)
            .region(message.region)
            .key_slot(self.slot())
            .claim("jti", random_id("jwt_"))
            .header("upstash-message-id", message.id.as_str())
            .header("upstash-retried", retried.to_string());
        delivery = match u64::try_from(self.expires_in) {
            Ok(seconds) => delivery.expires_in(Duration::from_secs(seconds)),
            // `expires_in` takes no negative lifetime.
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

    /// Returns whether the options set the time of signing or an expired lifetime.
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

/// Describes the key that signs for a region.
pub(crate) fn signed_with(ring: &KeyRing, region: Region, slot: KeySlot) -> String {
    match ring.key_source(Some(region)) {
        Some(KeySource::Region) => format!("the {slot} key of the {region} pair"),
        Some(KeySource::Default) => format!("the {slot} key of the default pair"),
        _ => format!("the {slot} key"),
    }
}

/// Returns a prefix and 28 random characters, like QStash's IDs and keys.
pub(crate) fn random_id(prefix: &str) -> String {
    let random = std::iter::repeat_with(fastrand::alphanumeric).take(28);
    prefix.chars().chain(random).collect()
}
