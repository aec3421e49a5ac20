//! Tokens and JOSE headers of an exact length.

use qstash_verify_tests::{DEFAULT, base64url};

use super::token;

/// Returns the fill length for which `text` has exactly this length, where 3 bytes are
/// 4 base64url characters.
fn of_length(length: usize, text: impl Fn(usize) -> String) -> usize {
    let about = (length - text(0).len()) / 4 * 3;
    let mut fills = about..about + 6;
    fills.find(|fill| text(*fill).len() == length).unwrap()
}

/// A valid JOSE header of this many base64url characters.
pub(crate) fn header_of(length: usize) -> String {
    let header = |fill| format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(fill));
    header(of_length(length, |fill| base64url(header(fill))))
}

/// A genuine token of this length.
pub(crate) fn token_of(length: usize) -> String {
    let token = |fill| {
        let value = format!(r#""{}""#, "x".repeat(fill));
        token().claim("x", &value).sign(DEFAULT[0])
    };
    token(of_length(length, token))
}
