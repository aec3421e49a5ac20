//! `verify --batch`: verifies deliveries, as JSON Lines in and out.

mod input;
mod progress;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::io::{self, BufReader, BufWriter, IsTerminal as _, Write};
use std::time::{Duration, Instant, SystemTime};

use qstash_verify::{ConfigError, KeyRing, KeySlot, KeySource, Region, VerifyError};
use serde::Serialize;
use serde_json::value::RawValue;

use super::attempt::{Attempt, Endpoint, claims, finish};
use super::bodies::base64_decoded;
use super::options::Options;
use crate::keys::Keys;
use crate::output::{Outcome, Verdict, ignore_broken_pipe, write_json};
use crate::tally::Tally;
use crate::time;
use input::{Input, LINE_TOO_LONG, ReadLine, Text, parse, read_line};
use progress::Progress;

/// The answer to a line. `serde(flatten)` would lose raw JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Accepted {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a RawValue>,
        ok: bool,
        region: Option<&'static str>,
        key: &'static str,
        source: &'static str,
        claims: Box<RawValue>,
    },
    Refused {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a RawValue>,
        ok: bool,
        error: &'static str,
        message: String,
    },
}

struct Accepted {
    region: Option<&'static str>,
    key: &'static str,
    source: &'static str,
    claims: Box<RawValue>,
}

impl<'a> Answer<'a> {
    fn new(id: Option<&'a RawValue>, verdict: Result<Accepted, Refused>) -> Self {
        match verdict {
            Ok(accepted) => Answer::Accepted {
                id,
                ok: true,
                region: accepted.region,
                key: accepted.key,
                source: accepted.source,
                claims: accepted.claims,
            },
            Err(refused) => Answer::Refused {
                id,
                ok: false,
                error: refused.error,
                message: refused.message,
            },
        }
    }
}

struct Refused {
    error: &'static str,
    message: String,
}

impl Refused {
    fn new(error: &'static str, message: impl Into<String>) -> Self {
        Refused {
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
        set: OnceCell::new(),
    };
    let mut tally = Tally::default();
    // Answers on the same terminal are progress enough.
    let seen = io::stderr().is_terminal() && !io::stdout().is_terminal();
    let mut progress = Progress::new(seen.then(io::stderr), Instant::now());
    let printed = batch.run(&mut tally, &mut progress);
    progress.erase();
    // A summary that can't be written changes no verdict.
    let _ = writeln!(io::stderr(), "{}", tally.summary("line"));
    ignore_broken_pipe(printed)?;
    Ok(Verdict::of(tally.refused() == 0))
}

struct Batch<'a> {
    options: &'a Options,
    keys: &'a Keys,
    /// The keys for lines without `env`, read at the first of them.
    set: OnceCell<KeysSet>,
}

struct KeysSet {
    ring: Result<KeyRing, ConfigError>,
    /// The error of missing keys, if the development server's replace them.
    not_set: Option<ConfigError>,
}

impl Batch<'_> {
    /// Answers each line.
    fn run(&self, tally: &mut Tally, progress: &mut Progress<io::Stderr>) -> io::Result<()> {
        let mut input = BufReader::with_capacity(256 * 1024, io::stdin().lock());
        let mut output = BufWriter::with_capacity(256 * 1024, io::stdout().lock());
        let mut line = Vec::new();
        loop {
            let (id, verdict) = match read_line(&mut input, &mut line)? {
                ReadLine::Whole => match parse(&line) {
                    Ok(input) => (input.id, self.verify(&input)),
                    Err(refused) => (input::id(&line), Err(refused)),
                },
                ReadLine::TooLong => (None, Err(Refused::input(LINE_TOO_LONG))),
                ReadLine::End => break,
            };
            tally.add(verdict.as_ref().err().map(|refused| refused.error));
            write_json(&mut output, &Answer::new(id, verdict))?;
            progress.update(tally, Instant::now);
            // Flush before waiting for input, so that answers to a followed log don't lag.
            if !input.buffer().contains(&b'\n') {
                output.flush()?;
            }
        }
        output.flush()
    }

    fn verify(&self, input: &Input<'_>) -> Result<Accepted, Refused> {
        let body = match (&input.body, &input.body_base64) {
            (Some(body), None) => Cow::Borrowed(body.0.as_bytes()),
            (None, Some(text)) => base64_decoded(text.0.as_bytes())
                .map(Cow::Owned)
                .ok_or_else(|| Refused::input("body_base64 is not base64"))?,
            (None, None) => {
                return Err(Refused::input(
                    "the body is missing: give body or body_base64",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Refused::input(
                    "body and body_base64 are both set: give one of them",
                ));
            }
        };
        let (ring, not_set) = self.ring(input)?;
        let attempt = self.attempt(input)?;
        let signature = input.signature.as_ref().map(|text| text.0.as_ref());
        let pending = attempt
            .authenticate(&ring, signature)
            // A URL is the only setting that can be invalid.
            .map_err(|error| Refused::input(error.to_string()))?;
        let pending = match (pending, not_set) {
            // Missing keys make no signature bad.
            (Err(VerifyError::BadSignature { .. }), Some(error)) => {
                return Err(config_error(error));
            }
            (pending, _) => pending?,
        };
        let verified = finish(pending, &body)?;
        let claims = claims(signature.unwrap_or_default())
            .ok_or_else(|| Refused::new("malformed_token", "its payload can't be read"))?;
        Ok(Accepted {
            region: verified.region().map(Region::as_str),
            key: KeySlot::as_str(verified.key_slot()),
            source: KeySource::as_str(verified.key_source()),
            claims,
        })
    }

    /// Returns the keys for a line, and the error that the published keys replace.
    fn ring(&self, input: &Input<'_>) -> Result<(Cow<'_, KeyRing>, Option<&ConfigError>), Refused> {
        if let (Some(variables), None) = (&input.env, &self.keys.explicit) {
            return KeyRing::from_lookup_allow_development_keys(|name| variables.get(name))
                .map(|ring| (Cow::Owned(ring), None))
                .map_err(|error| config_error(&error));
        }
        // Explicit keys win over the variables.
        let set = self.set.get_or_init(|| match self.keys.ring() {
            Err(error) => match self.keys.development_for(&error) {
                Some(ring) => KeysSet {
                    ring: Ok(ring),
                    not_set: Some(error),
                },
                None => KeysSet {
                    ring: Err(error),
                    not_set: None,
                },
            },
            ring => KeysSet {
                ring,
                not_set: None,
            },
        });
        let ring = set.ring.as_ref().map_err(config_error)?;
        Ok((Cow::Borrowed(ring), set.not_set.as_ref()))
    }

    fn attempt(&self, input: &Input<'_>) -> Result<Attempt, Refused> {
        let at = match input.at {
            Some(seconds) => {
                time::from_unix(seconds).ok_or_else(|| Refused::input("`at` is out of range"))?
            }
            None => self.options.at.unwrap_or_else(SystemTime::now),
        };
        let tolerance = match input.tolerance {
            Some(seconds) => Duration::try_from_secs_f64(seconds)
                .map_err(|error| Refused::input(format!("`tolerance`: {error}")))?,
            None => self.options.tolerance,
        };
        let region = Text::to_owned(input.region.as_ref());
        Ok(Attempt {
            region: region.or_else(|| self.options.region.clone()),
            endpoint: self.endpoint(input)?,
            at,
            tolerance,
            body_limit: self.options.body_limit.unwrap_or(u64::MAX),
        })
    }

    /// Returns the URLs of the line, or those of the options if it has none.
    fn endpoint(&self, input: &Input<'_>) -> Result<Endpoint, Refused> {
        let options = self.options.endpoint();
        let (url, base_url) = (
            Text::to_owned(input.url.as_ref()),
            Text::to_owned(input.base_url.as_ref()),
        );
        let path = Text::to_owned(input.path.as_ref()).or(options.path);
        let (urls, base_urls) = if url.is_some() || base_url.is_some() {
            (url.into_iter().collect(), base_url.into_iter().collect())
        } else {
            (options.urls, options.base_urls)
        };
        if !base_urls.is_empty() && path.is_none() {
            return Err(Refused::input("path is missing: base_url needs it"));
        }
        Ok(Endpoint {
            urls,
            base_urls,
            path,
        })
    }
}

fn config_error(error: &ConfigError) -> Refused {
    Refused::new(error.code(), error.to_string())
}
