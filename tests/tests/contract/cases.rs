//! What is sent for each row of the table.

use qstash_verify::{KeyRing, Verifier, VerifierBuilder};
use qstash_verify_tests::{
    DEFAULT, EU, EU_VARIABLES, MULTI_REGION, NOW, Token, URL, US, US_VARIABLES, base64url, lookup,
    pinned, signing_keys,
};

/// The longest body that is accepted here.
pub(crate) const LIMIT: u64 = 1024;
const BODY: &[u8] = br#"{"message":"hello world"}"#;
/// What the clock says. There is no tolerance unless one is set.
const CLOCK: i64 = NOW + 10;

/// A verifier, and requests that all get the same answer.
pub(crate) struct Case {
    pub(crate) verifier: Verifier,
    pub(crate) sent: Vec<Sent>,
    /// What the line of log about a refusal must name.
    pub(crate) named: &'static [&'static str],
}

/// A request.
#[derive(Clone)]
pub(crate) struct Sent {
    /// The `upstash-signature` headers.
    pub(crate) signatures: Vec<String>,
    pub(crate) region: Option<&'static str>,
    pub(crate) body: Body,
}

/// How a body comes.
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

fn keys(ring: impl Into<KeyRing>) -> VerifierBuilder {
    Verifier::builder(ring)
        .base_url("https://api.example.com")
        .unwrap()
        .body_limit(LIMIT)
        .clock(pinned(CLOCK))
}

fn ring(variables: &[&[(&str, &str)]]) -> KeyRing {
    KeyRing::from_lookup(lookup(&variables.concat())).unwrap()
}

fn case(sent: impl IntoIterator<Item = Sent>) -> Case {
    Case {
        verifier: keys(signing_keys(&DEFAULT)).build(),
        sent: sent.into_iter().collect(),
        named: &[],
    }
}

fn token() -> Token {
    Token::new(URL, BODY, NOW)
}

/// A request with this in its one signature header, and [`BODY`].
fn with(signature: impl Into<String>) -> Sent {
    Sent {
        signatures: vec![signature.into()],
        region: None,
        body: Body::Whole(BODY.to_vec()),
    }
}

/// The same with this token, which the current key signed.
fn signed(token: &Token) -> Sent {
    with(token.sign(DEFAULT[0]))
}

/// A genuine head for `body`, and another body or the same.
fn genuine(body: &[u8], sent: Body) -> Sent {
    Sent {
        body: sent,
        ..signed(&Token::new(URL, body, NOW))
    }
}

impl Sent {
    fn of(mut self, region: &'static str) -> Self {
        self.region = Some(region);
        self
    }
}

/// How much filling gives a text exactly this length, where 3 more bytes are 4
/// characters more of base64url.
fn of_length(length: usize, text: impl Fn(usize) -> String) -> usize {
    let about = (length - text(0).len()) / 4 * 3;
    let mut fills = about..about + 6;
    fills.find(|fill| text(*fill).len() == length).unwrap()
}

/// A header that asks for nothing special, of this many characters of base64url.
fn header_of(length: usize) -> String {
    let header = |fill| format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(fill));
    header(of_length(length, |fill| base64url(header(fill))))
}

/// A genuine token of this length.
fn token_of(length: usize) -> String {
    let token = |fill| {
        let value = format!(r#""{}""#, "x".repeat(fill));
        token().claim("x", &value).sign(DEFAULT[0])
    };
    token(of_length(length, token))
}

// Accepted.

pub(crate) fn signed_by_the_current_key() -> Case {
    // What the hash is padded with is no part of it.
    let padded = token();
    let hash = padded.value("body").unwrap().replace('=', "");
    let unpadded = token().claim("body", &hash);
    case([signed(&padded), signed(&unpadded)])
}

pub(crate) fn signed_by_the_next_key() -> Case {
    case([with(token().sign(DEFAULT[1]))])
}

pub(crate) fn of_each_region() -> Case {
    let of = |pair: [&str; 2], region| pair.map(|key| with(token().sign(key)).of(region));
    Case {
        verifier: keys(ring(&[&US_VARIABLES, &EU_VARIABLES, &[MULTI_REGION]])).build(),
        ..case([of(US, "US-EAST-1"), of(EU, "EU-CENTRAL-1")].concat())
    }
}

pub(crate) fn in_chunks() -> Case {
    case([genuine(BODY, Body::Chunks(BODY.to_vec()))])
}

pub(crate) fn empty() -> Case {
    case([Body::Whole(Vec::new()), Body::Chunks(Vec::new())].map(|body| genuine(b"", body)))
}

pub(crate) fn at_every_bound() -> Case {
    let longest = vec![b'x'; usize::try_from(LIMIT).unwrap()];
    case([
        with(token_of(8 * 1024)),
        signed(&token().header(&header_of(1024))),
        signed(&token().claim("exp", &format!("{CLOCK}.001"))),
        signed(&token().claim("nbf", &CLOCK.to_string())),
        genuine(&longest, Body::Whole(longest.clone())),
        genuine(&longest, Body::Chunks(longest.clone())),
    ])
}

pub(crate) fn without_what_is_optional() -> Case {
    case(["aud", "iat", "jti", "nbf"].map(|claim| signed(&token().without(claim))))
}

// Refused for their token.

pub(crate) fn no_signature() -> Case {
    case([Sent {
        signatures: Vec::new(),
        ..with("")
    }])
}

pub(crate) fn two_signatures() -> Case {
    let good = token().sign(DEFAULT[0]);
    let sent = |pair: [&str; 2]| Sent {
        signatures: pair.map(str::to_owned).to_vec(),
        ..with("")
    };
    case([[&*good, &*good], [&*good, "x"], ["", &*good]].map(sent))
}

pub(crate) fn not_three_parts() -> Case {
    let good = token().sign(DEFAULT[0]);
    let (two, _) = good.rsplit_once('.').unwrap();
    let [two, four] = [two.to_owned(), format!("{good}.")];
    case([String::new(), "x".to_owned(), two, four].map(with))
}

pub(crate) fn not_base64url() -> Case {
    let good = token().sign(DEFAULT[0]);
    let [header, payload, mac] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("{good}");
    };
    case([
        with(format!("{header}=.{payload}.{mac}")),
        with(format!("{header}.{payload}+.{mac}")),
        with(format!("{header}.{payload}.{mac}=")),
        with(format!("{header}.{payload}.{mac}!")),
    ])
}

pub(crate) fn over_8_kib() -> Case {
    // But for its length it is genuine.
    case([with(token_of(8 * 1024 + 1))])
}

pub(crate) fn header_over_1_kib() -> Case {
    // No base64url has one character more.
    case([signed(&token().header(&header_of(1024 + 2)))])
}

pub(crate) fn header_with_a_name_twice() -> Case {
    case(
        [
            r#"{"alg":"HS256","alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT","typ":"JWT"}"#,
        ]
        .map(|header| signed(&token().header(header))),
    )
}

const NO_OBJECTS: [&str; 5] = ["", "{", "[]", r#""HS256""#, r#"{"alg":"HS256"} x"#];

pub(crate) fn header_no_json_object() -> Case {
    case(NO_OBJECTS.map(|header| signed(&token().header(header))))
}

pub(crate) fn payload_no_json_object() -> Case {
    case(NO_OBJECTS.map(|payload| signed(&token().payload(payload))))
}

pub(crate) fn another_algorithm() -> Case {
    let headers = ["none", "hs256", "HS384", "HS512", "RS256"]
        .map(|alg| format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
    let absent = r#"{"typ":"JWT"}"#.to_owned();
    let headers = headers.into_iter().chain([absent]);
    case(headers.map(|header| signed(&token().header(&header))))
}

pub(crate) fn crit() -> Case {
    case(
        [
            r#"{"alg":"HS256","crit":["exp"]}"#,
            r#"{"alg":"HS256","crit":null}"#,
        ]
        .map(|header| signed(&token().header(header))),
    )
}

pub(crate) fn neither_key() -> Case {
    case([with(token().sign("sig_ofSomebodyElse"))])
}

/// Claims are nothing to one who has no key.
pub(crate) fn neither_key_and_wrong_claims() -> Case {
    let wrong = [
        token().claim("exp", "0"),
        token().claim("iss", r#""x""#),
        token().claim("sub", r#""x""#),
        token().without("exp"),
        token().payload("[]"),
    ];
    case(wrong.map(|token| with(token.sign("sig_ofSomebodyElse"))))
}

pub(crate) fn damaged_token() -> Case {
    let good = token().sign(DEFAULT[0]);
    let later = token().claim("exp", "9e9").sign("sig_ofSomebodyElse");
    let (input, _) = later.rsplit_once('.').unwrap();
    let (own_input, mac) = good.rsplit_once('.').unwrap();
    case([
        // Another payload with the signature of this one; half a signature; none.
        with(format!("{input}.{mac}")),
        with(format!("{own_input}.{}", mac.split_at(24).0)),
        with(format!("{own_input}.")),
    ])
}

// Refused for their claims.

fn without(claim: &str) -> Case {
    case(DEFAULT.map(|key| with(token().without(claim).sign(key))))
}

pub(crate) fn no_iss() -> Case {
    without("iss")
}

pub(crate) fn no_sub() -> Case {
    without("sub")
}

pub(crate) fn no_exp() -> Case {
    without("exp")
}

pub(crate) fn no_body_claim() -> Case {
    without("body")
}

const CLAIMS: [&str; 8] = ["aud", "body", "exp", "iat", "iss", "jti", "nbf", "sub"];

pub(crate) fn wrong_type() -> Case {
    let wrong = CLAIMS.iter().flat_map(|claim| {
        ["null", "true", "{}", "[1]"].map(|json| signed(&token().claim(claim, json)))
    });
    case(wrong)
}

pub(crate) fn repeated_claim() -> Case {
    let again = |claim| {
        let token = token();
        let value = token.value(claim).unwrap().to_owned();
        signed(&token.again(claim, &value))
    };
    case(CLAIMS.map(again))
}

pub(crate) fn wrong_issuer() -> Case {
    case(["\"upstash\"", "\"\""].map(|iss| signed(&token().claim("iss", iss))))
}

pub(crate) fn expired() -> Case {
    // The first moment at which it is so.
    let now = token().claim("exp", &CLOCK.to_string());
    let long_ago = Token::new(URL, BODY, 0);
    // The reason of the key that signed is the reason.
    let both = [now, long_ago].map(|token| DEFAULT.map(|key| with(token.sign(key))));
    case(both.concat())
}

pub(crate) fn not_yet_valid() -> Case {
    case(
        [format!("{CLOCK}.001"), "1e300".to_owned()].map(|nbf| signed(&token().claim("nbf", &nbf))),
    )
}

pub(crate) fn other_url() -> Case {
    let urls = [
        "https://elsewhere.example.com/hooks/qstash?from=qstash",
        "https://api.example.com/hooks/qstash",
        "https://api.example.com/hooks/qstash?from=qstash&x",
        "https://api.example.com/hooks/other?from=qstash",
        "/hooks/qstash?from=qstash",
        "",
    ];
    case(urls.map(|url| signed(&Token::new(url, BODY, NOW))))
}

// Refused for their body.

fn others() -> [Vec<u8>; 3] {
    [
        b"x".repeat(BODY.len()),
        [BODY, b"\n"].concat(),
        BODY[1..].to_vec(),
    ]
}

pub(crate) fn other_body() -> Case {
    let no_hash = signed(&token().claim("body", "\"\""));
    let others = others().map(|other| genuine(BODY, Body::Whole(other)));
    case(others.into_iter().chain([no_hash]))
}

pub(crate) fn other_body_in_chunks() -> Case {
    case(others().map(|other| genuine(BODY, Body::Chunks(other))))
}

pub(crate) fn no_body() -> Case {
    case([Body::Whole(Vec::new()), Body::Chunks(Vec::new())].map(|body| genuine(BODY, body)))
}

pub(crate) fn announced_over_the_limit() -> Case {
    case(
        [LIMIT + 1, 50 * 1024 * 1024, 1 << 62].map(|length| genuine(BODY, Body::Announced(length))),
    )
}

fn too_long() -> Vec<u8> {
    vec![b'x'; usize::try_from(LIMIT + 1).unwrap()]
}

pub(crate) fn over_the_limit() -> Case {
    case([genuine(&too_long(), Body::Whole(too_long()))])
}

pub(crate) fn chunks_over_the_limit() -> Case {
    case([genuine(&too_long(), Body::Chunks(too_long()))])
}

pub(crate) fn ended_early() -> Case {
    case([genuine(BODY, Body::CutOff(BODY.to_vec()))])
}

pub(crate) fn chunks_ended_early() -> Case {
    case([genuine(BODY, Body::ChunksCutOff(BODY.to_vec()))])
}

pub(crate) fn broken_chunks() -> Case {
    case([genuine(BODY, Body::BrokenChunks(BODY.to_vec()))])
}

// Refused for want of keys.

pub(crate) fn region_without_keys() -> Case {
    Case {
        verifier: keys(ring(&[&EU_VARIABLES, &[MULTI_REGION]])).build(),
        named: &[
            "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY",
            "US_EAST_1_QSTASH_NEXT_SIGNING_KEY",
            " QSTASH_CURRENT_SIGNING_KEY",
            " QSTASH_NEXT_SIGNING_KEY",
        ],
        // Whoever signed it.
        ..case([EU[0], US[0], DEFAULT[0]].map(|key| with(token().sign(key)).of("US-EAST-1")))
    }
}

pub(crate) fn no_region_and_no_default_keys() -> Case {
    Case {
        verifier: keys(ring(&[&US_VARIABLES, &EU_VARIABLES, &[MULTI_REGION]])).build(),
        named: &[" QSTASH_CURRENT_SIGNING_KEY", " QSTASH_NEXT_SIGNING_KEY"],
        ..case([
            with(token().sign(US[0])),
            with(token().sign(EU[0])).of("nowhere"),
        ])
    }
}
