//! Tests of the codes and texts of errors.

use super::*;

#[test]
fn errors_have_a_code_and_name_the_cause() {
    let looked_for = vec!["A", "B"];
    for (error, code, text) in [
        (
            ConfigError::NoSigningKeys {
                looked_for: looked_for.clone(),
                half: Vec::new(),
                unused: Vec::new(),
            },
            "no_signing_keys",
            "is set (looked for A, B): copy current and next from the QStash console; a .env file is \
             not read unless the service loads it; for development without QStash set QSTASH_DEV=1",
        ),
        (
            ConfigError::NoSigningKeys {
                looked_for: looked_for.clone(),
                half: vec!["B"],
                unused: vec!["C", "D"],
            },
            "no_signing_keys",
            "(looked for A, B; B is not set although the other key of the pair is): copy current and next \
             from the QStash console; C, D are set but not used while QSTASH_REGION is unset",
        ),
        (
            ConfigError::InvalidRegion {
                value: "MARS_1".to_owned(),
            },
            "invalid_region",
            "QSTASH_REGION is \"MARS_1\"",
        ),
        (
            ConfigError::EmptySigningKey,
            "empty_signing_key",
            "a signing key given in code is empty: copy",
        ),
        (
            ConfigError::EmptyKeyRing,
            "empty_key_ring",
            "a key ring without keys",
        ),
        (
            ConfigError::DevelopmentKeysInRelease {
                variables: vec!["QSTASH_DEV"],
            },
            "development_keys_in_release",
            "QSTASH_DEV is on",
        ),
        (
            ConfigError::DevelopmentKeysInRelease {
                variables: vec!["A", "B"],
            },
            "development_keys_in_release",
            "A, B hold published keys",
        ),
        (
            ConfigError::NotUnicode { variable: "A" },
            "not_unicode",
            "A is set to bytes that are not UTF-8",
        ),
        (
            ConfigError::InvalidDevelopmentMode {
                value: "yes".to_owned(),
            },
            "invalid_development_mode",
            "QSTASH_DEV is \"yes\"",
        ),
        (
            ConfigError::InvalidUrl {
                url: "x".to_owned(),
                reason: "has no host",
            },
            "invalid_url",
            "\"x\", has no host: give the public URL",
        ),
        (
            ConfigError::NoToken { looked_for },
            "no_token",
            "is set (looked for A, B)",
        ),
    ] {
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(text), "{error}");
    }
}
