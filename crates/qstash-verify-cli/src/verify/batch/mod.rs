//! `verify --batch`: verifies the deliveries of a log, JSON Lines in and out.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use qstash_verify::{ConfigError, KeyRing, KeySlot, KeySource, Region, VerifyError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::attempt::{Attempt, finish};
use super::bodies::base64_decoded;
use super::options::Options;
use crate::keys::Keys;
use crate::output::{Outcome, Verdict, even_if_unread};
use crate::time;

/// Bounds the memory of a line.
const MAX_LINE: u64 = 256 * 1024 * 1024;

#[derive(Deserialize)]
struct Input {
    signature: Option<String>,
    body: Option<String>,
    body_base64: Option<String>,
    region: Option<String>,
    url: Option<String>,
    at: Option<f64>,
    tolerance: Option<f64>,
    env: Option<HashMap<String, Option<String>>>,
}

#[derive(Serialize)]
struct Accepted {
    ok: bool,
    region: Option<&'static str>,
    key: &'static str,
    source: &'static str,
    claims: Box<RawValue>,
}

#[derive(Serialize)]
struct Refused {
    ok: bool,
    error: &'static str,
    message: String,
}

impl Refused {
    fn new(error: &'static str, message: impl Into<String>) -> Self {
        Refused {
            ok: false,
            error,
            message: message.into(),
        }
    }

    fn input(message: impl Into<String>) -> Self {
        Refused::new("invalid_input", message)
    }
}

impl From<VerifyError> for Refused {
    fn from(reason: VerifyError) -> Self {
        Refused::new(reason.code(), reason.to_string())
    }
}

pub(super) fn run(options: &Options, keys: &Keys) -> Outcome {
    let batch = Batch {
        options,
        keys,
        ring: keys.ring(),
    };
    let mut good = true;
    even_if_unread(batch.run(&mut good))?;
    Ok(Verdict::of(good))
}

/// The result of reading a line.
enum ReadLine {
    Whole,
    TooLong,
    End,
}

/// Reads a line without its end.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<ReadLine> {
    line.clear();
    let length = input.by_ref().take(MAX_LINE).read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
        Ok(ReadLine::Whole)
    } else if length as u64 == MAX_LINE {
        skip_line(input)?;
        Ok(ReadLine::TooLong)
    } else if length > 0 {
        Ok(ReadLine::Whole)
    } else {
        Ok(ReadLine::End)
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (length, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(length);
        if ended {
            return Ok(());
        }
    }
}

/// Parses a line. Errors do not quote it: it may hold keys.
fn parse(line: &[u8]) -> Result<Input, Refused> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    // `serde` would take a list for an object.
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err(Refused::input("the line is not a JSON object"));
    }
    serde_json::from_slice(line).map_err(|error| {
        Refused::input(match error.classify() {
            serde_json::error::Category::Data => format!(
                "a field is of the wrong type, or stands twice, at column {}",
                error.column()
            ),
            _ => format!("the line is not JSON: {error}"),
        })
    })
}

fn write(output: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    output.write_all(b"\n")
}

struct Batch<'a> {
    options: &'a Options,
    keys: &'a Keys,
    /// The keys for lines without `env`.
    ring: Result<KeyRing, ConfigError>,
}

impl Batch<'_> {
    /// Answers each line; sets `good` to false if one is refused.
    fn run(&self, good: &mut bool) -> io::Result<()> {
        let mut input = BufReader::with_capacity(256 * 1024, io::stdin().lock());
        let mut output = BufWriter::with_capacity(256 * 1024, io::stdout().lock());
        let mut line = Vec::new();
        loop {
            let verdict = match read_line(&mut input, &mut line)? {
                ReadLine::Whole => self.verify(&line),
                ReadLine::TooLong => Err(Refused::input("the line is longer than 256 MiB")),
                ReadLine::End => break,
            };
            match verdict {
                Ok(accepted) => write(&mut output, &accepted)?,
                Err(refused) => {
                    *good = false;
                    write(&mut output, &refused)?;
                }
            }
            // Flush before waiting for input, so that a followed log is answered at once.
            if !input.buffer().contains(&b'\n') {
                output.flush()?;
            }
        }
        output.flush()
    }

    fn verify(&self, line: &[u8]) -> Result<Accepted, Refused> {
        let input = parse(line)?;
        let body = match (&input.body, &input.body_base64) {
            (Some(body), None) => Cow::Borrowed(body.as_bytes()),
            (None, Some(text)) => base64_decoded(text.as_bytes())
                .map(Cow::Owned)
                .ok_or_else(|| Refused::input("body_base64 is not base64"))?,
            (None, None) => {
                return Err(Refused::input("there is neither body nor body_base64"));
            }
            (Some(_), Some(_)) => {
                return Err(Refused::input("there are both body and body_base64"));
            }
        };
        let (ring, attempt) = (self.ring(&input)?, self.attempt(&input)?);
        let signature = input.signature.as_deref();
        let pending = attempt
            .authenticate(&ring, signature)
            // The URL is the only setting that can be invalid.
            .map_err(|error| Refused::input(error.to_string()))??;
        let verified = finish(pending, &body)?;
        Ok(Accepted {
            ok: true,
            region: verified.region().map(Region::as_str),
            key: KeySlot::as_str(verified.key_slot()),
            source: KeySource::as_str(verified.key_source()),
            claims: claims(signature.unwrap_or_default())?,
        })
    }

    fn ring(&self, input: &Input) -> Result<Cow<'_, KeyRing>, Refused> {
        match &input.env {
            // Explicit keys win over the variables.
            Some(variables) if self.keys.explicit.is_none() => {
                KeyRing::from_lookup_allow_development_keys(|name| {
                    variables.get(name).cloned().flatten()
                })
                .map(Cow::Owned)
                .map_err(|error| config_error(&error))
            }
            _ => self.ring.as_ref().map(Cow::Borrowed).map_err(config_error),
        }
    }

    fn attempt(&self, input: &Input) -> Result<Attempt, Refused> {
        let at = match input.at {
            Some(seconds) => {
                time::from_unix(seconds).ok_or_else(|| Refused::input("`at` is too far away"))?
            }
            None => self.options.at.unwrap_or_else(SystemTime::now),
        };
        let tolerance = match input.tolerance {
            Some(seconds) => Duration::try_from_secs_f64(seconds)
                .map_err(|error| Refused::input(format!("`tolerance`: {error}")))?,
            None => self.options.tolerance,
        };
        Ok(Attempt {
            region: input.region.clone().or_else(|| self.options.region.clone()),
            url: input.url.clone().or_else(|| self.options.url.clone()),
            at,
            tolerance,
        })
    }
}

fn config_error(error: &ConfigError) -> Refused {
    Refused::new(error.code(), error.to_string())
}

/// Returns the claims of a verified token as they are written there.
fn claims(token: &str) -> Result<Box<RawValue>, Refused> {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let unreadable = || Refused::new("malformed_token", "its payload can't be read");
    let payload = BASE64_URL_SAFE_NO_PAD
        .decode(payload)
        .map_err(|_| unreadable())?;
    let mut text = String::from_utf8(payload).map_err(|_| unreadable())?;
    // In valid JSON these are white space, which must not break the line.
    if text.contains(['\n', '\r']) {
        text = text.replace(['\n', '\r'], " ");
    }
    RawValue::from_string(text).map_err(|_| unreadable())
}
