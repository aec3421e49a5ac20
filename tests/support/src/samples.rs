//! Requests, at least one for each code of a refusal.

use bytes::Bytes;
use qstash_verify::{KeyRing, Verifier, VerifierBuilder};

use crate::{
    BASE, BodyScript, DEFAULT, EU, EU_VARIABLES, MULTI_REGION, NOW, Step, Token, URL, builder,
    lookup, minutes_apart, pinned,
};

const BODY: &[u8] = b"hello";

/// A request to [`TARGET`](crate::TARGET), and the code of its refusal.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The code of the refusal, or `ok`.
    pub code: &'static str,
    /// The verifier under test.
    pub verifier: Verifier,
    /// Header names and values.
    pub headers: Vec<(&'static str, Vec<u8>)>,
    chunks: Vec<&'static [u8]>,
    /// Whether the body fails after its chunks.
    is_cut: bool,
}

impl Sample {
    /// A sample with this signature header.
    fn new(code: &'static str, token: impl Into<Vec<u8>>) -> Self {
        let verifier = builder().base_url(BASE).unwrap();
        Sample {
            code,
            verifier: verifier.body_limit(100).build(),
            headers: vec![("upstash-signature", token.into())],
            chunks: vec![BODY],
            is_cut: false,
        }
    }

    /// A sample with a token signed with the current key.
    fn signed(code: &'static str, token: &Token) -> Self {
        Sample::new(code, token.sign(DEFAULT[0]))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn body(mut self, chunks: &[&'static [u8]]) -> Self {
        self.chunks = chunks.to_vec();
        self
    }

    fn cut(mut self) -> Self {
        self.is_cut = true;
        self
    }

    /// Returns the body, which fails with `cut` if it is truncated.
    pub fn script<E>(&self, cut: E) -> BodyScript<E> {
        let chunks = self.chunks.iter().copied().map(Bytes::from_static);
        let cut = self.is_cut.then_some(Step::Error(cut));
        BodyScript::new(chunks.map(Step::Data).chain(cut)).0
    }

    /// Uses a verifier with the EU keys only.
    fn of_eu(mut self) -> Self {
        self.verifier = verifier_of_eu().clock(pinned(NOW + 10)).build();
        self
    }

    /// Uses a verifier with the EU keys only, whose clock advances by minutes.
    fn of_eu_minutes_apart(mut self) -> Self {
        self.verifier = verifier_of_eu().clock(minutes_apart()).build();
        self
    }
}

fn verifier_of_eu() -> VerifierBuilder {
    let variables = [&EU_VARIABLES[..], &[MULTI_REGION]].concat();
    Verifier::builder(KeyRing::from_lookup(lookup(&variables)).unwrap())
}

/// Returns at least one sample per code, and accepted ones.
#[must_use]
pub fn samples() -> Vec<Sample> {
    let token = || Token::new(URL, BODY, NOW);
    let genuine = || Sample::signed("ok", &token());
    let all = vec![
        genuine(),
        genuine().header("content-length", "5"),
        genuine().body(&[b"he", b"", b"l", b"lo"]),
        Sample::new("ok", token().sign(DEFAULT[1])),
        Sample::signed("ok", &Token::new(URL, b"", NOW)).body(&[]),
        Sample::new("malformed_token", ""),
        Sample::new("malformed_token", "a.b"),
        Sample::new("malformed_token", [0x80, 0xff]),
        Sample::new("malformed_token", "a".repeat(8193)),
        Sample::signed("malformed_token", &token().payload("[]")),
        Sample::signed("malformed_token", &token()).header("upstash-signature", "x"),
        Sample::signed(
            "unsupported_algorithm",
            &token().header(r#"{"alg":"HS512"}"#),
        ),
        Sample::signed(
            "unsupported_algorithm",
            &token().header(r#"{"alg":"HS256","crit":["x"]}"#),
        ),
        Sample::new("bad_signature", token().sign("sig_mallory")),
        Sample::new("bad_signature", token().sign("sig_mallory")).header("content-length", "101"),
        Sample::signed("missing_claim", &token().without("body")),
        Sample::signed("invalid_claim", &token().claim("exp", "[]")),
        Sample::signed("invalid_claim", &token().again("exp", "1")),
        Sample::signed("wrong_issuer", &token().claim("iss", r#""x""#)),
        Sample::signed("expired", &token().claim("exp", "1")),
        Sample::signed("not_yet_valid", &token().claim("nbf", "9e9")),
        Sample::signed("url_mismatch", &Token::new("https://x/\n", BODY, NOW)),
        Sample::signed("body_mismatch", &token()).body(&[b"other"]),
        Sample::signed("body_mismatch", &token()).body(&[]),
        Sample::signed("body_too_large", &token()).header("content-length", "101"),
        Sample::signed("body_too_large", &token()).body(&[&[b'x'; 60], &[b'x'; 60]]),
        Sample::signed("body_unreadable", &token()).cut(),
        Sample::signed("body_unreadable", &token())
            .body(&[b"he"])
            .cut(),
        Sample::new("no_signing_keys", token().sign(EU[0])).of_eu_minutes_apart(),
        Sample::new("ok", token().sign(EU[0]))
            .of_eu()
            .header("upstash-region", "EU-CENTRAL-1"),
    ];
    let mut unsigned = Sample::new("missing_signature", "");
    unsigned.headers.clear();
    all.into_iter().chain([unsigned]).collect()
}
