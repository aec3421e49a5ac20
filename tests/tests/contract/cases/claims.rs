//! Deliveries refused for their claims.

use qstash_verify_tests::{DEFAULT, NOW, Token, URL};

use super::{BODY, CLOCK, Case, case, signed, token, with};

fn without(claim: &str) -> Case {
    case(DEFAULT.map(|key| with(token().without(claim).sign(key))))
}

pub(crate) fn missing_iss() -> Case {
    without("iss")
}

pub(crate) fn missing_sub() -> Case {
    without("sub")
}

pub(crate) fn missing_exp() -> Case {
    without("exp")
}

pub(crate) fn missing_body_claim() -> Case {
    without("body")
}

const CLAIMS: [&str; 8] = ["aud", "body", "exp", "iat", "iss", "jti", "nbf", "sub"];

pub(crate) fn wrong_type() -> Case {
    let wrong = CLAIMS.iter().flat_map(|claim| {
        ["null", "true", "{}", "[1]"].map(|json| signed(&token().claim(claim, json)))
    });
    case(wrong)
}

pub(crate) fn repeated_claim() -> Case {
    let again = |claim| {
        let token = token();
        let value = token.value(claim).unwrap().to_owned();
        signed(&token.again(claim, &value))
    };
    case(CLAIMS.map(again))
}

pub(crate) fn wrong_issuer() -> Case {
    case(["\"upstash\"", "\"\""].map(|iss| signed(&token().claim("iss", iss))))
}

pub(crate) fn expired() -> Case {
    // The first second at which it is expired.
    let now = token().claim("exp", &CLOCK.to_string());
    let long_ago = Token::new(URL, BODY, 0);
    // The reason must not depend on the key.
    let both = [now, long_ago].map(|token| DEFAULT.map(|key| with(token.sign(key))));
    case(both.concat())
}

pub(crate) fn not_yet_valid() -> Case {
    case(
        [format!("{CLOCK}.001"), "1e300".to_owned()].map(|nbf| signed(&token().claim("nbf", &nbf))),
    )
}

pub(crate) fn other_url() -> Case {
    let urls = [
        "https://elsewhere.example.com/hooks/qstash?from=qstash",
        "https://api.example.com/hooks/qstash",
        "https://api.example.com/hooks/qstash?from=qstash&x",
        "https://api.example.com/hooks/other?from=qstash",
        "/hooks/qstash?from=qstash",
        "",
    ];
    case(urls.map(|url| signed(&Token::new(url, BODY, NOW))))
}
