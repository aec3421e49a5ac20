//! Target `token`: raw bytes as the token, and as parts of a correctly signed one.

use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::{SigningKeys, Verifier};

use crate::compare;
use crate::reference::environment::Keys;
use crate::reference::{Head, Setup, base64url, mac};

/// The keys of two captured deliveries, of 2024 and 2022, whose tokens are seeds.
const KEYS: [&str; 2] = [
    "sig_561zQH6V9b96E63sS3b9wvGXosi7",
    "sig_55CLgfUo1cbmvP6kZ2Z3WU4fQ1A3",
];
/// A time at which the delivery of 2024 is valid.
const NOW: u64 = 1_721_068_900;
/// The body of the delivery of 2024.
const BODY: &[u8] = br#"{"message":"hello world"}"#;

const LIMIT: u64 = 25;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    Verifier::builder(SigningKeys::new(KEYS[0], KEYS[1]).unwrap())
        .clock(|| UNIX_EPOCH + Duration::from_secs(NOW))
        .body_limit(LIMIT)
        .build()
});

/// Runs one input in four roles; returns `ok` or a code for each.
///
/// The roles are the token, the payload, the JOSE header, and JOSE header and payload,
/// split at the first line break.
///
/// # Panics
/// If the core and the reference differ.
pub fn run(data: &[u8]) -> [&'static str; 4] {
    let usual = br#"{"alg":"HS256","typ":"JWT"}"#;
    let (header, payload) = match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &b"{}"[..]),
    };
    [
        verify(data.to_vec()),
        verify(signed(usual, data, KEYS[0])),
        verify(signed(data, &genuine_payload(), KEYS[1])),
        verify(signed(header, payload, KEYS[data.len() % 2])),
    ]
}

fn signed(header: &[u8], payload: &[u8], key: &str) -> Vec<u8> {
    let [header, payload] = [header, payload].map(base64url::encode);
    let input = format!("{header}.{payload}");
    let mac = mac::hmac(key.as_bytes(), input.as_bytes());
    format!("{input}.{}", base64url::encode(&mac)).into_bytes()
}

/// Returns the claims of a delivery of [`BODY`] that is valid at [`NOW`].
#[must_use]
pub fn genuine_payload() -> Vec<u8> {
    let hash = base64url::encode(&mac::sha256(BODY));
    let exp = NOW + 290;
    format!(r#"{{"aud":"","body":"{hash}=","exp":{exp},"iss":"Upstash","sub":"https://a.b/"}}"#)
        .into_bytes()
}

fn verify(token: Vec<u8>) -> &'static str {
    let setup = Setup {
        keys: Keys::Explicit(KEYS.map(str::to_owned)),
        destination: None,
        now: NOW as f64,
        tolerance: 0.0,
        limit: LIMIT,
    };
    let head = Head {
        headers: vec![(b"upstash-signature".to_vec(), token)],
        target: "/".to_owned(),
    };
    let expected = setup.verify_head(&head);
    let verdict = expected.and_then(|genuine| {
        setup.verify_body(&genuine, BODY)?;
        Ok(genuine)
    });
    let found = VERIFIER.verify(&compare::request_head(&head), BODY);
    compare::verdicts(verdict.as_ref().map_err(|code| *code), found.as_ref());
    verdict.err().unwrap_or("ok")
}
