//! Time of a verification, compared with two baselines in the same run:
//! - the floor, the cryptography that every verifier needs: one HMAC-SHA256 over the
//!   token with a prepared key (two for a forgery, which needs both keys tried), one
//!   SHA-256 over the body;
//! - a straightforward verifier: `jsonwebtoken` and a SHA-256 of the body.
//!
//! All three get the token; the last line is the time of finding it, and the region,
//! among twelve headers.
//!
//! `cargo bench -p qstash-verify` runs criterion's benchmarks, for comparison with
//! earlier runs, and then prints a table of the ratios. The three are sampled in turn,
//! so that other load on the machine affects all of them.
#![allow(clippy::print_stdout, reason = "a bench prints its table")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench whose set-up fails must stop"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use criterion::{Criterion, Throughput};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use qstash_verify::{RequestHead, SigningKeys, Verifier, VerifyError};
use serde::Deserialize;
use sha2::{Digest, Sha256};

const CURRENT: &str = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r";
const NEXT: &str = "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs";
const FORGED: &str = "sig_9ZzQ1uJq3mVtB5yWc7xKe2HnLd4P";

/// Names in the table and lengths of the bodies.
const SIZES: [(&str, usize); 4] = [
    ("0 B", 0),
    ("1 KiB", 1024),
    ("16 KiB", 16 * 1024),
    ("1 MiB", 1024 * 1024),
];

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .nresamples(10_000)
        .configure_from_args();
    let setup = Setup::new();
    let mut cases: Vec<Case> = SIZES
        .into_iter()
        .map(|(name, size)| Case::new(name, CURRENT, size))
        .collect();
    cases.push(Case::new("forged", FORGED, 1024));

    for case in &cases {
        let mut group = criterion.benchmark_group(case.name);
        if case.genuine && !case.body.is_empty() {
            group.throughput(Throughput::Bytes(case.body.len() as u64));
        }
        group.bench_function("floor", |b| b.iter(|| setup.floor(case)));
        let head = case.head();
        group.bench_function("ours", |b| b.iter(|| setup.ours(case, &head)));
        group.bench_function("jsonwebtoken", |b| b.iter(|| setup.straightforward(case)));
        group.finish();
    }
    let mut group = criterion.benchmark_group("unsigned");
    let unsigned = Case::unsigned();
    let head = unsigned.head();
    group.bench_function("ours", |b| b.iter(|| setup.ours(&unsigned, &head)));
    group.bench_function("headers", |b| b.iter(|| black_box(unsigned.head())));
    group.finish();
    criterion.final_summary();

    // `cargo test --benches` runs a bench without this argument.
    if std::env::args().any(|argument| argument == "--bench") {
        table(&setup, &cases);
        headers_line(&cases[0]);
    }
}

/// A request.
struct Case {
    name: &'static str,
    genuine: bool,
    token: String,
    signing_input: usize,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Case {
    fn head(&self) -> RequestHead<'_> {
        let headers = self.headers.iter().map(|(name, value)| (*name, value));
        RequestHead::new(black_box(headers), "/webhooks/orders")
    }

    /// Creates a delivery in the form that QStash sends, signed with `key`.
    fn new(name: &'static str, key: &str, size: usize) -> Self {
        let body: Vec<u8> = (0..=250).cycle().take(size).collect();
        let payload = format!(
            "{{\"aud\":\"\",\"body\":\"{}\",\"exp\":4102444800,\"iat\":4102444500,\
             \"iss\":\"Upstash\",\"jti\":\"jwt_4tDrPZmrYFWzeMEFMYGfUsmRRHbz\",\
             \"nbf\":-62135596800,\"sub\":\"https://api.example.com/webhooks/orders\"}}",
            URL_SAFE.encode(Sha256::digest(&body)),
        );
        let mut token = format!(
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{}",
            URL_SAFE_NO_PAD.encode(payload)
        );
        let signing_input = token.len();
        let mac = prepared(key).chain_update(&token).finalize().into_bytes();
        token = format!("{token}.{}", URL_SAFE_NO_PAD.encode(mac));
        let text = str::to_owned;
        let headers = vec![
            ("host", text("api.example.com")),
            ("user-agent", text("Upstash-QStash")),
            ("content-length", size.to_string()),
            ("accept-encoding", text("gzip")),
            ("content-type", text("application/json")),
            ("upstash-caller-ip", text("203.0.113.7")),
            (
                "upstash-message-id",
                text("msg_7YoJxFpwkEy5zBp378JgvD6YBDPBEqkBPje2JGTCEUiASMJQ1FwY9"),
            ),
            ("upstash-region", text("EU-CENTRAL-1")),
            ("upstash-retried", text("0")),
            ("upstash-signature", token.clone()),
            ("x-forwarded-for", text("203.0.113.8")),
            ("x-forwarded-proto", text("https")),
        ];
        Case {
            name,
            genuine: key == CURRENT,
            token,
            signing_input,
            headers,
            body,
        }
    }

    /// Creates a request without a signature.
    fn unsigned() -> Self {
        let mut case = Case::new("unsigned", FORGED, 1024);
        case.headers
            .retain(|(name, _)| *name != "upstash-signature");
        case
    }
}

/// The three verifiers, prepared once as in a service.
struct Setup {
    keys: [Hmac<Sha256>; 2],
    /// Uses the system's clock, since reading it is part of the work.
    verifier: Verifier,
    decoding_keys: [DecodingKey; 2],
    validation: Validation,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "a handler would read these")]
struct Claims {
    body: String,
    exp: u64,
    iat: i64,
    jti: String,
    nbf: i64,
    sub: String,
}

impl Setup {
    fn new() -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_aud = false;
        // `jsonwebtoken` can't parse the negative `nbf` of a genuine token.
        validation.validate_nbf = false;
        validation.set_issuer(&["Upstash"]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        Setup {
            keys: [CURRENT, NEXT].map(prepared),
            verifier: Verifier::new(SigningKeys::new(CURRENT, NEXT).unwrap()),
            decoding_keys: [CURRENT, NEXT].map(|key| DecodingKey::from_secret(key.as_bytes())),
            validation,
        }
    }

    fn floor(&self, case: &Case) {
        let message = &case.token.as_bytes()[..case.signing_input];
        for key in &self.keys {
            black_box(key.clone().chain_update(black_box(message)).finalize());
            if case.genuine {
                black_box(Sha256::digest(black_box(&case.body)));
                break;
            }
        }
    }

    fn ours(&self, case: &Case, head: &RequestHead<'_>) {
        let verified = self.verifier.verify(black_box(head), black_box(&case.body));
        match &verified {
            Ok(_) => assert!(case.genuine),
            Err(VerifyError::BadSignature { .. } | VerifyError::MissingSignature) => {
                assert!(!case.genuine);
            }
            Err(other) => panic!("{other}"),
        }
        black_box(verified.is_ok());
    }

    fn straightforward(&self, case: &Case) {
        let claims = self.decoding_keys.iter().find_map(|key| {
            jsonwebtoken::decode::<Claims>(black_box(&case.token), key, &self.validation).ok()
        });
        let accepted = claims.is_some_and(|token| {
            let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(black_box(&case.body)));
            black_box(token.claims).body.trim_end_matches('=') == hash
        });
        assert_eq!(accepted, case.genuine);
    }
}

fn prepared(key: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(key.as_bytes()).unwrap()
}

/// Prints the time of each, and its ratio to the floor.
///
/// Both are medians. The column `idle` is the ratio of the fastest samples, close to that
/// of an idle machine: load can slow `ours` down by half and the floor not at all.
fn table(setup: &Setup, cases: &[Case]) {
    const ROUNDS: usize = 1000;
    const SAMPLE: Duration = Duration::from_micros(300);
    println!(
        "{:8} {:>12} {:>12} {:>7} {:>6} {:>17} {:>7} {:>6}",
        "body", "floor", "ours", "/floor", "idle", "jsonwebtoken+sha2", "/floor", "idle"
    );
    for case in cases {
        let head = case.head();
        let straightforward = || setup.straightforward(case);
        let ways: [&dyn Fn(); 3] = [
            &|| setup.floor(case),
            &|| setup.ours(case, &head),
            &straightforward,
        ];
        let once = Duration::from_secs_f64(time(ways[0], 10));
        let repeats = SAMPLE.as_nanos() / once.as_nanos().max(1);
        let repeats = u32::try_from(repeats).unwrap().clamp(1, 1000);
        let mut times = [(); 3].map(|()| Vec::with_capacity(ROUNDS));
        let mut ratios = [(); 3].map(|()| Vec::with_capacity(ROUNDS));
        for round in 0..ROUNDS {
            let mut taken = [0.0; 3];
            // The order rotates, since the first of a round runs with colder caches.
            for turn in 0..3 {
                let way = (round + turn) % 3;
                taken[way] = time(ways[way], repeats);
            }
            for way in 0..3 {
                times[way].push(taken[way]);
                ratios[way].push(taken[way] / taken[0]);
            }
        }
        for values in times.iter_mut().chain(&mut ratios) {
            values.sort_by(f64::total_cmp);
        }
        let time = |way: usize| format!("{:.0} ns", times[way][ROUNDS / 2] * 1e9);
        let ratio = |way: usize| ratios[way][ROUNDS / 2];
        let idle = |way: usize| times[way][ROUNDS / 50] / times[0][ROUNDS / 50];
        println!(
            "{:8} {:>12} {:>12} {:>7.3} {:>6.3} {:>17} {:>7.3} {:>6.3}",
            case.name,
            time(0),
            time(1),
            ratio(1),
            idle(1),
            time(2),
            ratio(2),
            idle(2)
        );
    }
}

/// Prints the time of finding the headers: the median and the fastest samples.
fn headers_line(case: &Case) {
    let find = || {
        black_box(case.head());
    };
    let mut times: Vec<_> = (0..1000).map(|_| time(&find, 1000) * 1e9).collect();
    times.sort_by(f64::total_cmp);
    println!(
        "finding the headers: {:.0} ns, idle {:.0} ns",
        times[500], times[20]
    );
}

/// Returns the seconds for one call.
fn time(way: &dyn Fn(), repeats: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..repeats {
        way();
    }
    start.elapsed().as_secs_f64() / f64::from(repeats)
}
