//! Tests of reading a key ring from variables.

use super::*;
use crate::config::value::ValueProblem;
use crate::keys::KeySource;
use crate::keys::published::{DEVELOPMENT_KEYS, published_keys};

fn read(set: &[(&str, &str)], debug_build: bool) -> Result<KeyRing, ConfigError> {
    let lookup = |name: &str| {
        let found = set.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    read_keys(&Variables::new(lookup), debug_build)
}

fn debug(set: &[(&str, &str)]) -> Result<KeyRing, ConfigError> {
    read(set, true)
}

const DEFAULT: [(&str, &str); 2] = [
    ("QSTASH_CURRENT_SIGNING_KEY", "sig_dc"),
    ("QSTASH_NEXT_SIGNING_KEY", "sig_dn"),
];
const US: [(&str, &str); 2] = [
    ("US_EAST_1_QSTASH_CURRENT_SIGNING_KEY", "sig_uc"),
    ("US_EAST_1_QSTASH_NEXT_SIGNING_KEY", "sig_un"),
];
const EU: [(&str, &str); 2] = [
    ("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY", "sig_ec"),
    ("EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY", "sig_en"),
];
const MODE: (&str, &str) = ("QSTASH_REGION", "EU_CENTRAL_1");

fn source(ring: &KeyRing, region: Option<Region>) -> Option<KeySource> {
    ring.resolve(region).map(|(_, source)| source)
}

#[test]
fn regional_pair_has_precedence_over_default_pair() {
    let (us, eu) = (Some(Region::UsEast1), Some(Region::EuCentral1));
    let default = Some(KeySource::Default);
    let regional = Some(KeySource::Region);
    type Case<'a> = (&'a [&'a [(&'a str, &'a str)]], [Option<KeySource>; 3]);
    // The variables set; the key source for US, for EU, for no known region.
    let cases: [Case<'_>; 6] = [
        (&[&DEFAULT], [default, default, default]),
        (&[&DEFAULT, &US, &EU], [default, default, default]),
        (
            &[&DEFAULT, &US, &EU, &[MODE]],
            [regional, regional, default],
        ),
        (&[&DEFAULT, &US, &[MODE]], [regional, default, default]),
        (&[&US, &EU, &[MODE]], [regional, regional, None]),
        (
            &[&DEFAULT, &US, &EU[..1], &[MODE]],
            [regional, default, default],
        ),
    ];
    for (set, sources) in cases {
        let ring = debug(&set.concat()).unwrap();
        assert_eq!(
            [us, eu, None].map(|region| source(&ring, region)),
            sources,
            "{set:?}"
        );
    }
}

#[test]
fn keys_given_in_code_verify_every_region() {
    let ring = KeyRing::from(SigningKeys::development());
    assert_eq!(
        source(&ring, Some(Region::UsEast1)),
        Some(KeySource::Explicit)
    );
}

#[test]
fn missing_keys_error_lists_the_variables_looked_for() {
    let error = debug(&[DEFAULT[0], ("QSTASH_NEXT_SIGNING_KEY", " \n")]).unwrap_err();
    let ConfigError::NoSigningKeys {
        looked_for,
        half,
        unused,
    } = error
    else {
        panic!()
    };
    assert_eq!(looked_for, DEFAULT.map(|(name, _)| name));
    assert!(unused.is_empty());
    assert_eq!(half, [DEFAULT[1].0]);

    let error = debug(&[US, EU].concat()).unwrap_err();
    let text = error.to_string();
    let ConfigError::NoSigningKeys {
        looked_for,
        half,
        unused,
    } = error
    else {
        panic!()
    };
    assert_eq!((looked_for.len(), half.len(), unused.len()), (2, 0, 4));
    assert!(text.contains("QSTASH_REGION is unset"), "{text}");

    let error = debug(&[MODE, EU[0]]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(&format!("{} is not set although", EU[1].0)),
        "{text}"
    );
    for (name, _) in [DEFAULT, US, EU].concat() {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn invalid_region_error_shows_the_value_unless_it_may_be_a_secret() {
    for value in ["MARS_1", "us", "eu-central-2"] {
        let error = debug(&[&DEFAULT[..], &[("QSTASH_REGION", value)]].concat()).unwrap_err();
        assert_eq!(
            error,
            ConfigError::InvalidRegion {
                value: value.to_owned()
            }
        );
        assert!(error.to_string().contains(value));
    }
    for secret in ["sig_x", "abcdefghijklmnopqrstuvwxyz"] {
        let error = debug(&[&DEFAULT[..], &[("QSTASH_REGION", secret)]].concat()).unwrap_err();
        assert!(!format!("{error}").contains(secret), "{error}");
    }
    for value in ["", "  ", "us-east-1", " US-EAST-1\n"] {
        assert!(debug(&[&DEFAULT[..], &US, &[("QSTASH_REGION", value)]].concat()).is_ok());
    }
}

#[test]
fn incomplete_and_shared_pairs_are_warnings() {
    let warnings = |set: &[&[(&str, &str)]]| debug(&set.concat()).unwrap().warnings().to_vec();
    assert_eq!(warnings(&[&DEFAULT]), []);
    assert_eq!(warnings(&[&DEFAULT, &US, &EU, &[MODE]]), []);
    assert_eq!(warnings(&[&US, &EU, &[MODE]]), []);
    assert_eq!(
        warnings(&[&DEFAULT, &EU, &[MODE]]),
        [ConfigWarning::NoKeysForRegion {
            region: Region::UsEast1
        }]
    );
    assert_eq!(
        warnings(&[&DEFAULT, &US[1..], &EU, &[MODE]]),
        [ConfigWarning::HalfPair {
            region: Some(Region::UsEast1),
            missing: US[0].0
        }]
    );
    assert_eq!(
        warnings(&[&DEFAULT[..1], &US, &EU, &[MODE]]),
        [ConfigWarning::HalfPair {
            region: None,
            missing: DEFAULT[1].0
        }]
    );
    assert_eq!(
        warnings(&[&DEFAULT, &US[..1]]),
        [ConfigWarning::RegionNotSet {
            unused: vec![US[0].0]
        }]
    );
    let shared = [(EU[0].0, "sig_uc"), EU[1]];
    assert_eq!(
        warnings(&[&DEFAULT, &US, &shared, &[MODE]]),
        [ConfigWarning::SharedKey {
            first: US[0].0,
            second: EU[0].0
        }]
    );
}

#[test]
fn shared_key_warning_allows_for_a_migration_of_the_default_pair() {
    let default = [(DEFAULT[0].0, EU[0].1), (DEFAULT[1].0, EU[1].1)];
    let ring = debug(&[&default[..], &US, &EU, &[MODE]].concat()).unwrap();
    assert_eq!(ring.warnings().len(), 2);
    for warning in ring.warnings() {
        assert!(warning.to_string().contains("correct if"), "{warning}");
    }
    let wrong = ConfigWarning::SharedKey {
        first: US[0].0,
        second: EU[0].0,
    };
    assert!(!wrong.to_string().contains("correct if"), "{wrong}");
}

#[test]
fn development_keys_need_a_debug_build() {
    for value in ["1", "true", "TRUE", " true "] {
        let set = [&DEFAULT[..], &[("QSTASH_DEV", value)]].concat();
        assert_eq!(
            read(&set, false).unwrap_err(),
            ConfigError::DevelopmentKeysInRelease {
                variables: vec!["QSTASH_DEV"]
            }
        );
        assert_eq!(
            debug(&set).unwrap().warnings(),
            [ConfigWarning::DevelopmentKeys {
                variables: vec!["QSTASH_DEV"]
            }]
        );
    }
    for value in ["", "0", "false"] {
        let set = [&DEFAULT[..], &[("QSTASH_DEV", value)]].concat();
        assert_eq!(read(&set, false).unwrap().warnings(), []);
    }
    for value in ["yes", "off"] {
        let set = [&DEFAULT[..], &[("QSTASH_DEV", value)]].concat();
        let value = value.to_owned();
        let error = ConfigError::InvalidDevelopmentMode { value };
        assert_eq!(debug(&set).unwrap_err(), error);
        assert_eq!(read(&set, false).unwrap_err(), error);
    }
}

#[test]
fn public_keys_need_a_debug_build_in_every_variable() {
    for key in published_keys() {
        for set in [&DEFAULT[..], &[&DEFAULT[..], &US, &EU, &[MODE]].concat()] {
            for at in 0..set.len() {
                let mut set = set.to_vec();
                let variable = set[at].0;
                if variable == MODE.0 {
                    continue;
                }
                let quoted = format!("'{key}'");
                for text in [key, &quoted] {
                    set[at].1 = text;
                    let variables = vec![variable];
                    let warning = ConfigWarning::DevelopmentKeys {
                        variables: variables.clone(),
                    };
                    let ring = debug(&set).unwrap();
                    assert!(ring.warnings().contains(&warning), "{variable}={text}");
                    let error = ConfigError::DevelopmentKeysInRelease { variables };
                    assert_eq!(read(&set, false).unwrap_err(), error, "{variable}={text}");
                }
            }
        }
        // In an unused, incomplete pair.
        for variable in [US[1].0, EU[0].0] {
            let set = [&DEFAULT[..], &[(variable, key)]].concat();
            assert_eq!(
                read(&set, false).unwrap_err().code(),
                "development_keys_in_release"
            );
        }
    }
}

#[test]
fn unlikely_values_are_warnings() {
    let unlikely = |variable, problem| ConfigWarning::UnlikelyValue { variable, problem };
    let [current, next] = [DEFAULT[0].0, DEFAULT[1].0];
    for (values, warnings) in [
        (
            ["\"sig_dc\"", "eyJhIjoxfQ=="],
            vec![
                unlikely(current, ValueProblem::Quotes),
                unlikely(next, ValueProblem::TokenAsKey),
            ],
        ),
        (
            ["your_current_key", "sig_dn"],
            vec![unlikely(current, ValueProblem::Placeholder)],
        ),
        (
            ["sig_dc", " sig_dc "],
            vec![ConfigWarning::RepeatedKey { current, next }],
        ),
    ] {
        let set = [(current, values[0]), (next, values[1])];
        assert_eq!(debug(&set).unwrap().warnings(), warnings, "{values:?}");
    }
    let set = [&DEFAULT[..], &US, &[(EU[0].0, "'sig_ec'"), EU[1], MODE]].concat();
    let warnings = debug(&set).unwrap().warnings().to_vec();
    assert_eq!(warnings, [unlikely(EU[0].0, ValueProblem::Quotes)]);
}

#[test]
fn not_unicode_error_names_the_variable() {
    for &variable in variables::KEY_RING {
        let mut set = [&DEFAULT[..], &US, &EU, &[MODE]].concat();
        set.retain(|(name, _)| *name != variable);
        set.push((variable, "sig_\u{fffd}"));
        assert_eq!(
            debug(&set).unwrap_err(),
            ConfigError::NotUnicode { variable }
        );
    }
}

#[cfg(feature = "signing")]
#[test]
fn development_keys_can_be_allowed_in_any_build() {
    let [current, next] = DEVELOPMENT_KEYS.map(str::to_owned);
    let pasted = |name: &str| match name {
        "QSTASH_CURRENT_SIGNING_KEY" => Some(current.clone()),
        "QSTASH_NEXT_SIGNING_KEY" => Some(next.clone()),
        _ => None,
    };
    let on = |name: &str| (name == variables::DEVELOPMENT).then(|| "TRUE".to_owned());
    for ring in [
        KeyRing::from_lookup_allow_development_keys(pasted),
        KeyRing::from_lookup_allow_development_keys(on),
    ] {
        assert!(matches!(
            ring.unwrap().warnings(),
            [ConfigWarning::DevelopmentKeys { .. }]
        ));
    }
}

#[test]
fn debug_form_and_warnings_have_no_key() {
    let set = [&DEFAULT[..], &US[..], &EU[..1], &[MODE]].concat();
    let ring = debug(&set).unwrap();
    let mut printed = format!("{ring:?}");
    for warning in ring.warnings() {
        printed += &format!("{warning} {warning:?}");
    }
    assert!(!printed.contains("sig_"), "{printed}");
}
