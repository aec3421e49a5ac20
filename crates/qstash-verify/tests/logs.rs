//! What is logged and printed: each warning once, and never a secret.
//!
//! Every event is made inside [`captured`], which says why.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests: what goes wrong here is to fail"
)]

use std::fmt::Debug;

use qstash_verify::{
    ConfigWarning, Credentials, KeyRing, KeySlot, REGION_HEADER, RequestHead, SIGNATURE_HEADER,
    SigningKeys, Verifier, VerifyError, parse_message,
};
use qstash_verify_test_support::log::captured;
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, MULTI_REGION, Token, US, US_VARIABLES, captures,
    lookup, pinned, signing_keys,
};

const IAT: i64 = 1_783_794_355;
const URL: &str = "https://example.com/hook";
const BODY: &[u8] = b"hello";

fn token() -> Token {
    Token::new(URL, BODY, IAT)
}

fn all_variables() -> Vec<(&'static str, &'static str)> {
    let mut variables = [DEFAULT_VARIABLES, US_VARIABLES, EU_VARIABLES].concat();
    variables.push(MULTI_REGION);
    variables
}

/// What must be nowhere: any key, and of any token its payload or its MAC.
fn assert_no_secret(text: &str, tokens: &[String]) {
    let captured = captures();
    let keys = [DEFAULT, US, EU].concat();
    let keys = keys.into_iter().chain(captured.iter().flat_map(|capture| {
        let [current, next] = &capture.keys;
        [current.as_str(), next]
    }));
    for key in keys {
        assert!(!text.contains(key), "{key} in {text}");
        // Nor a good part of it.
        assert!(!text.contains(&key[4..20]), "{key} in {text}");
    }
    assert!(!text.contains("sig_"), "{text}");
    for token in tokens {
        for part in token.split('.').skip(1).filter(|part| part.len() > 20) {
            assert!(!text.contains(part), "{part} of {token} in {text}");
        }
    }
}

fn print(text: &mut String, value: &impl Debug) {
    *text += &format!("{value:?}\n{value:#?}\n");
}

#[test]
fn no_secret_is_logged_or_printed() {
    let good = token();
    let mut tokens: Vec<String> = [DEFAULT, US, EU]
        .concat()
        .iter()
        .flat_map(|key| {
            [
                good.clone(),
                good.clone().claim("exp", "1"),
                good.clone().claim("nbf", "1e300"),
                good.clone().claim("iss", "\"x\""),
                good.clone().claim("sub", "\"https://elsewhere.example/\""),
                good.clone().claim("sub", "1"),
                good.clone().without("sub"),
                good.clone().again("x", "1").again("x", "1"),
                good.clone().payload("no JSON, but long enough to be seen"),
                good.clone().header(r#"{"alg":"none"}"#),
                Token::new(URL, b"other", IAT),
            ]
            .map(|token| token.sign(key))
        })
        .collect();
    tokens.push(good.sign("sig_forged"));
    tokens.push(good.sign(DEFAULT[0]) + "!");
    tokens.push(good.sign(DEFAULT[0]).replace('.', ""));
    tokens.extend(captures().into_iter().map(|capture| capture.signature));

    let (printed, log) = captured(|| {
        let ring = |variables: &[_]| KeyRing::from_lookup(lookup(variables)).unwrap();
        let mut rings = vec![
            ring(&DEFAULT_VARIABLES),
            ring(&all_variables()),
            ring(&[&US_VARIABLES[..], &[MULTI_REGION]].concat()),
            KeyRing::from(signing_keys(&DEFAULT)),
        ];
        rings.extend(
            captures()
                .iter()
                .map(|capture| KeyRing::from(signing_keys(&capture.keys))),
        );
        let mut printed = String::new();
        let mut codes = Vec::new();
        for ring in rings {
            print(&mut printed, &ring);
            let builder = Verifier::builder(ring).clock(pinned(IAT)).url(URL).unwrap();
            print(&mut printed, &builder);
            let verifier = builder.body_limit(20).build();
            print(&mut printed, &verifier);
            print(&mut printed, &verifier.warnings());
            for token in &tokens {
                for region in ["", "US-EAST-1", "EU-CENTRAL-1"] {
                    let headers = [
                        (SIGNATURE_HEADER, token.as_str()),
                        (REGION_HEADER, region),
                        ("upstash-message-id", "msg_1"),
                    ];
                    let twice = headers.into_iter().chain([headers[0]]);
                    for head in [
                        RequestHead::new(headers, "/hook"),
                        RequestHead::new(twice, "/hook"),
                        RequestHead::new([headers[1]], "/hook"),
                    ] {
                        print(&mut printed, &head);
                        if let Ok(pending) = verifier.authenticate(&head) {
                            print(&mut printed, &pending);
                        }
                        for body in [BODY, b"x", &[b'x'; 21]] {
                            match verifier.verify(&head, body) {
                                Ok(verified) => {
                                    codes.push(verified.key_slot().as_str());
                                    verified.span().in_scope(|| tracing::trace!("handled"));
                                    print(&mut printed, &verified);
                                }
                                Err(refused) => {
                                    codes.push(refused.code());
                                    refused.log(&head);
                                    print(&mut printed, &refused);
                                    printed += &refused.to_string();
                                }
                            }
                        }
                    }
                }
            }
        }
        for pair in [DEFAULT, US, EU] {
            print(&mut printed, &signing_keys(&pair));
        }
        print(&mut printed, &SigningKeys::development());
        codes.sort_unstable();
        codes.dedup();
        (printed, codes)
    });
    let (printed, codes) = printed;
    assert_no_secret(&printed, &tokens);
    assert_no_secret(&log, &tokens);
    // All of it was really there to be seen.
    assert_eq!(
        codes,
        [
            "bad_signature",
            "body_mismatch",
            "body_too_large",
            "current",
            "expired",
            "invalid_claim",
            "malformed_token",
            "missing_claim",
            "missing_signature",
            "next",
            "no_signing_keys",
            "not_yet_valid",
            "unsupported_algorithm",
            "url_mismatch",
            "wrong_issuer",
        ]
    );
    for code in codes
        .iter()
        .filter(|code| !["current", "next"].contains(code))
    {
        assert!(log.contains(&format!("code=\"{code}\"")), "{code}");
    }
    assert!(
        log.contains("handled") && log.contains("qstash_delivery"),
        "no span"
    );
    assert!(log.contains("message_id=msg_1"), "no id");
}

#[test]
fn errors_of_the_configuration_hold_no_secret() {
    let ((), log) = captured(|| {
        for missing in 0..2 {
            let half = [
                DEFAULT_VARIABLES[missing],
                US_VARIABLES[missing],
                EU_VARIABLES[missing],
            ];
            for variables in [half.to_vec(), [&half[..], &[MULTI_REGION]].concat()] {
                let error = Verifier::from_lookup(lookup(&variables)).unwrap_err();
                assert_no_secret(&format!("{error} {error:?}"), &[]);
            }
        }
        let same = [(EU_VARIABLES[0].0, US[0]), EU_VARIABLES[1]];
        let variables = [&US_VARIABLES[..], &same, &[MULTI_REGION]].concat();
        let ring = KeyRing::from_lookup(lookup(&variables)).unwrap();
        assert!(matches!(ring.warnings(), [ConfigWarning::SharedKey { .. }]));
        assert_no_secret(&format!("{} {ring:?}", ring.warnings()[0]), &[]);

        let secret = ("QSTASH_TOKEN", "token_that_nobody_may_see");
        let credentials = Credentials::from_lookup(lookup(&[secret, MULTI_REGION])).unwrap();
        assert_eq!(credentials.token(), secret.1);
        assert!(!format!("{credentials:?} {credentials:#?}").contains(secret.1));
    });
    assert_no_secret(&log, &[]);
    assert!(!log.contains("token_that_nobody_may_see"), "{log}");
}

/// The lines of `log` that hold `text`.
fn count(log: &str, text: &str) -> usize {
    log.lines().filter(|line| line.contains(text)).count()
}

#[test]
fn a_roll_is_warned_of_once_for_each_pair() {
    let deliver = |verifier: &Verifier, region: &str, key: &str| {
        let token = token().sign(key);
        let headers = [(SIGNATURE_HEADER, token.as_str()), (REGION_HEADER, region)];
        verifier.verify(&RequestHead::new(headers, "/hook"), BODY)
    };
    let built = |keys: KeyRing| Verifier::builder(keys).clock(pinned(IAT)).build();
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

    // A refused one tells nothing of the keys.
    let ((), log) = captured(|| {
        let verifier = built(KeyRing::from(signing_keys(&DEFAULT)));
        let token = token().claim("exp", "1").sign(DEFAULT[1]);
        let head = RequestHead::new([(SIGNATURE_HEADER, &token)], "/hook");
        assert_eq!(verifier.verify(&head, BODY).unwrap_err().code(), "expired");
    });
    assert_eq!(log, "");
}

#[test]
fn each_warning_of_the_configuration_is_logged_once() {
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
                "QSTASH_NEXT_SIGNING_KEY is not set although its partner is, so the default pair",
                "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY is not set although its partner is, so the US_EAST_1 pair",
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
            // Said when the environment is read, and never again.
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

#[test]
fn a_refusal_is_one_event_of_its_level() {
    let verifier = Verifier::builder(signing_keys(&DEFAULT))
        .clock(pinned(IAT))
        .build();
    let event = |token: Option<&str>| {
        let mut headers = vec![
            ("upstash-message-id", "msg_1\nERROR forged"),
            (REGION_HEADER, "us-east-1"),
        ];
        headers.extend(token.map(|token| (SIGNATURE_HEADER, token)));
        let head = RequestHead::new(headers, "/hook");
        let ((), log) = captured(|| verifier.verify(&head, BODY).unwrap_err().log(&head));
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("region=\"US_EAST_1\""), "{log}");
        log
    };
    let none = token().header(r#"{"alg":"none"}"#).sign(DEFAULT[0]);
    let expired = token().claim("exp", "1").sign(DEFAULT[0]);
    let elsewhere = token()
        .claim("x", "1")
        .again("x\\n ERROR y", "1")
        .again("x\\n ERROR y", "1");
    for (token, level, code) in [
        (None, "DEBUG ", "missing_signature"),
        (Some("x"), " INFO ", "malformed_token"),
        (Some(none.as_str()), " INFO ", "unsupported_algorithm"),
        (Some(&token().sign("sig_forged")), " WARN ", "bad_signature"),
        (Some(&expired), " WARN ", "expired"),
        (Some(&elsewhere.sign(DEFAULT[0])), " WARN ", "invalid_claim"),
    ] {
        let log = event(token);
        assert!(log.starts_with(level), "{log}");
        assert!(log.contains(&format!("code=\"{code}\"")), "{log}");
    }

    let ((), log) = captured(|| {
        let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
        let verifier = Verifier::from_lookup(lookup(&variables)).unwrap();
        let head = RequestHead::new([(SIGNATURE_HEADER, "x")], "/hook");
        let refused = verifier.verify(&head, BODY).unwrap_err();
        assert!(matches!(refused, VerifyError::NoSigningKeys { .. }));
        refused.log(&head);
    });
    assert!(log.starts_with("ERROR "), "{log}");
    assert!(log.contains(DEFAULT_VARIABLES[0].0), "{log}");
}

#[test]
fn a_refused_message_is_one_event_that_says_where_it_is_wrong() {
    let headers = [
        ("upstash-message-id", "msg_1\nERROR forged"),
        (REGION_HEADER, "us-east-1"),
    ];
    let head = RequestHead::new(headers, "/hook");
    let event = |body: &[u8]| {
        let ((), log) = captured(|| parse_message::<[u32; 2]>(body).unwrap_err().log(&head));
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.starts_with(" WARN "), "{log}");
        assert!(log.contains("region=\"US_EAST_1\""), "{log}");
        assert!(log.contains(r"message_id=msg_1\nERROR forged"), "{log}");
        log
    };
    let log = event(b"[1,\n\"confidential\"]");
    assert!(log.contains("line=2 column=14"), "{log}");
    assert!(!log.contains("confidential"), "{log}");
    let log = event(b"");
    assert!(!log.contains("line="), "{log}");
}
