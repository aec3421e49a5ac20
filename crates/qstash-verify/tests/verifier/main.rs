//! The verifier's answers to captured deliveries and to each kind of invalid one.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests: panics are failures"
)]

mod body;
mod captures;
mod claims;
mod dates;
mod mac;
mod printed;
mod token;

use qstash_verify::{RequestHead, SIGNATURE_HEADER, Verified, Verifier, VerifyError};
use qstash_verify_test_support::{BODY, DEFAULT, NOW, TARGET, Token, URL, builder};

const EXP: i64 = NOW + 300;

fn token() -> Token {
    Token::new(URL, BODY, NOW)
}

fn verifier() -> Verifier {
    builder().build()
}

fn verify(verifier: &Verifier, token: &str, body: &[u8]) -> Result<Verified, VerifyError> {
    let headers = [(SIGNATURE_HEADER, token)];
    verifier.verify(&RequestHead::new(headers, TARGET), body)
}

/// Returns the code of a refusal, or the key that signed.
///
/// Asserts that status, body and text of a refusal fit its code.
fn answer(result: Result<Verified, VerifyError>) -> &'static str {
    match result {
        Ok(verified) => verified.key_slot().as_str(),
        Err(refused) => {
            let status = match refused.code() {
                "body_too_large" => 413,
                "body_unreadable" => 400,
                _ => 401,
            };
            assert_eq!(refused.status(), status, "{refused:?}");
            let body = format!("{{\"error\":\"{}\"}}", refused.code());
            assert_eq!(refused.body(), body, "{refused:?}");
            let text = refused.to_string();
            assert!(!text.is_empty() && text.lines().count() == 1, "{text}");
            refused.code()
        }
    }
}

/// Returns the answer to a token, signed with the current key.
fn answer_to(token: &Token) -> &'static str {
    answer(verify(&verifier(), &token.sign(DEFAULT[0]), BODY))
}
