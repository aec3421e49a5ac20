//! Answers, `Display` and `Debug`.

use qstash_verify::{CHALLENGE, REGION_HEADER, RequestHead, SIGNATURE_HEADER, VerifyError};
use qstash_verify_test_support::DEFAULT;

use crate::{TARGET, answer, token, verifier};

#[test]
fn unreadable_body_and_challenge_are_valid_answers() {
    let unreadable =
        VerifyError::body_unreadable(&std::io::Error::other("connection reset\nby peer"));
    assert_eq!(unreadable.body(), r#"{"error":"body_unreadable"}"#);
    assert!(unreadable.to_string().contains("connection reset"));
    assert_eq!(answer(Err(unreadable)), "body_unreadable");
    // An auth-scheme is a token (RFC 9110 §11.1).
    assert!(
        CHALLENGE
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    );
    assert_eq!(
        (SIGNATURE_HEADER, REGION_HEADER),
        ("upstash-signature", "upstash-region")
    );
}

#[test]
fn debug_form_has_lengths_and_no_secret() {
    let token = token().sign(DEFAULT[0]);
    let signature = (SIGNATURE_HEADER, token.as_str());
    let size = format!("{} bytes", token.len());
    for (headers, expected) in [
        (vec![], "absent"),
        (vec![signature], size.as_str()),
        (vec![signature, signature], "several"),
    ] {
        let printed = format!("{:?}", RequestHead::new(headers, TARGET));
        assert!(printed.contains(expected), "{printed}");
    }

    let head = RequestHead::new([signature], TARGET);
    let pending = verifier().authenticate(&head).unwrap();
    assert_eq!(format!("{pending:?}"), "PendingDelivery { .. }");
    let mut buffered = pending.buffered();
    for (chunk, bytes) in [(&b"he"[..], 2), (b"llo", 5), (b"!", 6)] {
        buffered.update(chunk.into()).unwrap();
        let expected = format!("BufferedDelivery {{ bytes: {bytes}, .. }}");
        assert_eq!(format!("{buffered:?}"), expected);
    }
}

#[test]
fn body_unreadable_names_the_sources() {
    #[derive(Debug)]
    struct Outer(std::io::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("error reading a body")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let refused = VerifyError::body_unreadable(&Outer(std::io::Error::other("connection reset")));
    let text = refused.to_string();
    assert!(
        text.contains("(error reading a body: connection reset)"),
        "{text}"
    );
}
