//! The cases of the table: a function for each row, under the name that the row has.

mod accepted;
mod body;
mod claims;
mod keys;
mod lengths;
mod token;

pub(crate) use accepted::*;
pub(crate) use body::*;
pub(crate) use claims::*;
pub(crate) use keys::*;
pub(crate) use token::*;

use qstash_verify::{KeyRing, Verifier, VerifierBuilder};
use qstash_verify_tests::{BASE, BODY, DEFAULT, NOW, Token, URL, lookup, pinned, signing_keys};

/// The longest body that is accepted here.
pub(crate) const LIMIT: u64 = 1024;
/// The time of the clock. There is no tolerance unless one is set.
const CLOCK: i64 = NOW + 10;

/// A verifier, and requests that all get the same answer.
pub(crate) struct Case {
    pub(crate) verifier: Verifier,
    pub(crate) deliveries: Vec<Delivery>,
    /// Words that the log line of a refusal must name.
    pub(crate) named: &'static [&'static str],
}

/// A request.
#[derive(Clone)]
pub(crate) struct Delivery {
    /// The `upstash-signature` headers.
    pub(crate) signatures: Vec<String>,
    pub(crate) region: Option<&'static str>,
    pub(crate) body: Body,
}

/// A body, and its framing.
#[derive(Clone)]
pub(crate) enum Body {
    /// With its length.
    Whole(Vec<u8>),
    /// In chunks of five bytes.
    Chunks(Vec<u8>),
    /// Its length, and nothing else yet.
    Announced(u64),
    /// With its length, but the last byte is never sent.
    CutOff(Vec<u8>),
    /// In chunks of five bytes, but the end of the chunks is never sent.
    ChunksCutOff(Vec<u8>),
    /// In chunks, one of which has no length.
    BrokenChunks(Vec<u8>),
}

fn builder(ring: impl Into<KeyRing>) -> VerifierBuilder {
    Verifier::builder(ring)
        .base_url(BASE)
        .unwrap()
        .body_limit(LIMIT)
        .clock(pinned(CLOCK))
}

fn ring(variables: &[&[(&str, &str)]]) -> KeyRing {
    KeyRing::from_lookup(lookup(&variables.concat())).unwrap()
}

fn case(deliveries: impl IntoIterator<Item = Delivery>) -> Case {
    Case {
        verifier: builder(signing_keys(&DEFAULT)).build(),
        deliveries: deliveries.into_iter().collect(),
        named: &[],
    }
}

fn token() -> Token {
    qstash_verify_tests::token(BODY)
}

/// A request with this in its one signature header, and [`BODY`].
fn with(signature: impl Into<String>) -> Delivery {
    Delivery {
        signatures: vec![signature.into()],
        region: None,
        body: Body::Whole(BODY.to_vec()),
    }
}

/// The same with this token, which the current key signed.
fn signed(token: &Token) -> Delivery {
    with(token.sign(DEFAULT[0]))
}

/// A genuine head for `signed_body`, and another body or the same.
fn genuine(signed_body: &[u8], body: Body) -> Delivery {
    Delivery {
        body,
        ..signed(&Token::new(URL, signed_body, NOW))
    }
}

impl Delivery {
    fn of(mut self, region: &'static str) -> Self {
        self.region = Some(region);
        self
    }
}
