//! The MAC, the keys, and the reasons given to forgers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use qstash_verify::{RequestHead, SIGNATURE_HEADER, Verifier};
use qstash_verify_test_support::{DEFAULT, Token, base64url, pinned, signing_keys};

use crate::{BODY, NOW, TARGET, URL, answer, builder, token, verifier, verify};

#[test]
fn other_algorithms_are_refused_even_with_the_right_key() {
    let key = DEFAULT[0].as_bytes();
    let input = |alg: &str| {
        token()
            .header(&format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#))
            .signing_input()
    };
    let hs384 = |input: &str| {
        let mac = Hmac::<sha2::Sha384>::new_from_slice(key).unwrap();
        base64url(mac.chain_update(input).finalize().into_bytes())
    };
    let hs512 = |input: &str| {
        let mac = Hmac::<sha2::Sha512>::new_from_slice(key).unwrap();
        base64url(mac.chain_update(input).finalize().into_bytes())
    };
    let answer_to =
        |input: &str, mac: &str| answer(verify(&verifier(), &format!("{input}.{mac}"), BODY));

    let (none, hs256) = (input("none"), input("HS256"));
    let (input_384, input_512) = (input("HS384"), input("HS512"));
    assert_eq!(answer_to(&none, ""), "unsupported_algorithm");
    assert_eq!(
        answer_to(&input_384, &hs384(&input_384)),
        "unsupported_algorithm"
    );
    assert_eq!(
        answer_to(&input_512, &hs512(&input_512)),
        "unsupported_algorithm"
    );
    // Other MACs under the header of HS256.
    assert_eq!(answer_to(&hs256, ""), "bad_signature");
    assert_eq!(answer_to(&hs256, &hs384(&hs256)), "bad_signature");
    assert_eq!(answer_to(&hs256, &hs512(&hs256)), "bad_signature");
    assert_eq!(answer_to(&hs256, &hs512(&hs256)[..43]), "malformed_token");
}

#[test]
fn altered_mac_is_refused() {
    let token = token();
    let input = token.signing_input();
    let signed = token.sign(DEFAULT[0]);
    let mac = URL_SAFE_NO_PAD.decode(&signed[input.len() + 1..]).unwrap();
    let with = |mac: &[u8]| {
        let token = format!("{input}.{}", base64url(mac));
        answer(verify(&verifier(), &token, BODY))
    };
    assert_eq!(with(&mac), "current");
    for length in 0..mac.len() {
        assert_eq!(with(&mac[..length]), "bad_signature", "{length}");
    }
    for more in [&[0][..], &mac] {
        assert_eq!(with(&[&mac, more].concat()), "bad_signature");
    }
    for bit in 0..256 {
        let mut flipped = mac.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(with(&flipped), "bad_signature", "{bit}");
    }
    assert_eq!(with(&[0; 32]), "bad_signature");
    // Stray bits in the last symbol: another text for the same bytes.
    let last = *signed.as_bytes().last().unwrap();
    let stray = format!("{}{}", &signed[..signed.len() - 1], char::from(last + 1));
    assert_eq!(answer(verify(&verifier(), &stray, BODY)), "malformed_token");
}

#[test]
fn token_with_a_flipped_bit_is_refused() {
    let genuine = token().sign(DEFAULT[0]);
    for at in 0..genuine.len() {
        for bit in 0..8 {
            let mut token = genuine.clone().into_bytes();
            token[at] ^= 1 << bit;
            let head = RequestHead::new([(SIGNATURE_HEADER, &token)], TARGET);
            let code = answer(verifier().verify(&head, BODY));
            assert!(
                ["bad_signature", "malformed_token", "unsupported_algorithm"].contains(&code),
                "{at} {bit}: {code}"
            );
        }
    }
}

#[test]
fn key_is_its_exact_text_without_white_space_around_it() {
    for other in [
        DEFAULT[0].trim_start_matches("sig_").to_owned(),
        DEFAULT[0].to_uppercase(),
        format!("{}\n", DEFAULT[0]),
        format!("{}x", DEFAULT[0]),
        String::new(),
    ] {
        let token = token().sign(&other);
        assert_eq!(
            answer(verify(&verifier(), &token, BODY)),
            "bad_signature",
            "{other}"
        );
    }
    let padded = signing_keys(&[" sig_a\n", "\tsig_b "]);
    let verifier = Verifier::builder(padded).clock(pinned(NOW)).build();
    for (key, slot) in [("sig_a", "current"), ("sig_b", "next")] {
        assert_eq!(answer(verify(&verifier, &token().sign(key), BODY)), slot);
    }
    let umlaut = signing_keys(&["s\u{fc}g", "sig_b"]);
    let verifier = Verifier::builder(umlaut).clock(pinned(NOW)).build();
    assert_eq!(
        answer(verify(&verifier, &token().sign("s\u{fc}g"), BODY)),
        "current"
    );
}

#[test]
fn token_signed_with_either_key_gets_the_precise_reason() {
    for key in DEFAULT {
        for (token, expected) in [
            (token().claim("exp", "1"), "expired"),
            (token().claim("nbf", "1e300"), "not_yet_valid"),
            (token().claim("iss", "\"\""), "wrong_issuer"),
            (token().without("sub"), "missing_claim"),
            (token().claim("sub", "1"), "invalid_claim"),
            (token().payload("x"), "malformed_token"),
            (Token::new(URL, b"other", NOW), "body_mismatch"),
        ] {
            assert_eq!(
                answer(verify(&verifier(), &token.sign(key), BODY)),
                expected
            );
        }
    }
}

#[test]
fn every_forgery_is_bad_signature() {
    let verifier = builder().url(URL).unwrap().body_limit(10).build();
    for token in [
        token(),
        token().claim("exp", "1"),
        token().claim("nbf", "1e300"),
        token().claim("iss", "\"\""),
        token().without("sub"),
        token().claim("sub", "1"),
        token().again("sub", "1"),
        token().payload("x"),
        token().payload(""),
        Token::new("https://elsewhere.example/", b"other", 0)
            .claim("iss", "1")
            .again("x", "{}"),
    ] {
        let forged = token.sign("sig_forged");
        assert_eq!(answer(verify(&verifier, &forged, BODY)), "bad_signature");
        let head = RequestHead::new([(SIGNATURE_HEADER, &forged)], TARGET);
        assert_eq!(
            verifier.authenticate(&head).unwrap_err().code(),
            "bad_signature"
        );
    }
}
