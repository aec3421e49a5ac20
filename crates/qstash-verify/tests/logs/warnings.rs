//! Warnings about the configuration and about rolled keys.

use qstash_verify::{KeyRing, KeySlot, REGION_HEADER, RequestHead, SIGNATURE_HEADER, Verifier};
use qstash_verify_test_support::log::captured;
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, MULTI_REGION, US, US_VARIABLES, lookup, pinned,
    signing_keys,
};

use crate::{BODY, NOW, all_variables, token};

/// Returns the number of lines of `log` that contain `text`.
fn count(log: &str, text: &str) -> usize {
    log.lines().filter(|line| line.contains(text)).count()
}

#[test]
fn rolled_keys_are_one_warning_for_each_pair() {
    let deliver = |verifier: &Verifier, region: &str, key: &str| {
        let token = token().sign(key);
        let headers = [(SIGNATURE_HEADER, token.as_str()), (REGION_HEADER, region)];
        verifier.verify(&RequestHead::new(headers, "/hook"), BODY)
    };
    let built = |keys: KeyRing| Verifier::builder(keys).clock(pinned(NOW)).build();
    let ((), log) = captured(|| {
        let verifier = built(KeyRing::from(signing_keys(&DEFAULT)));
        for _ in 0..5 {
            deliver(&verifier, "", DEFAULT[0]).unwrap();
        }
    });
    assert_eq!(log, "");

    let ((), log) = captured(|| {
        let verifier = built(KeyRing::from(signing_keys(&DEFAULT)));
        let clone = verifier.clone();
        for verifier in [&verifier, &clone, &verifier] {
            for _ in 0..20 {
                let verified = deliver(verifier, "US-EAST-1", DEFAULT[1]).unwrap();
                assert_eq!(verified.key_slot(), KeySlot::Next);
            }
        }
    });
    assert_eq!(count(&log, "signed with the next key"), 1, "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("WARN"), "{log}");
    assert!(log.contains("source=\"explicit\""), "{log}");

    let ((), log) = captured(|| {
        let verifier = built(KeyRing::from_lookup(lookup(&all_variables())).unwrap());
        for _ in 0..20 {
            deliver(&verifier, "", DEFAULT[1]).unwrap();
            deliver(&verifier, "US-EAST-1", US[1]).unwrap();
            deliver(&verifier, "eu-central-1", EU[1]).unwrap();
        }
    });
    assert_eq!(count(&log, "signed with the next key"), 3, "{log}");
    assert_eq!(count(&log, "region=\"US_EAST_1\""), 1, "{log}");
    assert_eq!(count(&log, "region=\"EU_CENTRAL_1\""), 1, "{log}");
    assert_eq!(count(&log, "source=\"default\""), 1, "{log}");

    // A refused delivery causes no warning.
    let ((), log) = captured(|| {
        let verifier = built(KeyRing::from(signing_keys(&DEFAULT)));
        let token = token().claim("exp", "1").sign(DEFAULT[1]);
        let head = RequestHead::new([(SIGNATURE_HEADER, &token)], "/hook");
        assert_eq!(verifier.verify(&head, BODY).unwrap_err().code(), "expired");
    });
    assert_eq!(log, "");
}

#[test]
fn each_configuration_warning_is_logged_once() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let shared = [(EU_VARIABLES[0].0, US[0]), EU_VARIABLES[1]];
    let cases: [Case<'_>; 6] = [
        (&DEFAULT_VARIABLES, &[]),
        (&all_variables(), &[]),
        (
            &[&DEFAULT_VARIABLES[..], &EU_VARIABLES].concat(),
            &[
                "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY, EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY are set but not used while QSTASH_REGION is unset",
            ],
        ),
        (
            &[&DEFAULT_VARIABLES[..], &[MULTI_REGION]].concat(),
            &["no keys for US_EAST_1", "no keys for EU_CENTRAL_1"],
        ),
        (
            &[
                &DEFAULT_VARIABLES[..1],
                &US_VARIABLES[1..],
                &EU_VARIABLES,
                &[MULTI_REGION],
            ]
            .concat(),
            &[
                "QSTASH_NEXT_SIGNING_KEY is not set although the other key of the default pair is, so",
                "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY is not set although the other key of the US_EAST_1 pair is, so",
            ],
        ),
        (
            &[&US_VARIABLES[..], &shared, &[MULTI_REGION]].concat(),
            &[
                "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY and EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY hold the same key",
            ],
        ),
    ];
    for (variables, warnings) in cases {
        let ((), log) = captured(|| {
            let verifier = Verifier::from_lookup(lookup(variables)).unwrap();
            assert_eq!(verifier.warnings().len(), warnings.len());
            // Warnings are logged when the environment is read, not by verifying.
            let token = token().sign(DEFAULT[0]);
            for region in ["", "US-EAST-1", "EU-CENTRAL-1"] {
                let headers = [(SIGNATURE_HEADER, token.as_str()), (REGION_HEADER, region)];
                let head = RequestHead::new(headers, "/hook");
                verifier.clone().verify(&head, BODY).ok();
            }
        });
        assert_eq!(log.lines().count(), warnings.len(), "{log}");
        assert_eq!(count(&log, " WARN "), warnings.len(), "{log}");
        for warning in warnings {
            assert_eq!(count(&log, warning), 1, "{warning} in {log}");
        }
    }
}
