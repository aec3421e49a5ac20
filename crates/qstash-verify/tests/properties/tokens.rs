//! Tokens, headers and bodies.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use qstash_verify::{REGION_HEADER, Region, RequestHead, SIGNATURE_HEADER, Verifier};
use qstash_verify_test_support::{
    Capture, DEFAULT, Token, base64url, captures, pinned, signing_keys,
};

use crate::{NOW, URL, code, verifier, verify};

/// A change of one byte.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Insert(Index, u8),
    Delete(Index),
}

impl Change {
    fn any() -> impl Strategy<Value = Change> {
        // Half of the bytes are ones that a token may contain.
        let symbol = select(&b"ABCDabcd0189-_=.+/ "[..]);
        let byte = prop_oneof![any::<u8>(), symbol];
        prop_oneof![
            (any::<Index>(), 1..=u8::MAX).prop_map(|(at, bits)| Change::Flip(at, bits)),
            (any::<Index>(), byte).prop_map(|(at, byte)| Change::Insert(at, byte)),
            any::<Index>().prop_map(Change::Delete),
        ]
    }

    /// Applies the change; the result always differs.
    fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        match self {
            // An empty input can only grow.
            _ if bytes.is_empty() => changed.push(0),
            Change::Flip(at, bits) => changed[at.index(bytes.len())] ^= bits,
            Change::Insert(at, byte) => changed.insert(at.index(bytes.len() + 1), *byte),
            Change::Delete(at) => {
                changed.remove(at.index(bytes.len()));
            }
        }
        assert_ne!(changed, bytes);
        changed
    }
}

/// Generates base64url of any bytes, or of JSON that resembles a token's.
fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9_-]{0,80}",
        vec(any::<u8>(), 0..200).prop_map(base64url),
        r#"\{("(alg|crit|iss|exp|x)":("HS256"|1|null|\[\]),?){0,4}\}"#.prop_map(base64url),
        Just(base64url(r#"{"alg":"HS256","typ":"JWT"}"#)),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn random_bytes_are_refused(token in vec(any::<u8>(), 0..600)) {
        prop_assert_ne!(code(verify(&verifier(), &token, b"")), "ok");
    }

    #[test]
    fn random_parts_are_refused(parts in vec(segment(), 0..5), joint in "[.]|[.]|[.]|[.][.]|,") {
        let token = parts.join(&joint);
        let code = code(verify(&verifier(), token.as_bytes(), b""));
        prop_assert!(
            ["malformed_token", "unsupported_algorithm", "bad_signature"].contains(&code),
            "{}", code
        );
    }

    #[test]
    fn signed_random_payload_is_refused(payload in prop_oneof![
        vec(any::<u8>(), 0..200),
        r#"\{("(iss|exp|sub|body|nbf|x)":("Upstash"|1|-1e999|null|\[\]|"\\ud800"),?){0,7}\}"#
            .prop_map(String::into_bytes),
    ]) {
        let token = Token::new(URL, b"", NOW).payload(payload).sign(DEFAULT[0]);
        prop_assert_ne!(code(verify(&verifier(), token.as_bytes(), b"")), "ok");
    }

    #[test]
    fn changed_token_is_refused(change in Change::any(), which in 0..4_usize) {
        let Capture { keys, signature, body, at, .. } = match which {
            0 | 1 => captures().swap_remove(which),
            _ => Capture {
                signature: Token::new(URL, b"hello", NOW).sign(DEFAULT[which - 2]),
                keys: DEFAULT.map(str::to_owned),
                body: b"hello"[..].into(),
                at: NOW,
                ..captures().swap_remove(0)
            },
        };
        let verifier = Verifier::builder(signing_keys(&keys)).clock(pinned(at)).build();
        prop_assert_eq!(code(verify(&verifier, signature.as_bytes(), &body)), "ok");

        let changed = change.apply(signature.as_bytes());
        let head = RequestHead::new([(SIGNATURE_HEADER, &changed)], "/hook");
        let refused = code(verifier.authenticate(&head));
        prop_assert!(
            ["malformed_token", "unsupported_algorithm", "bad_signature"].contains(&refused),
            "{}", refused
        );
    }

    #[test]
    fn changed_body_is_refused(body in body(), change in Change::any()) {
        let token = Token::new(URL, &body, NOW).sign(DEFAULT[0]);
        prop_assert_eq!(code(verify(&verifier(), token.as_bytes(), &body)), "ok");
        let changed = change.apply(&body);
        prop_assert_eq!(code(verify(&verifier(), token.as_bytes(), &changed)), "body_mismatch");
    }

    #[test]
    fn chunked_body_has_the_same_outcome(
        body in body(),
        other in prop::option::weighted(0.2, Change::any()),
        cuts in vec(any::<Index>(), 0..10),
        room in -3..20_i64,
    ) {
        let limit = (i64::try_from(body.len()).unwrap() + room).max(0).unsigned_abs();
        let verifier = Verifier::builder(signing_keys(&DEFAULT))
            .clock(pinned(NOW))
            .body_limit(limit)
            .build();
        let signed = other.as_ref().map_or_else(|| body.clone(), |change| change.apply(&body));
        let token = Token::new(URL, &signed, NOW).sign(DEFAULT[0]);
        let whole = code(verify(&verifier, token.as_bytes(), &body));
        let expected = if body.len() as u64 > limit {
            "body_too_large"
        } else if signed == body {
            "ok"
        } else {
            "body_mismatch"
        };
        prop_assert_eq!(whole, expected);

        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let head = RequestHead::new([(SIGNATURE_HEADER, &token)], "/hook");
        let mut pending = verifier.authenticate(&head).unwrap();
        let mut refused = None;
        for pair in cuts.windows(2) {
            if let Err(error) = pending.update(&body[pair[0]..pair[1]]) {
                refused.get_or_insert(error.code());
            }
        }
        let finished = code(pending.finish());
        prop_assert_eq!(finished, whole);
        prop_assert_eq!(refused.is_some(), whole == "body_too_large");
        prop_assert_eq!(refused.unwrap_or(finished), whole);
    }

    #[test]
    fn region_header_is_parsed_as_in_the_model(
        header in prop_oneof![
            vec(any::<u8>(), 0..20),
            "[Uu][Ss][-_ ][Ee][Aa][Ss\u{17f}][Tt][-_ ]1 ?".prop_map(String::into_bytes),
            "([Uu][Ss]|[Ee][Uu])[-_](east|East|EAST|central|cEnTrAL|CENTRAL)[-_][12]?"
                .prop_map(String::into_bytes),
        ],
        change in prop::option::weighted(0.2, Change::any()),
    ) {
        let header = change.map_or_else(|| header.clone(), |change| change.apply(&header));
        let text = String::from_utf8_lossy(&header).replace('-', "_").to_ascii_uppercase();
        let expected = match text.as_str() {
            "US_EAST_1" => Some(Region::UsEast1),
            "EU_CENTRAL_1" => Some(Region::EuCentral1),
            _ => None,
        };
        let token = Token::new(URL, b"", NOW).sign(DEFAULT[0]).into_bytes();
        let headers = [(REGION_HEADER, &header), (SIGNATURE_HEADER, &token)];
        let verified = verifier().verify(&RequestHead::new(headers, "/hook"), b"").unwrap();
        prop_assert_eq!(verified.region(), expected);
        if let Ok(header) = std::str::from_utf8(&header) {
            prop_assert_eq!(header.parse::<Region>().ok(), expected);
        }
    }
}
