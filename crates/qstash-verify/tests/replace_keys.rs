//! Keys that are replaced while a verifier verifies.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use qstash_verify::{
    KeyRing, KeySlot, KeySource, REGION_HEADER, Region, RequestHead, SIGNATURE_HEADER, SigningKeys,
    Verifier,
};
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, MULTI_REGION, Token, US, US_VARIABLES, lookup,
    pinned, signing_keys,
};

const NOW: i64 = 1_783_794_400;
const BODY: &[u8] = b"hello";
const US_HEADER: &str = "US-EAST-1";

fn token() -> Token {
    Token::new("https://example.com/hook", BODY, NOW - 10)
}

fn verifier(keys: impl Into<KeyRing>) -> Verifier {
    Verifier::builder(keys).clock(pinned(NOW)).build()
}

fn head<'a>(token: &'a str, region: &'a str) -> RequestHead<'a> {
    RequestHead::new(
        [(SIGNATURE_HEADER, token), (REGION_HEADER, region)],
        "/hook",
    )
}

type Verdict = Result<(KeySlot, KeySource), &'static str>;

fn verdict(verifier: &Verifier, token: &str, region: &str) -> Verdict {
    match verifier.verify(&head(token, region), BODY) {
        Ok(verified) => Ok((verified.key_slot(), verified.key_source())),
        Err(error) => Err(error.code()),
    }
}

#[test]
fn each_delivery_is_verified_with_one_state() {
    let rolls = if cfg!(debug_assertions) {
        20_000
    } else {
        1_000_000
    };
    let [a, b, c, d] = ["sig_a", "sig_b", "sig_c", "sig_d"];
    let keys = |current, next| SigningKeys::new(current, next).unwrap();
    // A key that is current here is next there, of another source, or unknown.
    let one = KeyRing::builder().region(Region::UsEast1, keys(a, b));
    let two = KeyRing::builder().default_keys(keys(c, a));
    let three = one.clone().default_keys(keys(d, c));
    let states = [one, two, three].map(|state| state.build().unwrap());
    let deliveries = [a, b, c, d]
        .map(|key| token().sign(key))
        .map(|token| [US_HEADER, ""].map(|region| (token.clone(), region)))
        .concat();
    let expected: Vec<(String, &str, Vec<Verdict>)> = deliveries
        .into_iter()
        .map(|(token, region)| {
            let verdicts = states
                .iter()
                .map(|state| verdict(&verifier(state.clone()), &token, region));
            let verdicts = verdicts.collect();
            (token, region, verdicts)
        })
        .collect();
    assert_eq!(
        expected[0].2,
        [
            Ok((KeySlot::Current, KeySource::ExplicitRegion)),
            Ok((KeySlot::Next, KeySource::Explicit)),
            Ok((KeySlot::Current, KeySource::ExplicitRegion)),
        ],
        "the states must differ"
    );

    let rolling = verifier(states[0].clone());
    let done = AtomicBool::new(false);
    let seen = [const { AtomicUsize::new(0) }; 2];
    thread::scope(|scope| {
        for at in 0..16 {
            let (verifier, expected, done, seen) = (rolling.clone(), &expected, &done, &seen);
            scope.spawn(move || {
                for (token, region, possible) in expected.iter().cycle().skip(at) {
                    let verdict = verdict(&verifier, token, region);
                    assert!(possible.contains(&verdict), "{verdict:?} of {possible:?}");
                    let accepted = usize::from(verdict.is_ok());
                    seen[accepted].fetch_add(1, Ordering::Relaxed);
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
        }
        for state in states.iter().cycle().take(rolls) {
            rolling.replace_keys(state.clone());
        }
        done.store(true, Ordering::Relaxed);
    });
    let [refused, accepted] = seen.map(AtomicUsize::into_inner);
    assert!(refused > 100 && accepted > 100, "{refused} {accepted}");
}

#[test]
fn replacement_holds_for_all_clones() {
    let first = verifier(signing_keys(&DEFAULT));
    let second = first.clone();
    let old = token().sign(DEFAULT[0]);
    let new = token().sign(US[0]);
    assert!(verdict(&second, &old, "").is_ok());
    assert_eq!(verdict(&second, &new, ""), Err("bad_signature"));
    first.replace_keys(signing_keys(&US));
    for verifier in [&first, &second, &second.clone()] {
        assert_eq!(verdict(verifier, &old, ""), Err("bad_signature"));
        let accepted = Ok((KeySlot::Current, KeySource::Explicit));
        assert_eq!(verdict(verifier, &new, ""), accepted);
    }
}

#[test]
fn pending_delivery_keeps_the_verdict_of_its_head() {
    let verifier = verifier(signing_keys(&DEFAULT));
    let token = token().sign(DEFAULT[1]);
    let mut pending = verifier.authenticate(&head(&token, "")).unwrap();
    verifier.replace_keys(signing_keys(&EU));
    pending.update(BODY).unwrap();
    let verified = pending.finish().unwrap();
    assert_eq!(verified.key_slot(), KeySlot::Next);
    assert_eq!(verified.key_source(), KeySource::Explicit);
}

#[test]
fn set_keys_replaces_one_pair() {
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let verifier = Verifier::from_lookup(lookup(&variables)).unwrap();
    let warnings = verifier.warnings();
    let (us, eu) = (Some(Region::UsEast1), Some(Region::EuCentral1));
    verifier.set_keys(us, SigningKeys::new(US[1], "sig_new").unwrap());
    let ring = verifier.keys();
    for (pair, key, slot) in [
        (us, US[0], None),
        (us, US[1], Some(KeySlot::Current)),
        (us, " sig_new\n", Some(KeySlot::Next)),
        (us, "", None),
        (eu, EU[0], Some(KeySlot::Current)),
        (eu, EU[1], Some(KeySlot::Next)),
        (None, US[1], None),
    ] {
        assert_eq!(ring.key_slot(pair, key), slot, "{pair:?} {key}");
    }
    assert_eq!(ring.key_source(us), Some(KeySource::ReplacedRegion));
    assert_eq!(ring.key_source(eu), Some(KeySource::Region));
    assert_eq!(ring.key_source(None), None);
    verifier.set_keys(None, signing_keys(&DEFAULT));
    assert_eq!(verifier.keys().key_source(None), Some(KeySource::Replaced));
    verifier.set_keys(eu, signing_keys(&DEFAULT));
    let slot = verifier.keys().key_slot(eu, DEFAULT[1]);
    assert_eq!(slot, Some(KeySlot::Next));
    assert_eq!(verifier.warnings(), warnings);
}

#[test]
fn bad_signature_names_the_source_of_the_keys_in_use() {
    let variables = [&US_VARIABLES[..], &DEFAULT_VARIABLES, &[MULTI_REGION]].concat();
    let verifier = Verifier::from_lookup(lookup(&variables)).unwrap();
    let token = token().sign("sig_other");
    let text = |region| {
        let refused = verifier.verify(&head(&token, region), BODY);
        refused.unwrap_err().to_string()
    };
    let tried = |text: &str, name: &str| text.contains(&format!("tried {name}"));
    let (us_keys, keys) = (
        "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY",
        "QSTASH_CURRENT_SIGNING_KEY",
    );
    assert!(tried(&text(US_HEADER), us_keys), "{}", text(US_HEADER));
    assert!(tried(&text(""), keys), "{}", text(""));

    verifier.set_keys(Some(Region::UsEast1), signing_keys(&EU));
    let us_token = "the keys fetched with US_EAST_1_QSTASH_TOKEN or given to `set_keys`";
    assert!(tried(&text(US_HEADER), us_token), "{}", text(US_HEADER));
    assert!(tried(&text(""), keys), "{}", text(""));

    verifier.set_keys(None, signing_keys(&EU));
    let token = "the keys fetched with QSTASH_TOKEN or given to `set_keys`";
    // The header names a region without keys of its own.
    for region in ["", "EU-CENTRAL-1"] {
        assert!(tried(&text(region), token), "{}", text(region));
    }

    verifier.replace_keys(signing_keys(&EU));
    assert!(tried(&text(US_HEADER), "the keys given in code"));
}

#[test]
fn pairs_replaced_at_once_are_all_kept() {
    let verifier = verifier(signing_keys(&DEFAULT));
    let pairs = [Some(Region::UsEast1), Some(Region::EuCentral1), None];
    thread::scope(|scope| {
        for pair in pairs {
            let verifier = &verifier;
            scope.spawn(move || {
                for number in 0..5000 {
                    let current = format!("sig_{number}");
                    let keys = SigningKeys::new(&current, "sig_next").unwrap();
                    verifier.set_keys(pair, keys);
                    let slot = verifier.keys().key_slot(pair, &current);
                    assert_eq!(slot, Some(KeySlot::Current), "{pair:?}: {number} was lost");
                }
            });
        }
    });
}
