//! The hash and the limit of the body.

use qstash_verify::{DEFAULT_BODY_LIMIT, RequestHead, SIGNATURE_HEADER};
use qstash_verify_test_support::{DEFAULT, Token};
use sha2::{Digest as _, Sha256};

use crate::{BODY, NOW, TARGET, URL, answer, answer_to, builder, token, verifier, verify};

#[test]
fn hash_may_have_any_padding() {
    let padded = token().value("body").unwrap().to_owned();
    let hash = padded.trim_matches(['"', '=']);
    assert_eq!(padded, format!("\"{hash}=\""));
    for padding in ["", "=", "==", "===", &"=".repeat(50)] {
        let claim = format!("\"{hash}{padding}\"");
        assert_eq!(
            answer_to(&token().claim("body", &claim)),
            "current",
            "{claim}"
        );
    }
}

#[test]
fn invalid_hash_matches_no_body() {
    let padded = token().value("body").unwrap().to_owned();
    let hash = padded.trim_matches(['"', '=']);
    // A body whose hash has symbols that differ between the alphabets.
    let (odd_body, odd) = (0..)
        .map(|n: u32| n.to_string())
        .find_map(|body| {
            let token = Token::new(URL, body.as_bytes(), NOW);
            let hash = token.value("body")?.to_owned();
            (hash.contains('-') && hash.contains('_')).then_some((body, hash))
        })
        .unwrap();
    let standard = odd.replace('-', "+").replace('_', "/");
    let token_of_odd = Token::new(URL, odd_body.as_bytes(), NOW);
    let with = |claim: &str| {
        let token = token_of_odd.clone().claim("body", claim).sign(DEFAULT[0]);
        answer(verify(&verifier(), &token, odd_body.as_bytes()))
    };
    assert_eq!(with(&odd), "current");
    assert_eq!(with(&standard), "body_mismatch");

    let last = hash.as_bytes()[42];
    for wrong in [
        String::new(),
        "=".to_owned(),
        "A".to_owned(),
        hash[..42].to_owned(),
        hash[1..].to_owned(),
        format!("{hash}A"),
        format!("{hash}{hash}"),
        format!("{hash}=A"),
        format!("={hash}"),
        format!(" {hash}"),
        format!("{hash} "),
        format!("{}{}", &hash[..42], char::from(last + 1)), // a stray bit
        format!("{}!", &hash[..42]),
        format!("{}\u{fc}", &hash[..41]),
        "A".repeat(43),
        "5c2ef9a3".repeat(8),
    ] {
        let claim = format!("\"{wrong}\"");
        assert_eq!(
            answer_to(&token().claim("body", &claim)),
            "body_mismatch",
            "{claim}"
        );
    }
    // Refused by `finish`, not by `authenticate`: the token is genuine.
    let token = token().claim("body", "\"\"").sign(DEFAULT[0]);
    let head = RequestHead::new([(SIGNATURE_HEADER, &token)], TARGET);
    let pending = verifier().authenticate(&head).unwrap();
    assert_eq!(answer(pending.finish()), "body_mismatch");
}

#[test]
fn body_over_the_limit_is_refused() {
    const LIMIT: u64 = 25;
    assert_eq!(BODY.len() as u64, LIMIT);
    let (exact, low) = (
        builder().body_limit(LIMIT).build(),
        builder().body_limit(LIMIT - 1).build(),
    );
    let token = token().sign(DEFAULT[0]);
    let head = RequestHead::new([(SIGNATURE_HEADER, &token)], TARGET);

    assert_eq!(answer(exact.verify(&head, BODY)), "current");
    assert_eq!(answer(low.verify(&head, BODY)), "body_too_large");

    let mut pending = exact.authenticate(&head).unwrap();
    for length in [0, LIMIT - 1, LIMIT] {
        pending.declare_length(length).unwrap();
    }
    for length in [LIMIT + 1, u64::MAX] {
        let refused = pending.declare_length(length).unwrap_err();
        assert_eq!((refused.code(), refused.status()), ("body_too_large", 413));
        assert!(refused.to_string().contains("25 bytes"), "{refused}");
    }
    // The limit applies to the bytes received, not to the declared length.
    pending.update(&BODY[..20]).unwrap();
    pending.update(&BODY[20..]).unwrap();
    assert_eq!(answer(pending.clone().finish()), "current");
    assert_eq!(pending.update(b"x").unwrap_err().code(), "body_too_large");
    // The limit still holds if the error is ignored.
    assert_eq!(answer(pending.clone().finish()), "body_too_large");
    assert!(pending.update(b"").is_err());
    assert_eq!(answer(pending.finish()), "body_too_large");

    let mut pending = low.authenticate(&head).unwrap();
    pending.update(&BODY[..24]).unwrap();
    pending.update(&BODY[24..]).unwrap_err();
    assert_eq!(answer(pending.finish()), "body_too_large");

    let nothing = builder().body_limit(0).build();
    let empty = Token::new(URL, b"", NOW).sign(DEFAULT[0]);
    assert_eq!(answer(verify(&nothing, &empty, b"")), "current");
    assert_eq!(answer(verify(&nothing, &empty, b"x")), "body_too_large");
}

#[test]
fn default_limit_is_10_mib() {
    assert_eq!(DEFAULT_BODY_LIMIT, 10 * 1024 * 1024);
    let token = token().sign(DEFAULT[0]);
    let head = RequestHead::new([(SIGNATURE_HEADER, &token)], TARGET);
    let built = builder().build();
    for verifier in [&verifier(), &built] {
        let mut pending = verifier.authenticate(&head).unwrap();
        pending.declare_length(DEFAULT_BODY_LIMIT).unwrap();
        pending.declare_length(DEFAULT_BODY_LIMIT + 1).unwrap_err();
    }
}

#[test]
fn token_is_checked_before_the_length() {
    let token = token().sign("sig_forged");
    let low = builder().body_limit(0).build();
    assert_eq!(answer(verify(&low, &token, BODY)), "bad_signature");
}

#[test]
fn declared_length_over_the_limit_is_refused_by_authenticate() {
    let verifier = builder().body_limit(4).build();
    let answer = |token: &str, length: &str| {
        let headers = [(SIGNATURE_HEADER, token), ("Content-Length", length)];
        let head = RequestHead::new(headers, "/hook");
        verifier
            .authenticate(&head)
            .map_or_else(|refused| refused.code(), |_| "ok")
    };
    let genuine = Token::new(URL, b"body", NOW).sign(DEFAULT[0]);
    let forged = Token::new(URL, b"body", NOW).sign("sig_mallory");
    for length in ["", "0", "4", "nonsense", "-5"] {
        assert_eq!(answer(&genuine, length), "ok", "{length}");
    }
    for length in ["5", "52428800", "18446744073709551615"] {
        assert_eq!(answer(&genuine, length), "body_too_large", "{length}");
        assert_eq!(answer(&forged, length), "bad_signature", "{length}");
    }
}

#[test]
fn hash_of_the_host_is_compared_like_ours() {
    let token = token().sign(DEFAULT[0]);
    let head = RequestHead::new([(SIGNATURE_HEADER, &token)], TARGET);
    let limit = BODY.len() as u64;
    let verifier = builder().body_limit(limit).build();
    let finish = |body: &[u8], bytes: u64| {
        let pending = verifier.authenticate(&head).unwrap();
        answer(pending.finish_with_sha256(Sha256::digest(body).into(), bytes))
    };
    assert_eq!(finish(BODY, limit), "current");
    assert_eq!(finish(b"other", 5), "body_mismatch");
    assert_eq!(finish(b"", 0), "body_mismatch");
    assert_eq!(finish(BODY, limit + 1), "body_too_large");
    // Chunks do not count.
    let mut pending = verifier.authenticate(&head).unwrap();
    pending.update(b"other").unwrap();
    let hash = Sha256::digest(BODY).into();
    assert_eq!(answer(pending.finish_with_sha256(hash, limit)), "current");
}
