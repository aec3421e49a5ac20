//! Tests of the codes and texts of warnings.

use super::*;

#[test]
fn warnings_have_a_code_and_name_the_cause() {
    const CURRENT: &str = variables::signing_keys(None)[0];
    const NEXT: &str = variables::signing_keys(None)[1];
    let region = Region::EuCentral1;
    let migrating = "correct if the default pair is a copy of that region's pair";
    for (warning, code, text) in [
        (
            ConfigWarning::NoKeysForRegion { region },
            "no_keys_for_region",
            "set EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY and EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY",
        ),
        (
            ConfigWarning::HalfPair {
                region: Some(region),
                missing: "A",
            },
            "half_pair",
            "A is not set although the other key of the EU_CENTRAL_1 pair is, so the pair",
        ),
        (
            ConfigWarning::HalfPair {
                region: None,
                missing: "A",
            },
            "half_pair",
            "the other key of the default pair is, so the pair",
        ),
        (
            ConfigWarning::SharedKey {
                first: CURRENT,
                second: "A",
            },
            "shared_key",
            migrating,
        ),
        (
            ConfigWarning::SharedKey {
                first: "A",
                second: NEXT,
            },
            "shared_key",
            migrating,
        ),
        (
            ConfigWarning::SharedKey {
                first: "A",
                second: "B",
            },
            "shared_key",
            "A and B hold the same key: each region has keys of its own",
        ),
        (
            ConfigWarning::RegionNotSet { unused: vec!["A"] },
            "region_not_set",
            "A is set but not used while QSTASH_REGION is unset",
        ),
        (
            ConfigWarning::RegionNotSet {
                unused: vec!["A", "B"],
            },
            "region_not_set",
            "A, B are set",
        ),
        (
            ConfigWarning::DevelopmentKeys {
                variables: vec!["QSTASH_DEV"],
            },
            "development_keys",
            "QSTASH_DEV is on",
        ),
        (
            ConfigWarning::DevelopmentKeys {
                variables: vec!["A"],
            },
            "development_keys",
            "A holds a published key",
        ),
        (
            ConfigWarning::DevelopmentKeys {
                variables: Vec::new(),
            },
            "development_keys",
            "a signing key given in code is published",
        ),
        (
            ConfigWarning::UnlikelyValue {
                variable: "A",
                problem: ValueProblem::Quotes,
            },
            "quotes",
            "A has quotes around its value",
        ),
        (
            ConfigWarning::RepeatedKey {
                current: "A",
                next: "B",
            },
            "repeated_key",
            "A and B hold the same key",
        ),
        (
            ConfigWarning::NoCredentialsForRegion { region },
            "no_credentials_for_region",
            "QSTASH_REGION is EU_CENTRAL_1, and EU_CENTRAL_1_QSTASH_URL and \
             EU_CENTRAL_1_QSTASH_TOKEN are not both set: publishing falls back to QSTASH_URL and \
             QSTASH_TOKEN",
        ),
    ] {
        assert_eq!(warning.code(), code);
        assert!(warning.to_string().contains(text), "{warning}");
    }
}
