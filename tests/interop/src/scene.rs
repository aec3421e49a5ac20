//! A receiver and a genuine delivery, from which cases are derived.

use fastrand::Rng;

use crate::delivery::{Delivery, Expected};
use crate::token::{self, Algorithm, Claims, HEADER};

/// The six keys of a service, and one of an attacker.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) default: [String; 2],
    pub(crate) us: [String; 2],
    pub(crate) eu: [String; 2],
    pub(crate) stranger: String,
}

pub(crate) const DEFAULT: [&str; 2] = ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"];
pub(crate) const US: [&str; 2] = [
    "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY",
    "US_EAST_1_QSTASH_NEXT_SIGNING_KEY",
];
pub(crate) const EU: [&str; 2] = [
    "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY",
    "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY",
];
pub(crate) const REGION: &str = "QSTASH_REGION";

impl Keys {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let mut key = || id(rng, "sig_");
        Keys {
            default: [key(), key()],
            us: [key(), key()],
            eu: [key(), key()],
            stranger: key(),
        }
    }
}

/// Returns an ID or key like QStash's: a prefix and 28 characters.
pub(crate) fn id(rng: &mut Rng, prefix: &str) -> String {
    let random = std::iter::repeat_with(|| rng.alphanumeric()).take(28);
    prefix.chars().chain(random).collect()
}

/// Sources of the receivers' keys.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Setting {
    InCode,
    InCodeBesideOthers,
    OneRegion,
    OneRegionBesideOthers,
    BothFromUs,
    BothFromEu,
    BothWithoutHeader,
    BothWithHalfAPair,
}

/// Each source with a delivery signed with the current key, and with the next.
pub(crate) const SETTINGS: usize = 16;

#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) env: Vec<(&'static str, String)>,
    pub(crate) explicit: Option<[String; 2]>,
    pub(crate) regions: Vec<String>,
    /// The signing key.
    pub(crate) key: String,
    pub(crate) keys: Keys,
    pub(crate) url: String,
    /// Whether the receiver checks the URL.
    pub(crate) compares: bool,
    pub(crate) body: Vec<u8>,
    pub(crate) iat: i64,
    pub(crate) claims: Claims,
}

impl Scene {
    /// Creates a random scene with this setting.
    pub(crate) fn new(setting: usize, rng: &mut Rng) -> Self {
        let slot = setting % 2;
        let setting = match setting / 2 {
            0 => Setting::InCode,
            1 => Setting::InCodeBesideOthers,
            2 => Setting::OneRegion,
            3 => Setting::OneRegionBesideOthers,
            4 => Setting::BothFromUs,
            5 => Setting::BothFromEu,
            6 => Setting::BothWithoutHeader,
            _ => Setting::BothWithHalfAPair,
        };
        let keys = Keys::random(rng);
        let (env, explicit, regions, pair) = receiver(setting, &keys, rng);
        let key = pair[slot].clone();
        let (url, body) = (url(rng), body(rng));
        // Years 2022 to 2096: `jsonwebtoken` can verify what lies ahead.
        let iat = rng.i64(1_664_000_000..4_000_000_000);
        // Captures until July 2024; the capture of 2026; QStash's changelog of September 2024.
        let nbf = *rng.choice(&[iat, -62_135_596_800, 0]).unwrap();
        let jti = id(rng, "jwt_");
        Scene {
            claims: Claims::new(&url, &body, iat, nbf, &jti),
            compares: rng.bool(),
            env,
            explicit,
            regions,
            key,
            keys,
            url,
            body,
            iat,
        }
    }

    /// Returns the delivery with this signature header, 10 s after signing.
    pub(crate) fn delivery(&self, signature: impl Into<String>) -> Delivery {
        Delivery {
            env: self.env.clone(),
            explicit: self.explicit.clone(),
            at_ms: (self.iat + 10) * 1000,
            tolerance: 0,
            expected: self.compares.then(|| Expected::Url(self.url.clone())),
            signatures: vec![signature.into()],
            regions: self.regions.clone(),
            body: self.body.clone(),
        }
    }

    /// Returns the delivery with these claims, signed.
    pub(crate) fn with_claims(&self, claims: &Claims) -> Delivery {
        self.with_payload(claims.json())
    }

    pub(crate) fn with_payload(&self, payload: impl AsRef<[u8]>) -> Delivery {
        self.delivery(token::token(HEADER, payload, Algorithm::Hs256, &self.key))
    }

    pub(crate) fn genuine(&self) -> Delivery {
        self.with_claims(&self.claims)
    }
}

type Receiver = (
    Vec<(&'static str, String)>,
    Option<[String; 2]>,
    Vec<String>,
    [String; 2],
);

fn pair(
    names: [&'static str; 2],
    keys: &[String; 2],
) -> impl Iterator<Item = (&'static str, String)> {
    names.into_iter().zip(keys.iter().cloned())
}

fn receiver(setting: Setting, keys: &Keys, rng: &mut Rng) -> Receiver {
    let all = || {
        pair(DEFAULT, &keys.default)
            .chain(pair(US, &keys.us))
            .chain(pair(EU, &keys.eu))
    };
    let [us, eu] = ["US-EAST-1", "EU-CENTRAL-1"].map(str::to_owned);
    let primary = *rng.choice(&["US_EAST_1", "EU_CENTRAL_1"]).unwrap();
    let mode = std::iter::once((REGION, primary.to_owned()));
    let either = vec![if rng.bool() { us.clone() } else { eu.clone() }];
    match setting {
        Setting::InCode => (vec![], Some(keys.us.clone()), either, keys.us.clone()),
        Setting::InCodeBesideOthers => {
            let others = all().chain(mode).collect();
            (others, Some(keys.eu.clone()), either, keys.eu.clone())
        }
        Setting::OneRegion => {
            let own = pair(DEFAULT, &keys.default).collect();
            (own, None, either, keys.default.clone())
        }
        Setting::OneRegionBesideOthers => (all().collect(), None, either, keys.default.clone()),
        Setting::BothFromUs => (all().chain(mode).collect(), None, vec![us], keys.us.clone()),
        Setting::BothFromEu => (all().chain(mode).collect(), None, vec![eu], keys.eu.clone()),
        Setting::BothWithoutHeader => (
            all().chain(mode).collect(),
            None,
            vec![],
            keys.default.clone(),
        ),
        Setting::BothWithHalfAPair => {
            let half = pair(DEFAULT, &keys.default).chain(pair(US, &keys.us).take(1));
            (
                half.chain(mode).collect(),
                None,
                vec![us],
                keys.default.clone(),
            )
        }
    }
}

fn url(rng: &mut Rng) -> String {
    let path = id(rng, "");
    let shape = rng.usize(..8);
    match shape {
        0 => "https://example.com".to_owned(),
        1 => format!("https://{path}.requestcatcher.com/test"),
        2 => format!("https://webhook.site/{path}"),
        3 => format!("https://api.example.com/{path}?from=qstash&a=b%20c#top"),
        4 => format!("http://127.0.0.1:{}/{path}", rng.u16(1024..)),
        5 => format!("https://ex\u{e4}mple.com/{path}/\u{65e5}\u{672c}"),
        6 => format!("https://user:secret@example.com/{path}?q=\"<&>\""),
        _ => format!("https://example.com/{}", path.repeat(rng.usize(1..6))),
    }
}

/// Returns a text body, which every SDK accepts.
fn body(rng: &mut Rng) -> Vec<u8> {
    let words = id(rng, "");
    match rng.usize(..8) {
        0 => Vec::new(),
        1 => format!("{{\"message\":\"{words}\"}}").into_bytes(),
        2 => format!("{{\n  \"n\": {}, \"f\": 1.50\n}}\n", rng.u32(..)).into_bytes(),
        3 => words.into_bytes(),
        4 => format!("\u{65e5}\u{672c}\u{8a9e} \u{1f600} e\u{301} {words}").into_bytes(),
        5 => format!("\r\n\t \0\u{7f}{words}\u{2028}").into_bytes(),
        6 => words.repeat(rng.usize(1..150)).into_bytes(),
        _ => format!("a={words}&b=%20").into_bytes(),
    }
}
