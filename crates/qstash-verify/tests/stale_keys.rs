//! Keys that are out of date: the warning, and the observer.

use std::sync::{Arc, Mutex};

use qstash_verify::{
    KeyRing, KeySlot, REGION_HEADER, Region, RequestHead, SIGNATURE_HEADER, StaleKeys, Verifier,
    VerifyError,
};
use qstash_verify_test_support::log::captured;
use qstash_verify_test_support::{
    DEFAULT, EU, EU_VARIABLES, MULTI_REGION, Token, US, US_VARIABLES, lookup, pinned, signing_keys,
};

const NOW: i64 = 1_783_794_400;
const US_HEADER: &str = "US-EAST-1";

fn token() -> Token {
    Token::new("https://example.com/hook", b"hello", NOW - 10)
}

fn verifier(keys: KeyRing) -> Verifier {
    Verifier::builder(keys).clock(pinned(NOW)).build()
}

/// Authenticates the head of a delivery, and returns which key signed it.
fn deliver(verifier: &Verifier, token: &str, region: &str) -> Result<KeySlot, VerifyError> {
    let headers = [(SIGNATURE_HEADER, token), (REGION_HEADER, region)];
    let pending = verifier.authenticate(&RequestHead::new(headers, "/hook"))?;
    Ok(pending.key_slot())
}

#[test]
fn roll_warning_belongs_to_the_pair() {
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let verifier = verifier(KeyRing::from_lookup(lookup(&variables)).unwrap());
    let deliver = |key: &str, region: &str| {
        let slot = deliver(&verifier, &token().sign(key), region);
        assert_eq!(slot, Ok(KeySlot::Next));
    };
    let warnings = |deliver: &dyn Fn()| {
        let ((), log) = captured(deliver);
        log.lines()
            .filter(|line| line.contains("signed with the next key"))
            .count()
    };
    let both = || {
        deliver(US[1], US_HEADER);
        deliver(EU[1], "EU-CENTRAL-1");
    };
    assert_eq!(warnings(&both), 2);
    assert_eq!(warnings(&both), 0);
    // The pair of the EU stays, and with it that it was warned of.
    verifier.set_keys(Some(Region::UsEast1), signing_keys(&US));
    assert_eq!(warnings(&both), 1);
    assert_eq!(warnings(&both), 0);
}

#[test]
fn observer_is_called_for_stale_keys_only() {
    let variables = [&US_VARIABLES[..], &[MULTI_REGION]].concat();
    let verifier = verifier(KeyRing::from_lookup(lookup(&variables)).unwrap());
    verifier.set_keys(None, signing_keys(&DEFAULT));
    let calls = Arc::new(Mutex::new(Vec::new()));
    let observer = {
        let calls = Arc::clone(&calls);
        move |stale: StaleKeys| {
            let call = (stale.region(), stale.is_certain());
            calls.lock().unwrap().push(call);
            true
        }
    };
    verifier.clone().on_stale_keys(observer);
    let us = Some(Region::UsEast1);
    let genuine = token();
    let unknown = "sig_unknown";
    let without_mac = genuine.signing_input() + ".";
    let expired = genuine.clone().claim("exp", "1");
    let issuer = genuine.clone().claim("iss", r#""Mallory""#);
    for (name, token, region, expected) in [
        ("current", genuine.sign(US[0]), US_HEADER, None),
        ("next", genuine.sign(US[1]), US_HEADER, Some((us, true))),
        ("next", genuine.sign(DEFAULT[1]), "", Some((None, true))),
        // There is no pair of the EU, so the default pair is used.
        (
            "next of the default pair",
            genuine.sign(DEFAULT[1]),
            "EU-CENTRAL-1",
            Some((None, true)),
        ),
        (
            "neither",
            genuine.sign(unknown),
            US_HEADER,
            Some((us, false)),
        ),
        ("neither", genuine.sign(unknown), "", Some((None, false))),
        ("expired, next", expired.sign(US[1]), US_HEADER, None),
        ("expired, neither", expired.sign(unknown), US_HEADER, None),
        ("another issuer", issuer.sign(unknown), US_HEADER, None),
        ("no MAC", without_mac, US_HEADER, None),
        ("no token", "a.b.c".to_owned(), US_HEADER, None),
    ] {
        let ((), log) = captured(|| {
            let _ = deliver(&verifier, &token, region);
        });
        let called = std::mem::take(&mut *calls.lock().unwrap());
        assert_eq!(called, Vec::from_iter(expected), "{name}");
        // The observer takes care, so there is no warning.
        assert_eq!(log, "", "{name}");
    }
    verifier.on_stale_keys(|_| false);
    let ((), log) = captured(|| {
        assert!(deliver(&verifier, &genuine.sign(US[1]), US_HEADER).is_ok());
    });
    assert_eq!(calls.lock().unwrap().len(), 0, "the last observer counts");
    assert!(log.contains("signed with the next key"), "{log}");
}
