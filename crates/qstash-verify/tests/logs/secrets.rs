//! No secret is logged or printed.

use std::fmt::Debug;

use qstash_verify::{
    ConfigWarning, Credentials, KeyRing, REGION_HEADER, RequestHead, SIGNATURE_HEADER, SigningKeys,
    Verifier,
};
use qstash_verify_test_support::log::captured;
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, MULTI_REGION, Token, US, US_VARIABLES, captures,
    lookup, pinned, signing_keys,
};

use crate::{BODY, NOW, URL, all_variables, token};

/// Asserts that `text` contains no key, and neither payload nor MAC of any token.
fn assert_no_secret(text: &str, tokens: &[String]) {
    let captured = captures();
    let keys = [DEFAULT, US, EU].concat();
    let keys = keys.into_iter().chain(captured.iter().flat_map(|capture| {
        let [current, next] = &capture.keys;
        [current.as_str(), next]
    }));
    for key in keys {
        assert!(!text.contains(key), "{key} in {text}");
        // Nor half of it.
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
                Token::new(URL, b"other", NOW),
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
            let builder = Verifier::builder(ring).clock(pinned(NOW)).url(URL).unwrap();
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
    // Every outcome has occurred.
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
fn configuration_errors_have_no_secret() {
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
