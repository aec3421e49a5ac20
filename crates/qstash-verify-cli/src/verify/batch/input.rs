//! Lines of a batch: fields and limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, Read as _};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Refused;

/// Maximum length of a line: a body of 50 MiB in base64, and the other fields.
const MAX_LINE: u64 = 72 * 1024 * 1024;
pub(super) const LINE_TOO_LONG: &str = "the line is longer than the limit of 72 MiB";
/// Maximum length of a field, other than the body and the signature.
const MAX_FIELD: usize = 64 * 1024;
/// Maximum number of variables of QStash in `env`.
const MAX_VARIABLES: usize = 64;

#[derive(serde::Deserialize)]
pub(super) struct Input<'a> {
    #[serde(default, borrow, deserialize_with = "present")]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) body: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) body_base64: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) region: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) url: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) base_url: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) path: Option<Text<'a>>,
    pub(super) at: Option<f64>,
    pub(super) tolerance: Option<f64>,
    pub(super) env: Option<Variables>,
}

/// Text that borrows from the line unless it has escapes.
#[derive(serde::Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl Text<'_> {
    pub(super) fn to_owned(text: Option<&Text<'_>>) -> Option<String> {
        text.map(|text| text.0.as_ref().to_owned())
    }
}

/// Deserialises a value that is present, including `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// QStash's variables in an environment, without all others.
pub(super) struct Variables {
    values: HashMap<String, String>,
    /// The limit that they exceed.
    excess: Option<&'static str>,
}

const LONG_VALUE: &str = "a value in `env` is longer than the limit of 64 KiB";
const MANY_VALUES: &str = "`env` has more than the limit of 64 variables of QStash";

impl Variables {
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }
}

impl<'de> Deserialize<'de> for Variables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Variables;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of variables")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Variables, A::Error> {
                let mut variables = Variables {
                    values: HashMap::new(),
                    excess: None,
                };
                while let Some(Text(name)) = map.next_key()? {
                    if !name.contains("QSTASH") || name.len() > MAX_FIELD {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let value: Option<Text<'_>> = map.next_value()?;
                    let Some(Text(value)) = value else {
                        continue;
                    };
                    if value.len() > MAX_FIELD {
                        variables.excess = Some(LONG_VALUE);
                    } else if variables.values.len() == MAX_VARIABLES {
                        variables.excess = Some(MANY_VALUES);
                    } else {
                        let values = &mut variables.values;
                        values.insert(name.into_owned(), value.into_owned());
                    }
                }
                Ok(variables)
            }
        }
        deserializer.deserialize_map(Names)
    }
}

/// The `id` alone, of a line with another field of the wrong type.
#[derive(serde::Deserialize)]
struct Id<'a> {
    #[serde(default, borrow, deserialize_with = "present")]
    id: Option<&'a RawValue>,
}

/// Returns the `id` of a line, if the line is JSON.
pub(super) fn id(line: &[u8]) -> Option<&RawValue> {
    let id = serde_json::from_slice::<Id<'_>>(without_bom(line)).ok()?.id;
    id.filter(|id| id.get().len() <= MAX_FIELD)
}

fn without_bom(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
}

/// Parses a line. Errors do not quote the line, which may hold keys.
pub(super) fn parse(line: &[u8]) -> Result<Input<'_>, Refused> {
    let line = without_bom(line);
    // `serde` accepts a list as an object.
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err(Refused::input("the line is not a JSON object"));
    }
    let input: Input<'_> = serde_json::from_slice(line).map_err(|error| {
        Refused::input(match error.classify() {
            serde_json::error::Category::Data => format!(
                "a field has the wrong type or appears twice: column {}",
                error.column()
            ),
            _ => format!("the line is not JSON: {error}"),
        })
    })?;
    input.check_limits()?;
    Ok(input)
}

impl Input<'_> {
    fn check_limits(&self) -> Result<(), Refused> {
        let length = |text: &Option<Text<'_>>| text.as_ref().map_or(0, |text| text.0.len());
        for (name, length) in [
            ("id", self.id.map_or(0, |id| id.get().len())),
            ("region", length(&self.region)),
            ("url", length(&self.url)),
            ("base_url", length(&self.base_url)),
            ("path", length(&self.path)),
        ] {
            if length > MAX_FIELD {
                return Err(Refused::input(format!(
                    "{name} is longer than the limit of 64 KiB"
                )));
            }
        }
        match self.env.as_ref().and_then(|env| env.excess) {
            Some(excess) => Err(Refused::input(excess)),
            None => Ok(()),
        }
    }
}

/// The result of reading a line.
pub(super) enum ReadLine {
    Whole,
    TooLong,
    End,
}

/// Reads a line without its line end.
pub(super) fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<ReadLine> {
    line.clear();
    // Free the memory of a long line.
    line.shrink_to(1024 * 1024);
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
