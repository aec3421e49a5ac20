//! A genuine delivery, and what the fuzzer makes of it: it is changed first and
//! signed afterwards, so that most inputs get past the MAC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qstash_verify::{KeyRing, SigningKeys, Verifier};

use crate::reader::Reader;
use crate::reference::environment::{KEYS, Keys, Pair};
use crate::reference::url::Destination;
use crate::reference::{Setup, base64url, mac};

/// What the clock says until it is changed, in seconds since the Unix epoch.
pub const NOW: i64 = 1_783_794_365;
const URL: &str = "https://example.com/hook?a=b";

/// Explicit or default, US, EU.
const PAIRS: [[&str; 2]; 3] = [
    ["sig_current", "sig_next"],
    ["sig_usCurrent", "sig_usNext"],
    ["sig_euCurrent", "sig_euNext"],
];

/// The changes, by the byte that announces them.
#[expect(missing_docs, reason = "`Delivery::change` says it")]
pub mod change {
    pub const CLAIM: u8 = 0;
    pub const WITHOUT: u8 = 1;
    pub const AGAIN: u8 = 2;
    pub const OTHER_CLAIM: u8 = 3;
    pub const DATE: u8 = 4;
    pub const SWAP: u8 = 5;
    pub const JOSE: u8 = 6;
    pub const PAYLOAD: u8 = 7;
    pub const SPACE: u8 = 8;
    pub const KEY: u8 = 9;
    pub const EDIT_TOKEN: u8 = 10;
    pub const REGION: u8 = 11;
    pub const HEADER: u8 = 12;
    pub const DESTINATION: u8 = 13;
    pub const TARGET: u8 = 14;
    pub const SUB: u8 = 15;
    pub const LIMIT: u8 = 16;
    pub const CLOCK: u8 = 17;
    pub const TOLERANCE: u8 = 18;
    pub const BODY: u8 = 19;
    pub const EDIT_BODY: u8 = 20;
    pub const CHUNKS: u8 = 21;
    pub const KEYS: u8 = 22;
    pub const HASH: u8 = 23;
    pub const UNSIGNED: u8 = 24;
    pub const LONG: u8 = 25;
    pub const LENGTH: u8 = 26;
    /// How many there are.
    pub const COUNT: u8 = 27;
}

/// The claims in the order in which QStash writes them.
const CLAIMS: [&str; 8] = ["aud", "body", "exp", "iat", "iss", "jti", "nbf", "sub"];
const DATES: [&str; 3] = ["exp", "nbf", "iat"];

const VALUES: [&str; 24] = [
    "null",
    "true",
    "\"\"",
    "\"Upstash\"",
    "\"\\u0055pstash\"",
    "\"\\ud800\"",
    "1",
    "0",
    "-0",
    "1e400",
    "-1e400",
    "1e300",
    "1.5",
    "01",
    "-62135596800",
    "9223372036854775808",
    "[]",
    "[\"a\",\"b\"]",
    "[\"a\",1]",
    "[[]]",
    "[\"\\udc00\"]",
    "{}",
    "{\"a\":1,\"a\":2}",
    "",
];
const HEADERS: [&str; 16] = [
    r#"{"alg":"HS256","typ":"JWT"}"#,
    r#"{"typ":"JWT","alg":"HS256"}"#,
    r#" { "alg" : "HS\u003256" , "kid" : [ { } ] } "#,
    r#"{"alg":"none"}"#,
    r#"{"alg":"HS384","typ":"JWT"}"#,
    r#"{"alg":"hs256"}"#,
    r#"{"alg":["HS256"]}"#,
    r#"{"typ":"JWT"}"#,
    r#"{"alg":"HS256","crit":["exp"]}"#,
    r#"{"alg":"HS256","crit":null}"#,
    r#"{"alg":"HS256","\u0063rit":[]}"#,
    r#"{"alg":"HS256","alg":"HS256"}"#,
    r#"{"alg":"none","\u0061lg":"HS256"}"#,
    r#"{"alg":"HS256","x":"\ud800"}"#,
    r#"["alg","HS256"]"#,
    "",
];
const NAMES: [&str; 9] = [
    "upstash-signature",
    "Upstash-Region",
    "content-length",
    "upstash-message-id",
    "upstash-retried",
    "Upstash-Schedule-Id",
    "upstash-topic-name",
    "upstash-caller-ip",
    "upstash-signature2",
];
const REGIONS: [&str; 8] = [
    "US-EAST-1",
    "EU-CENTRAL-1",
    "us_east-1",
    "eu-central_1",
    "US-EAST-2",
    "",
    " US-EAST-1",
    "US\u{2010}EAST\u{2010}1",
];
const URLS: [&str; 16] = [
    URL,
    "https://example.com",
    "https://example.com/",
    "HTTPS://Example.COM/hook?a=b",
    "http://example.com/hook?a=b",
    "https://example.com/hook",
    "https://example.com/hook?a=b#top",
    "https://example.com/api",
    "https://example.com/api/",
    "https://example.com/api?a=b",
    "https://example.com/api/hook?a=b",
    "https://example.com?a=b",
    "https://example.com:8443/hook?a=b",
    "https://user@example.com/hook?a=b",
    "https:///hook",
    "example.com/hook",
];
const TARGETS: [&str; 8] = [
    "/hook?a=b",
    "/",
    "/?a=b",
    "/hook",
    "",
    "/api/hook?a=b",
    "?a=b",
    "//hook?a=b",
];

/// A delivery and the verifier that it comes to. A new one is genuine.
#[derive(Clone, Debug)]
pub struct Delivery {
    claims: Vec<(Vec<u8>, Vec<u8>)>,
    jose: Vec<u8>,
    payload: Option<Vec<u8>>,
    space: Vec<u8>,
    key: String,
    /// How long it is to be, white space filling it up.
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
    /// How many bytes more than the body has.
    room: Option<i16>,
    /// Which regional pairs there are, if it is not an explicit pair.
    environment: Option<u8>,
    /// How long the chunks of the body are.
    pub chunks: usize,
}

/// A JOSE header with so many bytes in it that mean nothing.
fn long_header(filler: usize) -> Vec<u8> {
    format!("{{\"alg\":\"HS256\",\"x\":\"{}\"}}", "x".repeat(filler)).into_bytes()
}

/// A byte set, put in or taken out.
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
        // From either end.
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

/// Everything that a target needs of a delivery.
#[derive(Clone, Debug)]
pub struct Finished {
    /// For the reference. Its destination may be one that no builder takes.
    pub setup: Setup,
    /// The headers of the request.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// Its path and query.
    pub target: String,
    /// The body that comes.
    pub body: Vec<u8>,
    tolerance: Duration,
    now: SystemTime,
    environment: bool,
}

impl Default for Delivery {
    fn default() -> Self {
        let claims = [
            "\"\"".to_owned(),
            // Filled in when the body is known.
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
    /// Reads changes to the end.
    #[must_use]
    pub fn read(mut input: Reader<'_>) -> Self {
        let mut delivery = Delivery::default();
        while let Some(kind) = input.next() {
            delivery.change(kind, &mut input);
        }
        delivery
    }

    /// One change.
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
            // The name again, as it is or with an escape in it.
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
            // So many eighths of a second from now, in one of several spellings.
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
            // A claim or a header of some size, or a token or a header of nearly
            // the greatest.
            change::LONG => {
                let (kind, size) = (input.byte(), input.short());
                match kind % 4 {
                    0 => {
                        let filler = format!("\"{}\"", "x".repeat(usize::from(size % 7000)));
                        self.claims.push((b"long".to_vec(), filler.into_bytes()));
                    }
                    1 => self.jose = long_header(usize::from(size % 1000)),
                    2 => self.token_length = Some(8190 + usize::from(size % 5)),
                    // 1024 symbols are 768 bytes.
                    _ => self.jose = long_header(744 + usize::from(size % 5)),
                }
            }
            // A declared length, near the one that comes.
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

    /// Signs it, and applies the changes that come after that.
    #[must_use]
    pub fn finish(&self) -> Finished {
        let token = self.token();
        let mut headers = self.headers.clone();
        if self.signature {
            // Not always the first, and not always written in the same way.
            let at = usize::from(self.key.len() % 2 == 0).min(headers.len());
            let name = if at == 0 {
                "upstash-signature"
            } else {
                "Upstash-Signature"
            };
            headers.insert(at, (name.into(), token));
        }
        let mut body = self.body.clone();
        for edit in &self.body_edits {
            edit.apply(&mut body);
        }
        let limit = match self.room {
            Some(room) => (body.len() as i64 + i64::from(room)).max(0).unsigned_abs(),
            None => qstash_verify::DEFAULT_BODY_LIMIT,
        };
        let since_epoch = Duration::from_millis(self.now.unsigned_abs() * 125);
        Finished {
            setup: Setup {
                keys: self.keys(),
                destination: self.destination.clone(),
                now: self.now as f64 / 8.0,
                tolerance: self.tolerance.as_secs_f64(),
                limit,
            },
            headers,
            target: self.target.clone(),
            body,
            tolerance: self.tolerance,
            now: match self.now {
                0.. => UNIX_EPOCH + since_epoch,
                _ => UNIX_EPOCH - since_epoch,
            },
            environment: self.environment.is_some(),
        }
    }

    fn keys(&self) -> Keys {
        let [default, us, eu] = PAIRS.map(|pair| pair.map(str::to_owned));
        let Some(set) = self.environment else {
            return Keys::Explicit(default);
        };
        let us = (set & 1 == 0).then_some(us);
        let eu = (set & 2 == 0).then_some(eu);
        let default = (set & 4 == 0 || us.is_none() && eu.is_none()).then_some(default);
        Keys::Environment { default, us, eu }
    }

    fn token(&self) -> Vec<u8> {
        let mut payload = self.payload.clone().unwrap_or_else(|| {
            let mut payload = b"{".to_vec();
            for (name, value) in &self.claims {
                let hash = self.body_claim();
                let value = if value.is_empty() && name == b"body" {
                    &hash
                } else {
                    value
                };
                if payload.len() > 1 {
                    payload.push(b',');
                }
                payload.extend([&self.space[..], b"\"", name, b"\":", value].concat());
            }
            payload.push(b'}');
            payload
        });
        let mut signed = base64url::encode(&self.jose);
        signed.push('.');
        if let Some(length) = self.token_length {
            // Less the dot and the MAC; four symbols are three bytes.
            let symbols = length.saturating_sub(signed.len() + 1 + 43);
            payload.resize(payload.len().max(symbols * 3 / 4), b' ');
        }
        signed += &base64url::encode(&payload);
        let mac = mac::hmac(self.key.as_bytes(), signed.as_bytes());
        let mut token = format!("{signed}.{}", base64url::encode(&mac)).into_bytes();
        for edit in &self.token_edits {
            edit.apply(&mut token);
        }
        token
    }

    /// The hash of the body, as production spells it or otherwise.
    fn body_claim(&self) -> Vec<u8> {
        let hash = base64url::encode(&mac::sha256(&self.body));
        let text = match self.hash.map(|kind| (kind % 7, kind / 7)) {
            None => format!("{hash}="),
            Some((0, padding)) => format!("{hash}{}", "=".repeat(padding.into())),
            Some((1, _)) => hash.replace('-', "+").replace('_', "/"),
            Some((2, cut)) => hash[..hash.len() - usize::from(cut)].to_owned(),
            Some((3, more)) => format!("{hash}{}", "A".repeat(more.into())),
            // The stray bits of the last symbol.
            Some((4, bits)) => {
                let last = hash.as_bytes()[42] + bits % 4;
                format!("{}{}", &hash[..42], char::from(last))
            }
            Some((5, _)) => format!("={hash}"),
            // An escape means what it stands for.
            Some(_) => format!("{}\\u{:04x}", &hash[..42], hash.as_bytes()[42]),
        };
        format!("\"{text}\"").into_bytes()
    }
}

impl Finished {
    /// The core's verifier for it; `None` if the builder refused the URL, which
    /// is compared with the reference here.
    #[must_use]
    pub fn verifier(&self) -> Option<Verifier> {
        let now = self.now;
        let builder = Verifier::builder(self.ring())
            .tolerance(self.tolerance)
            .body_limit(self.setup.limit)
            .clock(move || now);
        let builder = match &self.setup.destination {
            None => return Some(builder.build()),
            Some(Destination::Url(url)) => builder.url(url),
            Some(Destination::Base(url)) => builder.base_url(url),
        };
        let valid = self.setup.destination.as_ref().unwrap().is_valid();
        assert_eq!(builder.is_ok(), valid, "{:?}", self.setup.destination);
        builder.ok().map(|builder| builder.build())
    }

    fn ring(&self) -> KeyRing {
        match &self.setup.keys {
            Keys::Explicit([current, next]) => SigningKeys::new(current, next).unwrap().into(),
            Keys::Environment { default, us, eu } => {
                assert!(self.environment);
                let pairs: [&Option<Pair>; 3] = [default, us, eu];
                let lookup = |name: &str| {
                    if name == "QSTASH_REGION" {
                        return Some("US_EAST_1".to_owned());
                    }
                    for ((_, names), pair) in KEYS.iter().zip(pairs) {
                        if let Some(at) = names.iter().position(|known| *known == name) {
                            return pair.as_ref().map(|pair| pair[at].clone());
                        }
                    }
                    None
                };
                KeyRing::from_lookup(lookup).unwrap()
            }
        }
    }
}
