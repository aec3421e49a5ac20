//! Logged and printed text: each warning once, and no secret.
//!
//! Every event must be emitted inside `captured`, whose docs give the reason.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests: panics are failures"
)]

mod refusals;
mod secrets;
mod warnings;

use qstash_verify_test_support::{
    DEFAULT_VARIABLES, EU_VARIABLES, MULTI_REGION, NOW, Token, US_VARIABLES,
};

const URL: &str = "https://example.com/hook";
const BODY: &[u8] = b"hello";

fn token() -> Token {
    Token::new(URL, BODY, NOW)
}

fn all_variables() -> Vec<(&'static str, &'static str)> {
    let mut variables = [DEFAULT_VARIABLES, US_VARIABLES, EU_VARIABLES].concat();
    variables.push(MULTI_REGION);
    variables
}
