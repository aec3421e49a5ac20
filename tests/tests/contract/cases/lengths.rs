//! Tokens and headers of an exact length.

use qstash_verify_tests::{DEFAULT, base64url};

use super::token;

/// The filling that gives a text exactly this length, where 3 more bytes are 4
/// characters more of base64url.
fn of_length(length: usize, text: impl Fn(usize) -> String) -> usize {
    let about = (length - text(0).len()) / 4 * 3;
    let mut fills = about..about + 6;
    fills.find(|fill| text(*fill).len() == length).unwrap()
}

/// A header that asks for nothing special, of this many characters of base64url.
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
