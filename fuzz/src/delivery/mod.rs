//! A genuine delivery that the fuzzer mutates.
//!
//! It is signed after the mutations, so that most inputs pass the MAC.

mod mutations;
mod signed;

use std::time::Duration;

pub use mutations::change;
use mutations::{CLAIMS, DATES, HEADERS, NAMES, NOW, PAIRS, REGIONS, TARGETS, URL, URLS, VALUES};
pub use signed::SignedDelivery;

use crate::reader::Reader;
use crate::reference::url::Destination;

/// An unsigned delivery and the settings of its verifier. Genuine by default.
#[derive(Clone, Debug)]
pub struct Delivery {
    claims: Vec<(Vec<u8>, Vec<u8>)>,
    jose: Vec<u8>,
    payload: Option<Vec<u8>>,
    space: Vec<u8>,
    key: String,
    /// The length to which white space pads the token.
    token_length: Option<usize>,
    token_edits: Vec<Edit>,
    body: Vec<u8>,
    body_edits: Vec<Edit>,
    hash: Option<u8>,
    signature: bool,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    target: String,
    destination: Option<Destination>,
    /// In eighths of a second.
    now: i64,
    tolerance: Duration,
    /// Body limit minus the length of the body.
    room: Option<i16>,
    /// Bits of the pairs that are unset; `None` for an explicit pair.
    environment: Option<u8>,
    /// Length of the chunks of the body.
    pub chunks: usize,
}

/// Returns a JOSE header with a member of the given length.
fn long_header(filler: usize) -> Vec<u8> {
    format!("{{\"alg\":\"HS256\",\"x\":\"{}\"}}", "x".repeat(filler)).into_bytes()
}

/// Sets, inserts or removes a byte, or truncates.
#[derive(Clone, Copy, Debug)]
struct Edit {
    kind: u8,
    at: u16,
    byte: u8,
}

impl Edit {
    fn read(input: &mut Reader<'_>) -> Self {
        Edit {
            kind: input.byte(),
            at: input.short(),
            byte: input.byte(),
        }
    }

    fn apply(self, bytes: &mut Vec<u8>) {
        // Counted from either end.
        let at = usize::from(self.at) % (bytes.len() + 1);
        let at = if self.kind < 128 {
            at
        } else {
            bytes.len() - at
        };
        match self.kind % 8 {
            0 if at < bytes.len() => bytes[at] ^= self.byte,
            1 if at < bytes.len() => bytes[at] = self.byte,
            2 if at < bytes.len() => {
                bytes.remove(at);
            }
            3 => bytes.truncate(at),
            _ => bytes.insert(at, self.byte),
        }
    }
}

impl Default for Delivery {
    fn default() -> Self {
        let claims = [
            "\"\"".to_owned(),
            // The hash of the body, inserted by `sign`.
            String::new(),
            (NOW + 290).to_string(),
            (NOW - 10).to_string(),
            "\"Upstash\"".to_owned(),
            "\"jwt_1\"".to_owned(),
            "-62135596800".to_owned(),
            format!("\"{URL}\""),
        ];
        let claims = CLAIMS.iter().zip(claims);
        Delivery {
            claims: claims
                .map(|(name, value)| (name.as_bytes().to_vec(), value.into_bytes()))
                .collect(),
            jose: HEADERS[0].into(),
            payload: None,
            space: Vec::new(),
            key: PAIRS[0][0].to_owned(),
            token_length: None,
            token_edits: Vec::new(),
            body: b"hello world".to_vec(),
            body_edits: Vec::new(),
            hash: None,
            signature: true,
            headers: Vec::new(),
            target: TARGETS[0].to_owned(),
            destination: None,
            now: NOW * 8,
            tolerance: Duration::ZERO,
            room: None,
            environment: None,
            chunks: 4,
        }
    }
}

impl Delivery {
    /// Applies mutations until EOF.
    #[must_use]
    pub fn read(mut input: Reader<'_>) -> Self {
        let mut delivery = Delivery::default();
        while let Some(kind) = input.kind() {
            delivery.change(kind, &mut input);
        }
        delivery
    }

    /// Applies one mutation.
    pub fn change(&mut self, kind: u8, input: &mut Reader<'_>) {
        match kind % change::COUNT {
            change::CLAIM => {
                let name = CLAIMS[usize::from(input.byte()) % CLAIMS.len()];
                let value = input.one_of(&VALUES);
                self.set(name, value);
            }
            change::WITHOUT => {
                let name = CLAIMS[usize::from(input.byte()) % CLAIMS.len()];
                self.claims.retain(|(known, _)| known != name.as_bytes());
            }
            // Repeats a name, plain or with an escape.
            change::AGAIN => {
                let which = input.byte();
                let name = CLAIMS[usize::from(which) % CLAIMS.len()];
                let name = match which & 128 {
                    0 => name.to_owned(),
                    _ => format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]),
                };
                let value = input.one_of(&VALUES);
                self.claims.push((name.into_bytes(), value));
            }
            change::OTHER_CLAIM => {
                let name = input.one_of(&["x", "", "Exp", "\\u0078", "\\ud800", "e\\u0078p"]);
                let value = input.one_of(&VALUES);
                self.claims.push((name, value));
            }
            // An offset from now in eighths of a second, in one of several spellings.
            change::DATE => {
                let name = DATES[usize::from(input.byte()) % DATES.len()];
                let date = self.now + i64::from(input.signed());
                let seconds = date as f64 / 8.0;
                let text = match input.byte() % 5 {
                    0 => (date / 8).to_string(),
                    1 => format!("{seconds}"),
                    2 => format!("{seconds:e}"),
                    3 => format!("{seconds:E}").replace('E', "E+"),
                    _ => format!("{}{}", date / 8, "0".repeat(usize::from(input.byte() % 20))),
                };
                self.set(name, text.into_bytes());
            }
            change::SWAP => {
                let [one, other] = [input.byte(), input.byte()].map(usize::from);
                if let Some(count @ 1..) = Some(self.claims.len()) {
                    self.claims.swap(one % count, other % count);
                }
            }
            change::JOSE => self.jose = input.one_of(&HEADERS),
            change::PAYLOAD => {
                self.payload = Some(input.one_of(&["", "{}", "[]", "null", "{}{}", "{"]));
            }
            change::SPACE => self.space = input.one_of(&[" ", "\n\t\r", "\u{b}", "\u{a0}"]),
            change::KEY => {
                let which = usize::from(input.byte());
                self.key = match PAIRS.concat().get(which % 7) {
                    Some(key) => (*key).to_owned(),
                    None => input.text_of(&["sig_mallory", "", "SIG_CURRENT", "sig_current\n"]),
                };
            }
            change::EDIT_TOKEN => self.token_edits.push(Edit::read(input)),
            change::REGION => {
                let region = input.one_of(&REGIONS);
                self.headers.push((b"upstash-region".to_vec(), region));
            }
            change::HEADER => {
                let name = input.one_of(&NAMES);
                let value = input.one_of(&["", "1", " 2 ", "x", "4294967296", "1, 1", "-1"]);
                self.headers.push((name, value));
            }
            change::DESTINATION => {
                let kind = input.byte();
                let url = input.text_of(&URLS);
                self.destination = match kind % 8 {
                    0 => None,
                    1..4 => Some(Destination::Url(url)),
                    _ => Some(Destination::Base(url)),
                };
            }
            change::TARGET => self.target = input.text_of(&TARGETS),
            change::SUB => {
                let url = input.one_of(&URLS);
                self.set("sub", [b"\"", &url[..], b"\""].concat());
            }
            change::LIMIT => self.room = Some(input.signed()),
            change::CLOCK => {
                self.now = match input.byte() % 8 {
                    0 => -40,
                    1 => 0,
                    2 => 1 << 42,
                    _ => self.now,
                } + i64::from(input.signed());
            }
            change::TOLERANCE => {
                let tolerance = input.byte();
                self.tolerance = match input.byte() % 4 {
                    0 => Duration::from_secs(tolerance.into()),
                    1 if tolerance == 255 => Duration::MAX,
                    _ => Duration::from_millis(u64::from(tolerance) * 125),
                };
            }
            change::BODY => self.body = input.bytes().repeat(usize::from(input.byte()) + 1),
            change::EDIT_BODY => self.body_edits.push(Edit::read(input)),
            change::CHUNKS => self.chunks = usize::from(input.byte()),
            change::KEYS => self.environment = Some(input.byte()),
            change::HASH => self.hash = Some(input.byte()),
            change::UNSIGNED => self.signature = false,
            // A claim or a header of any size, or a token or a header near its limit.
            change::LONG => {
                let (kind, size) = (input.byte(), input.short());
                match kind % 4 {
                    0 => {
                        let filler = format!("\"{}\"", "x".repeat(usize::from(size % 7000)));
                        self.claims.push((b"long".to_vec(), filler.into_bytes()));
                    }
                    1 => self.jose = long_header(usize::from(size % 1000)),
                    2 => self.token_length = Some(8190 + usize::from(size % 5)),
                    // 768 bytes are 1024 base64 symbols.
                    _ => self.jose = long_header(744 + usize::from(size % 5)),
                }
            }
            // A declared length near the actual one.
            _ => {
                let length = self.body.len() as i64 + i64::from(input.signed());
                let length = length.max(0).to_string().into_bytes();
                self.headers.push((b"Content-Length".to_vec(), length));
            }
        }
    }

    fn set(&mut self, name: &str, value: Vec<u8>) {
        let known = self
            .claims
            .iter_mut()
            .find(|(known, _)| known == name.as_bytes());
        match known {
            Some((_, old)) => *old = value,
            None => self.claims.push((name.as_bytes().to_vec(), value)),
        }
    }
}
