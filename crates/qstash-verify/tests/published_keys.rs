//! Published keys: an error in a release build, a warning in a debug build.

use qstash_verify::{KeyRing, Region, SigningKeys, variables};
use qstash_verify_test_support::{DEFAULT_VARIABLES, MULTI_REGION, lookup};

/// The keys of the development server's four users and of the feature `testing`.
const PUBLISHED: [&str; 10] = [
    "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
    "sig_7GVPjvuwsfqF65iC8fSrs1dfYruM",
    "sig_5NoELc3EFnZn4DVS5bDs2Nk4b7Ua",
    "sig_6jWGaWRxHsw4vMSPJprXadyvrybF",
    "sig_7qHbvhmahe5GwfePDiS5Lg3pi6Qx",
    "sig_5T8FcSsynBjn9mMLBsXhpacRovJf",
    "sig_7GFR4YaDshFcqsxWRZpRB161jguD",
    "sig_testCurrentKeyKnownToEveryone",
    "sig_testNextKeyKnownToEveryone",
];

#[test]
fn published_key_in_any_variable_is_an_error_in_a_release_build() {
    let regions = [None, Some(Region::UsEast1), Some(Region::EuCentral1)];
    for key in PUBLISHED {
        for variable in regions.into_iter().flat_map(variables::signing_keys) {
            for mode in [None, Some(MULTI_REGION)] {
                let mut set = DEFAULT_VARIABLES.to_vec();
                set.extend(mode);
                set.retain(|(name, _)| *name != variable);
                set.push((variable, key));
                let ring = KeyRing::from_lookup(lookup(&set));
                let text = if cfg!(debug_assertions) {
                    let ring = ring.unwrap();
                    let mut codes = ring.warnings().iter().map(|warning| warning.code());
                    assert!(
                        codes.any(|code| code == "development_keys"),
                        "{variable} {key}"
                    );
                    ring.warnings().last().unwrap().to_string()
                } else {
                    let error = ring.unwrap_err();
                    assert_eq!(
                        error.code(),
                        "development_keys_in_release",
                        "{variable} {key}"
                    );
                    error.to_string()
                };
                assert!(text.contains(variable), "{text}");
                assert!(!text.contains(key), "{text}");
            }
        }
    }
}

#[test]
fn published_key_given_in_code_is_a_warning() {
    for key in PUBLISHED {
        for [current, next] in [[key, "sig_next"], ["sig_current", key]] {
            let ring = KeyRing::from(SigningKeys::new(current, next).unwrap());
            let codes: Vec<_> = ring
                .warnings()
                .iter()
                .map(|warning| warning.code())
                .collect();
            assert_eq!(codes, ["development_keys"], "{key}");
        }
    }
}
