//! Selection of keys: every mode, region header and set of pairs.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: panics are failures"
)]

use qstash_verify::{
    ConfigError, ConfigWarning, KeyRing, KeySlot, KeySource, REGION_HEADER, Region, RequestHead,
    SIGNATURE_HEADER, Verified, Verifier, VerifyError,
};
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, MULTI_REGION, Token, US, US_VARIABLES, lookup,
    pinned, signing_keys,
};

const IAT: i64 = 1_783_794_355;
const BODY: &[u8] = b"hello";

type Variables = Vec<(&'static str, &'static str)>;

fn verifier(keys: impl Into<KeyRing>) -> Verifier {
    Verifier::builder(keys).clock(pinned(IAT)).build()
}

fn deliver(verifier: &Verifier, region: Option<&str>, key: &str) -> Result<Verified, VerifyError> {
    let token = Token::new("https://example.com/", BODY, IAT).sign(key);
    let mut headers = vec![(SIGNATURE_HEADER, token.as_str())];
    headers.extend(region.map(|region| (REGION_HEADER, region)));
    verifier.verify(&RequestHead::new(headers, "/"), BODY)
}

/// Values of the header, and the region that each names.
const HEADERS: [(Option<&str>, Option<Region>); 16] = [
    (None, None),
    (Some(""), None),
    (Some("MARS-1"), None),
    (Some("US"), None),
    (Some("US-EAST-11"), None),
    (Some("US EAST 1"), None),
    (Some("EU-CENTRAL-1, US-EAST-1"), None),
    (Some("\u{17f}S-EAST-1"), None),
    (Some("US-EAST-1"), Some(Region::UsEast1)),
    (Some("US_EAST_1"), Some(Region::UsEast1)),
    (Some("us-east-1"), Some(Region::UsEast1)),
    (Some("Us_East-1"), Some(Region::UsEast1)),
    (Some("EU-CENTRAL-1"), Some(Region::EuCentral1)),
    (Some("EU_CENTRAL_1"), Some(Region::EuCentral1)),
    (Some("eu-central-1"), Some(Region::EuCentral1)),
    (Some("eU-cEntral_1"), Some(Region::EuCentral1)),
];

/// Asserts, for every header and every key, that only `pair` verifies each region.
fn check(
    verifier: &Verifier,
    about: &str,
    pair: impl Fn(Option<Region>) -> Option<([&'static str; 2], KeySource)>,
) {
    for (header, region) in HEADERS {
        let expected = pair(region);
        for key in [DEFAULT, US, EU].concat() {
            let result = deliver(verifier, header, key);
            let about = format!("{about} {header:?} {key}");
            let Some((keys, source)) = expected else {
                assert_eq!(result.unwrap_err().code(), "no_signing_keys", "{about}");
                continue;
            };
            let slot = if key == keys[0] {
                KeySlot::Current
            } else if key == keys[1] {
                KeySlot::Next
            } else {
                let refused = result.unwrap_err();
                assert_eq!(refused.code(), "bad_signature", "{about}");
                let VerifyError::BadSignature { source: tried, .. } = refused else {
                    panic!("{about}")
                };
                assert_eq!(tried, source, "{about}");
                continue;
            };
            let verified = result.unwrap();
            assert_eq!(verified.key_slot(), slot, "{about}");
            assert_eq!(verified.key_source(), source, "{about}");
            assert_eq!(verified.region(), region, "{about}");
        }
    }
}

/// The keys of a pair that are set: neither, one of them, both.
const SETTINGS: [&[usize]; 4] = [&[], &[0], &[1], &[0, 1]];

/// Returns the variables of every setting, and which pairs are complete.
///
/// The order of the pairs is default, US, EU.
fn settings() -> impl Iterator<Item = (Variables, [bool; 3])> {
    (0..64).map(|n| {
        let settings = [n % 4, n / 4 % 4, n / 16].map(|at: usize| SETTINGS[at]);
        let pairs = [DEFAULT_VARIABLES, US_VARIABLES, EU_VARIABLES];
        let mut variables = Vec::new();
        for (pair, setting) in pairs.iter().zip(settings) {
            variables.extend(setting.iter().map(|at| pair[*at]));
        }
        (variables, settings.map(|setting| setting.len() == 2))
    })
}

#[test]
fn region_header_is_ignored_in_single_region_mode() {
    for (variables, [default, ..]) in settings() {
        let ring = KeyRing::from_lookup(lookup(&variables));
        if !default {
            let error = ring.unwrap_err();
            assert!(
                matches!(error, ConfigError::NoSigningKeys { .. }),
                "{variables:?}"
            );
            continue;
        }
        check(&verifier(ring.unwrap()), &format!("{variables:?}"), |_| {
            Some((DEFAULT, KeySource::Default))
        });
    }
}

#[test]
fn region_header_selects_the_pair_in_multi_region_mode() {
    for primary in ["US_EAST_1", "EU_CENTRAL_1", "eu-central-1"] {
        for (mut variables, [default, us, eu]) in settings() {
            variables.push(("QSTASH_REGION", primary));
            let ring = KeyRing::from_lookup(lookup(&variables));
            if ![default, us, eu].contains(&true) {
                let error = ring.unwrap_err();
                assert!(
                    matches!(error, ConfigError::NoSigningKeys { .. }),
                    "{variables:?}"
                );
                continue;
            }
            check(
                &verifier(ring.unwrap()),
                &format!("{variables:?}"),
                |region| match region {
                    Some(Region::UsEast1) if us => Some((US, KeySource::Region)),
                    Some(Region::EuCentral1) if eu => Some((EU, KeySource::Region)),
                    _ => default.then_some((DEFAULT, KeySource::Default)),
                },
            );
        }
    }
}

#[test]
fn keys_given_in_code_verify_every_region() {
    for pair in [DEFAULT, US, EU] {
        let verifier = verifier(signing_keys(&pair));
        check(&verifier, "in code", |_| Some((pair, KeySource::Explicit)));
    }
}

#[test]
fn first_region_header_counts_in_any_case() {
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let verifier = verifier(KeyRing::from_lookup(lookup(&variables)).unwrap());
    let token = Token::new("https://example.com/", BODY, IAT).sign(EU[0]);
    let code = |regions: &[(&str, &[u8])]| {
        let signature = [(SIGNATURE_HEADER, token.as_bytes())];
        let headers = signature.iter().chain(regions).copied();
        match verifier.verify(&RequestHead::new(headers, "/"), BODY) {
            Ok(verified) => verified.key_source().as_str(),
            Err(refused) => refused.code(),
        }
    };
    assert_eq!(code(&[("Upstash-Region", b"EU-CENTRAL-1")]), "region");
    let both: [(&str, &[u8]); 2] = [
        (REGION_HEADER, b"EU-CENTRAL-1"),
        (REGION_HEADER, b"US-EAST-1"),
    ];
    assert_eq!(code(&both), "region");
    assert_eq!(code(&[both[1], both[0]]), "bad_signature");
    assert_eq!(code(&[(REGION_HEADER, b"x"), both[0]]), "no_signing_keys");
    assert_eq!(code(&[(REGION_HEADER, b"\xff\x80")]), "no_signing_keys");
}

#[test]
fn no_signing_keys_refusal_names_the_variables() {
    let variables = [&US_VARIABLES[..], &[MULTI_REGION]].concat();
    let verifier = verifier(KeyRing::from_lookup(lookup(&variables)).unwrap());
    let refused = deliver(&verifier, Some("EU-CENTRAL-1"), EU[0]).unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("no_signing_keys", 401));
    assert_eq!(refused.body(), r#"{"error":"no_signing_keys"}"#);
    for (name, _) in EU_VARIABLES.iter().chain(&DEFAULT_VARIABLES) {
        assert!(refused.to_string().contains(name), "{refused}");
    }
    let refused = deliver(&verifier, None, DEFAULT[0]).unwrap_err();
    for (name, _) in DEFAULT_VARIABLES {
        assert!(refused.to_string().contains(name), "{refused}");
    }
    // The structure of the token is checked first.
    let head = RequestHead::new([(SIGNATURE_HEADER, "x")], "/");
    assert_eq!(
        verifier.verify(&head, BODY).unwrap_err().code(),
        "malformed_token"
    );
    // The presence of the header, too.
    let head = RequestHead::new([(REGION_HEADER, "x")], "/");
    assert_eq!(
        verifier.verify(&head, BODY).unwrap_err().code(),
        "missing_signature"
    );
}

#[test]
fn invalid_region_is_an_error() {
    for value in ["MARS_1", "US", "true", "US_EAST_1,EU_CENTRAL_1"] {
        let mut variables = [DEFAULT_VARIABLES, US_VARIABLES, EU_VARIABLES].concat();
        variables.push(("QSTASH_REGION", value));
        let error = Verifier::from_lookup(lookup(&variables)).unwrap_err();
        assert!(
            matches!(error, ConfigError::InvalidRegion { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(value), "{error}");
    }
}

#[test]
fn white_space_around_a_value_is_removed() {
    let variables = [
        ("QSTASH_REGION", " eu-central-1\r\n"),
        ("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY", " sig_a\n"),
        ("EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY", "\tsig_b"),
    ];
    let verifier = verifier(KeyRing::from_lookup(lookup(&variables)).unwrap());
    for (key, slot) in [("sig_a", KeySlot::Current), ("sig_b", KeySlot::Next)] {
        let verified = deliver(&verifier, Some("EU-CENTRAL-1"), key).unwrap();
        assert_eq!(verified.key_slot(), slot);
    }
}

#[test]
fn development_keys_are_used_only_in_a_debug_build() {
    let mut variables = [DEFAULT_VARIABLES, US_VARIABLES, EU_VARIABLES].concat();
    variables.extend([MULTI_REGION, ("QSTASH_DEV", "true")]);
    let ring = KeyRing::from_lookup(lookup(&variables));
    if !cfg!(debug_assertions) {
        assert_eq!(ring.unwrap_err().code(), "development_keys_in_release");
        return;
    }
    let ring = ring.unwrap();
    assert!(matches!(
        ring.warnings(),
        [ConfigWarning::DevelopmentKeys { .. }]
    ));
    // The documented keys of the development server replace all others.
    let public = [
        "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
        "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
    ];
    for verifier in [
        verifier(ring),
        verifier(qstash_verify::SigningKeys::development()),
    ] {
        for (key, slot) in public.into_iter().zip([KeySlot::Current, KeySlot::Next]) {
            assert_eq!(
                deliver(&verifier, Some("US-EAST-1"), key)
                    .unwrap()
                    .key_slot(),
                slot
            );
        }
        for key in [DEFAULT, US, EU].concat() {
            let refused = deliver(&verifier, Some("US-EAST-1"), key).unwrap_err();
            assert_eq!(refused.code(), "bad_signature");
        }
    }
}
