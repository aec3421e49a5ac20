//! Deliveries captured in production.

use qstash_verify::{KeySlot, KeySource, RequestHead, SIGNATURE_HEADER, Verifier, VerifierBuilder};
use qstash_verify_test_support::{Capture, DEFAULT, Token, captures, pinned, signing_keys};

use crate::{BODY, NOW, TARGET, URL, answer, token, verifier, verify};

fn builder_at_delivery(capture: &Capture) -> VerifierBuilder {
    Verifier::builder(signing_keys(&capture.keys)).clock(pinned(capture.at))
}

#[test]
fn genuine_deliveries_are_accepted() {
    assert_eq!(captures().len(), 2);
    for capture in captures() {
        let name = &capture.name;
        let verifier = builder_at_delivery(&capture).build();
        let verified = verify(&verifier, &capture.signature, &capture.body).unwrap();
        assert_eq!(verified.key_slot(), KeySlot::Current, "{name}");
        assert_eq!(verified.key_source(), KeySource::Explicit, "{name}");
        assert_eq!(verified.region(), None, "{name}");

        let claims = verified.claims();
        assert_eq!(claims.iss(), "Upstash", "{name}");
        assert_eq!(claims.sub(), capture.url, "{name}");
        assert_eq!(claims.exp(), pinned(capture.expires)());
        // Until July 2024 `nbf` was `iat`.
        assert_eq!(
            claims.iat(),
            Some(claims.exp() - std::time::Duration::from_secs(300)),
            "{name}"
        );
        assert_eq!(claims.nbf(), claims.iat(), "{name}");
        assert!(claims.jti().unwrap().starts_with("jwt_"), "{name}");
    }
}

#[test]
fn token_signer_reproduces_captured_tokens() {
    for capture in captures() {
        let verifier = builder_at_delivery(&capture).build();
        let verified = verify(&verifier, &capture.signature, &capture.body).unwrap();
        let iat = capture.expires - 300;
        let jti = format!("\"{}\"", verified.claims().jti().unwrap());
        let token = Token::new(&capture.url, &capture.body, iat)
            .claim("jti", &jti)
            .claim("nbf", &iat.to_string());
        assert_eq!(token.sign(&capture.keys[0]), capture.signature);
    }
}

#[test]
fn genuine_deliveries_are_accepted_at_their_url() {
    for capture in captures() {
        let (signature, body) = (&capture.signature, &capture.body);
        let here = builder_at_delivery(&capture)
            .url(&capture.url)
            .unwrap()
            .build();
        assert_eq!(answer(verify(&here, signature, body)), "current");

        let elsewhere = format!("{}/x", capture.url);
        let elsewhere = builder_at_delivery(&capture)
            .url(&elsewhere)
            .unwrap()
            .build();
        assert_eq!(answer(verify(&elsewhere, signature, body)), "url_mismatch");

        let (origin, path) = capture.url.split_at(capture.url.rfind('/').unwrap());
        let based = builder_at_delivery(&capture)
            .base_url(origin)
            .unwrap()
            .build();
        for (target, expected) in [(path, "current"), ("/other", "url_mismatch")] {
            let head = RequestHead::new([(SIGNATURE_HEADER, signature)], target);
            assert_eq!(answer(based.verify(&head, body)), expected, "{target}");
        }
    }
}

#[test]
fn genuine_deliveries_expire() {
    for capture in captures() {
        for (now, expected) in [
            (capture.expires - 1, "current"),
            (capture.expires, "expired"),
            (capture.expires + 1, "expired"),
            // Before `nbf`, which is `exp` minus 300 here.
            (capture.expires - 300, "current"),
            (capture.expires - 301, "not_yet_valid"),
        ] {
            let verifier = builder_at_delivery(&capture).clock(pinned(now)).build();
            let result = verify(&verifier, &capture.signature, &capture.body);
            assert_eq!(answer(result), expected, "{now}");
        }
        // With the system's clock.
        let today = Verifier::new(signing_keys(&capture.keys));
        let result = verify(&today, &capture.signature, &capture.body);
        assert_eq!(answer(result), "expired");
    }
}

#[test]
fn genuine_deliveries_with_another_body_are_refused() {
    for capture in captures() {
        let verifier = builder_at_delivery(&capture).build();
        let space = [&capture.body[..], b"\n"].concat();
        for other in [&b""[..], b"hello", &space, &capture.body[1..]] {
            let result = verify(&verifier, &capture.signature, other);
            assert_eq!(answer(result), "body_mismatch", "{other:?}");
        }
    }
}

#[test]
fn genuine_deliveries_need_the_keys_of_their_account() {
    let [one, other] = <[Capture; 2]>::try_from(captures()).unwrap();
    for (capture, other) in [(&one, &other), (&other, &one)] {
        let with = |current: &String, next: &String| {
            let keys = signing_keys(&[current, next]);
            let verifier = Verifier::builder(keys).clock(pinned(capture.at)).build();
            answer(verify(&verifier, &capture.signature, &capture.body))
        };
        let [current, next] = &capture.keys;
        let [foreign_current, foreign_next] = &other.keys;
        assert_eq!(with(foreign_current, foreign_next), "bad_signature");
        assert_eq!(with(next, foreign_next), "bad_signature");
        assert_eq!(with(foreign_current, current), "next");
        assert_eq!(with(next, current), "next");
        assert_eq!(with(current, foreign_next), "current");
    }
}

#[test]
fn genuine_deliveries_are_accepted_in_chunks() {
    for capture in captures() {
        let verifier = builder_at_delivery(&capture).build();
        let head = RequestHead::new([(SIGNATURE_HEADER, &capture.signature)], TARGET);
        for size in [1, 7, capture.body.len()] {
            let mut pending = verifier.authenticate(&head).unwrap();
            pending.declare_length(capture.body.len() as u64).unwrap();
            for chunk in capture.body.chunks(size) {
                pending.update(chunk).unwrap();
                pending.update(b"").unwrap();
            }
            assert_eq!(answer(pending.finish()), "current", "{size}");
        }

        let mut short = verifier.authenticate(&head).unwrap();
        short.update(&capture.body[1..]).unwrap();
        assert_eq!(answer(short.finish()), "body_mismatch");
        let nothing = verifier.authenticate(&head).unwrap();
        assert_eq!(answer(nothing.finish()), "body_mismatch");
    }
}

#[test]
fn tokens_in_the_form_of_2026_are_accepted() {
    assert_eq!(token().value("aud"), Some("\"\""));
    assert_eq!(token().value("nbf"), Some("-62135596800"));
    for (key, slot) in DEFAULT.iter().zip([KeySlot::Current, KeySlot::Next]) {
        let verified = verify(&verifier(), &token().sign(key), BODY).unwrap();
        assert_eq!(verified.key_slot(), slot);
        assert_eq!(verified.claims().nbf(), Some(pinned(-62_135_596_800)()));
        assert_eq!(verified.claims().iat(), Some(pinned(1_783_794_355)()));
        assert_eq!(verified.claims().sub(), URL);
    }
    let empty = Token::new(URL, b"", NOW).sign(DEFAULT[0]);
    assert_eq!(answer(verify(&verifier(), &empty, b"")), "current");
}
