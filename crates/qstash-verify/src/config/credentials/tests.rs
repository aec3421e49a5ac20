//! Tests of credentials.

use super::*;

fn read_all(set: &[(&str, &str)]) -> Result<Credentials, ConfigError> {
    let lookup = |name: &str| {
        let found = set.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    resolve(&Variables::new(lookup))
}

const US: [(&str, &str); 3] = [
    ("QSTASH_REGION", "US_EAST_1"),
    (
        "US_EAST_1_QSTASH_URL",
        "https://qstash-us-east-1.upstash.io/",
    ),
    ("US_EAST_1_QSTASH_TOKEN", " us-token\n"),
];
const DEFAULT: [(&str, &str); 2] = [
    ("QSTASH_URL", "https://qstash.example/"),
    ("QSTASH_TOKEN", "default-token"),
];

#[test]
fn primary_region_has_precedence() {
    let found = read_all(&[&US[..], &DEFAULT].concat()).unwrap();
    assert_eq!(
        (found.url(), found.token()),
        ("https://qstash-us-east-1.upstash.io", "us-token")
    );
    assert_eq!(
        found.url_source(),
        CredentialSource::Variable("US_EAST_1_QSTASH_URL")
    );
    assert_eq!(
        found.token_source(),
        CredentialSource::Variable("US_EAST_1_QSTASH_TOKEN")
    );
    assert_eq!(found.warnings(), []);
}

#[test]
fn half_set_region_falls_back_to_default_with_a_warning() {
    for half in [&US[..2], &[US[0], US[2]], &US[..1]] {
        let found = read_all(&[half, &DEFAULT].concat()).unwrap();
        assert_eq!(
            (found.url(), found.token()),
            ("https://qstash.example", "default-token")
        );
        let region = Region::UsEast1;
        assert_eq!(
            found.warnings(),
            [ConfigWarning::NoCredentialsForRegion { region }]
        );
    }
}

#[test]
fn regional_credentials_are_not_used_without_qstash_region() {
    let found = read_all(&[&US[1..], &DEFAULT[1..]].concat()).unwrap();
    assert_eq!((found.url(), found.token()), (EU_URL, "default-token"));
    assert_eq!(found.url_source(), CredentialSource::BuiltIn);
}

#[test]
fn missing_token_error_lists_the_variables_looked_for() {
    let error = read_all(&[US[0], US[1], ("QSTASH_TOKEN", "")]).unwrap_err();
    let looked_for = vec!["US_EAST_1_QSTASH_TOKEN", "QSTASH_TOKEN"];
    assert_eq!(error, ConfigError::NoToken { looked_for });
}

#[test]
fn each_pair_of_keys_has_its_credentials() {
    let found = |set: &[(&str, &str)]| {
        let lookup = |name: &str| {
            let found = set.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let found = Credentials::for_signing_keys(lookup)?;
        let found = found.into_iter().map(|(region, credentials)| {
            let url = credentials.url().trim_start_matches("https://").to_owned();
            (region, url, credentials.token().to_owned())
        });
        Ok::<Vec<_>, ConfigError>(found.collect())
    };
    let owned = |region, url: &str, token: &str| (region, url.to_owned(), token.to_owned());
    let us = || {
        owned(
            Some(Region::UsEast1),
            "qstash-us-east-1.upstash.io",
            "us-token",
        )
    };
    let default = || owned(None, "qstash.example", "default-token");
    let eu_token = ("EU_CENTRAL_1_QSTASH_TOKEN", "eu-token");
    let eu = || owned(Some(Region::EuCentral1), "qstash.upstash.io", "eu-token");
    let of_eu = [("QSTASH_REGION", "EU_CENTRAL_1"), eu_token];
    for (set, expected) in [
        (DEFAULT.to_vec(), vec![default()]),
        (
            vec![DEFAULT[1]],
            vec![owned(None, "qstash.upstash.io", "default-token")],
        ),
        ([&US[1..], &DEFAULT].concat(), vec![default()]),
        ([&US[..], &DEFAULT].concat(), vec![us(), default()]),
        (vec![US[0], US[2]], vec![us()]),
        (of_eu.to_vec(), vec![eu()]),
        (
            [&US[..], &[eu_token], &DEFAULT].concat(),
            vec![us(), eu(), default()],
        ),
        ([&US[..], &[("QSTASH_DEV", "1")]].concat(), vec![]),
        (vec![("QSTASH_DEV", "true")], vec![]),
    ] {
        assert_eq!(found(&set), Ok(expected), "{set:?}");
    }
    let looked_for = vec!["QSTASH_TOKEN"];
    assert_eq!(found(&[eu_token]), Err(ConfigError::NoToken { looked_for }));
    let looked_for = vec![US[2].0, eu_token.0, "QSTASH_TOKEN"];
    let none = Err(ConfigError::NoToken { looked_for });
    assert_eq!(found(&US[..2]), none);
    for (variable, code) in [
        ("QSTASH_DEV", "invalid_development_mode"),
        ("QSTASH_REGION", "invalid_region"),
    ] {
        let set = [(variable, "maybe"), ("QSTASH_TOKEN", "t")];
        assert_eq!(found(&set).unwrap_err().code(), code);
    }
}

#[test]
fn the_token_is_not_printed() {
    let printed = format!("{:?}", Credentials::new("https://x/", "secret-token"));
    assert!(
        printed.contains("https://x\"") && !printed.contains("secret"),
        "{printed}"
    );
}

#[test]
fn built_in_url_is_one_of_the_eu_region() {
    assert!(Region::EuCentral1.urls().contains(&EU_URL));
}
