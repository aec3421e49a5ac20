//! Cases of the table: a function per row, with the row's name.

mod accepted;
mod body;
mod claims;
mod keys;
mod lengths;
mod replay;
mod token;

pub(crate) use accepted::*;
pub(crate) use body::*;
pub(crate) use claims::*;
pub(crate) use keys::*;
pub(crate) use replay::*;
pub(crate) use token::*;

use qstash_verify::{KeyRing, ReplayProtection, Verifier, VerifierBuilder};
use qstash_verify_tests::{BASE, BODY, DEFAULT, NOW, Token, URL, lookup, pinned, signing_keys};

/// The body limit of the verifiers.
pub(crate) const LIMIT: u64 = 1024;
/// The verifiers' clock, in seconds since the Unix epoch.
const CLOCK: i64 = NOW + 10;

/// A verifier and requests with the same expected result.
pub(crate) struct Case {
    pub(crate) verifier: Verifier,
    pub(crate) replay: ReplayProtection,
    pub(crate) deliveries: Vec<Delivery>,
    /// Words that the event of a refusal must contain.
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
    /// With `Content-Length`.
    Whole(Vec<u8>),
    /// In chunks of five bytes.
    Chunks(Vec<u8>),
    /// Only `Content-Length`, no bytes sent.
    Declared(u64),
    /// With `Content-Length`, without the last byte.
    Truncated(Vec<u8>),
    /// In chunks of five bytes, without the last chunk.
    TruncatedChunks(Vec<u8>),
    /// A chunk without a size.
    MalformedChunks(Vec<u8>),
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
        replay: ReplayProtection::default(),
        deliveries: deliveries.into_iter().collect(),
        named: &[],
    }
}

fn token() -> Token {
    qstash_verify_tests::token(BODY)
}

/// A request with this signature header and [`BODY`].
fn with(signature: impl Into<String>) -> Delivery {
    Delivery {
        signatures: vec![signature.into()],
        region: None,
        body: Body::Whole(BODY.to_vec()),
    }
}

/// A request with this token, signed with the current key.
fn signed(token: &Token) -> Delivery {
    with(token.sign(DEFAULT[0]))
}

/// A genuine head for `signed_body`, with `body`.
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
