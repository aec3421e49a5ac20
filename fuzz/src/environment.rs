//! Target `environment`: keys, credentials and warnings of an environment.
//!
//! It also compares the key that verifies a delivery with a region header.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::{
    ConfigError, ConfigWarning, CredentialSource, Credentials, KeyRing, REGION_HEADER, Region,
    SIGNATURE_HEADER, Verifier,
};

use crate::compare;
use crate::reader::Reader;
use crate::reference::environment::{self as reference, Environment, Keys, Outcome};
use crate::reference::{Head, Setup, base64url, mac};

const NOW: u64 = 1_783_794_365;
const BODY: &[u8] = b"hello";

/// The byte that announces a region header; any other byte announces a variable.
///
/// The lower four bits of an input's first byte preset variables: the default pair, that
/// of US, that of EU, the region.
pub const HEADER: u8 = 255;

/// The variables, by the byte that announces them.
pub const VARIABLES: [&str; 14] = [
    "QSTASH_CURRENT_SIGNING_KEY",
    "QSTASH_NEXT_SIGNING_KEY",
    "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY",
    "US_EAST_1_QSTASH_NEXT_SIGNING_KEY",
    "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY",
    "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY",
    "QSTASH_REGION",
    "QSTASH_DEV",
    "QSTASH_URL",
    "QSTASH_TOKEN",
    "US_EAST_1_QSTASH_URL",
    "US_EAST_1_QSTASH_TOKEN",
    "EU_CENTRAL_1_QSTASH_URL",
    "EU_CENTRAL_1_QSTASH_TOKEN",
];

/// Values that have a meaning for some variables.
const VALUES: [&str; 31] = [
    "sig_a",
    "sig_b",
    "sig_c",
    "sig_d",
    "sig_e",
    "sig_f",
    " sig_a\n",
    "\"sig_a\"",
    "'sig_b'",
    "",
    " \t\r\n",
    "\u{a0}",
    "\u{200b}",
    "US_EAST_1",
    "eu-central-1",
    " Us-East_1 ",
    "MARS_1",
    "1",
    "TRUE",
    "0",
    reference::PUBLISHED[0],
    reference::PUBLISHED[1],
    "https://qstash.example/",
    "token",
    "https://qstash.example//",
    "false",
    "yes",
    "sig_\u{fffd}",
    "your_key",
    reference::PUBLISHED[7],
    "'sig_testNextKeyKnownToEveryone'",
];

/// Runs one input; returns `ok` or the kind of the error.
///
/// # Panics
/// If the core and the model differ.
pub fn run(data: &[u8]) -> &'static str {
    let mut input = Reader::new(data);
    let mut environment = preset(input.byte());
    let mut headers = vec![
        None,
        Some(b"US-EAST-1".to_vec()),
        Some(b"eu_central_1".to_vec()),
    ];
    while let Some(kind) = input.kind() {
        if kind == HEADER {
            headers.push(Some(input.bytes().to_vec()));
        } else {
            let name = VARIABLES[usize::from(kind) % VARIABLES.len()];
            environment.insert(name, input.text_of(&VALUES));
        }
    }

    let credentials = read(&environment, |lookup| Credentials::from_lookup(lookup));
    let credentials = words(credentials, &environment, Credentials::warnings);
    let credentials = credentials.map(|(it, warnings)| (owned(&it), warnings));
    assert_eq!(credentials, reference::credentials(&environment));

    // This build, and one with debug assertions.
    let builds: [(bool, Result<KeyRing, ConfigError>); 2] = [
        (
            cfg!(debug_assertions),
            read(&environment, |lookup| KeyRing::from_lookup(lookup)),
        ),
        (
            true,
            read(&environment, |lookup| {
                KeyRing::from_lookup_allow_development_keys(lookup)
            }),
        ),
    ];
    let (mut outcome, mut checked) = ("", None);
    for (debug_build, ring) in builds {
        let found = words(ring, &environment, KeyRing::warnings);
        let expected = reference::keys(&environment, debug_build);
        outcome = match (found, expected) {
            (Ok((ring, warnings)), Ok((keys, expected))) => {
                assert_eq!(warnings, expected);
                checked = Some((ring, keys));
                "ok"
            }
            (Err(found), Err(expected)) => {
                assert_eq!(found, expected);
                let kinds = [
                    "no keys",
                    "invalid region",
                    "invalid development mode",
                    "not unicode",
                    "empty key",
                    "development keys",
                ];
                let kind = kinds.into_iter().find(|kind| expected.starts_with(kind));
                kind.unwrap()
            }
            (found, expected) => panic!("{found:?}, and should be {expected:?}"),
        };
    }
    // Both builds have the same keys, unless one has an error.
    if let Some((ring, keys)) = checked {
        check_keys(&ring, keys, &environment, &headers);
    }
    outcome
}

/// Returns the variables that the first byte presets.
fn preset(bits: u8) -> Environment {
    let keys = VARIABLES[..6].iter().zip(VALUES);
    let all = keys.chain([(&VARIABLES[6], "US_EAST_1")]);
    let set = all.enumerate().filter(|(at, _)| bits >> (at / 2) & 1 == 1);
    set.map(|(_, (name, value))| (*name, value.to_owned()))
        .collect()
}

/// Reads an environment, and asserts that each variable is looked up at most once.
fn read<T>(
    environment: &Environment,
    make: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> T,
) -> T {
    let seen = RefCell::new(BTreeSet::new());
    make(&|name| {
        assert!(
            seen.borrow_mut().insert(name.to_owned()),
            "{name} is looked up twice"
        );
        environment.get(name).cloned()
    })
}

/// Translates a result into the words of the model.
fn words<T>(
    result: Result<T, ConfigError>,
    environment: &Environment,
    warnings: impl Fn(&T) -> &[ConfigWarning],
) -> Outcome<T> {
    let found = result.map_err(|error| words_of_error(&error, environment))?;
    let mut words: Vec<_> = warnings(&found).iter().map(words_of_warning).collect();
    words.sort();
    Ok((found, words))
}

fn words_of_error(error: &ConfigError, environment: &Environment) -> String {
    match error.clone() {
        ConfigError::NoSigningKeys {
            looked_for,
            half,
            unused,
            ..
        } => reference::no_keys(looked_for, half, unused),
        ConfigError::NoToken { looked_for, .. } => reference::no_token(looked_for),
        ConfigError::InvalidRegion { value, .. } => {
            // The value is truncated if it may be a secret.
            let set = environment["QSTASH_REGION"].trim();
            let secret = set.len() > 24 || set.contains("sig_") || set.contains("eyJ");
            assert!(
                if secret {
                    value.chars().count() <= 5
                } else {
                    value == set
                },
                "{value}"
            );
            "invalid region".to_owned()
        }
        ConfigError::DevelopmentKeysInRelease { variables, .. } => development_keys(&variables),
        ConfigError::EmptySigningKey => "empty key".to_owned(),
        ConfigError::InvalidDevelopmentMode { .. } => "invalid development mode".to_owned(),
        ConfigError::NotUnicode { variable, .. } => format!("not unicode: {variable}"),
        other => format!("{other:?}"),
    }
}

fn development_keys(variables: &[&str]) -> String {
    format!("development keys: {}", variables.join(", "))
}

fn words_of_warning(warning: &ConfigWarning) -> String {
    match warning.clone() {
        ConfigWarning::NoKeysForRegion { region, .. } => format!("no keys for {region}"),
        ConfigWarning::HalfPair {
            region, missing, ..
        } => {
            let owner = region.map_or("default", Region::as_str);
            format!("half of {owner}: {missing}")
        }
        ConfigWarning::SharedKey { first, second, .. } => reference::shared(first, second),
        ConfigWarning::RegionNotSet { unused, .. } => reference::not_used(unused),
        ConfigWarning::DevelopmentKeys { variables, .. } => development_keys(&variables),
        ConfigWarning::UnlikelyValue {
            variable, problem, ..
        } => format!("{variable}: {problem:?}"),
        ConfigWarning::RepeatedKey { current, next, .. } => {
            format!("{current} and {next} repeat a key")
        }
        ConfigWarning::NoCredentialsForRegion { region, .. } => {
            format!("no credentials for {region}")
        }
        other => format!("{other:?}"),
    }
}

fn owned(credentials: &Credentials) -> reference::Credentials {
    let source = |source| match source {
        CredentialSource::Variable(name) => name,
        CredentialSource::BuiltIn => "built in",
        _ => "explicit",
    };
    reference::Credentials {
        url: credentials.url().to_owned(),
        token: credentials.token().to_owned(),
        url_source: source(credentials.url_source()),
        token_source: source(credentials.token_source()),
    }
}

/// Asserts which keys verify a delivery with each header.
fn check_keys(ring: &KeyRing, keys: Keys, environment: &Environment, headers: &[Option<Vec<u8>>]) {
    for region in Region::ALL.iter().copied().map(Some).chain([None]) {
        let source = ring.key_source(region).map(|source| source.as_str());
        let expected = keys.for_region(region.map(Region::as_str));
        assert_eq!(source, expected.map(|(_, source)| source));
    }
    let setup = Setup {
        keys,
        destination: None,
        now: NOW as f64,
        tolerance: 0.0,
        limit: 5,
    };
    let verifier = Verifier::builder(ring.clone())
        .clock(|| UNIX_EPOCH + Duration::from_secs(NOW))
        .body_limit(5)
        .build();
    let mut signers: BTreeSet<&str> = reference::PUBLISHED.into();
    for (_, names) in reference::KEYS {
        signers.extend(
            names
                .iter()
                .filter_map(|name| environment.get(name))
                .map(|key| key.trim()),
        );
    }
    let tokens: Vec<_> = signers.into_iter().map(token).collect();
    for header in headers {
        for token in &tokens {
            let signature = (SIGNATURE_HEADER.into(), token.clone());
            let region = header.clone().map(|value| (REGION_HEADER.into(), value));
            let head = Head {
                headers: region.into_iter().chain([signature]).collect(),
                target: "/".to_owned(),
            };
            let expected = setup.verify_head(&head);
            let found = verifier.verify(&compare::request_head(&head), BODY);
            compare::verdicts(expected.as_ref().map_err(|code| *code), found.as_ref());
        }
        if let Some(Ok(text)) = header.as_deref().map(std::str::from_utf8) {
            let region = text.parse::<Region>().ok();
            assert_eq!(
                region.map(Region::as_str),
                reference::region(text.as_bytes())
            );
        }
    }
}

fn token(key: &str) -> Vec<u8> {
    let hash = base64url::encode(&mac::sha256(BODY));
    let payload = format!(
        r#"{{"body":"{hash}","exp":{},"iss":"Upstash","sub":""}}"#,
        NOW + 1
    );
    let header = base64url::encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let input = format!("{header}.{}", base64url::encode(payload.as_bytes()));
    let mac = mac::hmac(key.as_bytes(), input.as_bytes());
    format!("{input}.{}", base64url::encode(&mac)).into_bytes()
}
