//! Deliveries refused for their token.

use qstash_verify_tests::DEFAULT;

use super::lengths::{header_of, token_of};
use super::{Case, Delivery, case, signed, token, with};

pub(crate) fn no_signature_header() -> Case {
    case([Delivery {
        signatures: Vec::new(),
        ..with("")
    }])
}

pub(crate) fn two_signature_headers() -> Case {
    let good = token().sign(DEFAULT[0]);
    let delivery = |pair: [&str; 2]| Delivery {
        signatures: pair.map(str::to_owned).to_vec(),
        ..with("")
    };
    case([[&*good, &*good], [&*good, "x"], ["", &*good]].map(delivery))
}

pub(crate) fn not_three_parts() -> Case {
    let good = token().sign(DEFAULT[0]);
    let (two, _) = good.rsplit_once('.').unwrap();
    let [two, four] = [two.to_owned(), format!("{good}.")];
    case([String::new(), "x".to_owned(), two, four].map(with))
}

pub(crate) fn not_base64url() -> Case {
    let good = token().sign(DEFAULT[0]);
    let [header, payload, mac] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("{good}");
    };
    case([
        with(format!("{header}=.{payload}.{mac}")),
        with(format!("{header}.{payload}+.{mac}")),
        with(format!("{header}.{payload}.{mac}=")),
        with(format!("{header}.{payload}.{mac}!")),
    ])
}

pub(crate) fn over_8_kib() -> Case {
    // Genuine except for its length.
    case([with(token_of(8 * 1024 + 1))])
}

pub(crate) fn header_over_1_kib() -> Case {
    // No base64url text is one character longer.
    case([signed(&token().header(&header_of(1024 + 2)))])
}

pub(crate) fn duplicate_header_parameter() -> Case {
    case(
        [
            r#"{"alg":"HS256","alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT","typ":"JWT"}"#,
        ]
        .map(|header| signed(&token().header(header))),
    )
}

const NOT_OBJECTS: [&str; 5] = ["", "{", "[]", r#""HS256""#, r#"{"alg":"HS256"} x"#];

pub(crate) fn header_is_not_an_object() -> Case {
    case(NOT_OBJECTS.map(|header| signed(&token().header(header))))
}

pub(crate) fn payload_is_not_an_object() -> Case {
    case(NOT_OBJECTS.map(|payload| signed(&token().payload(payload))))
}

pub(crate) fn other_algorithm() -> Case {
    let headers = ["none", "hs256", "HS384", "HS512", "RS256"]
        .map(|alg| format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
    let absent = r#"{"typ":"JWT"}"#.to_owned();
    let headers = headers.into_iter().chain([absent]);
    case(headers.map(|header| signed(&token().header(&header))))
}

pub(crate) fn crit_header_parameter() -> Case {
    case(
        [
            r#"{"alg":"HS256","crit":["exp"]}"#,
            r#"{"alg":"HS256","crit":null}"#,
        ]
        .map(|header| signed(&token().header(header))),
    )
}

pub(crate) fn other_key() -> Case {
    case([with(token().sign("sig_ofSomebodyElse"))])
}

/// Claims are checked only after the signature.
pub(crate) fn other_key_and_wrong_claims() -> Case {
    let wrong = [
        token().claim("exp", "0"),
        token().claim("iss", r#""x""#),
        token().claim("sub", r#""x""#),
        token().without("exp"),
        token().payload("[]"),
    ];
    case(wrong.map(|token| with(token.sign("sig_ofSomebodyElse"))))
}

pub(crate) fn damaged_token() -> Case {
    let good = token().sign(DEFAULT[0]);
    let later = token().claim("exp", "9e9").sign("sig_ofSomebodyElse");
    let (input, _) = later.rsplit_once('.').unwrap();
    let (own_input, mac) = good.rsplit_once('.').unwrap();
    case([
        // Another payload, half a MAC, no MAC.
        with(format!("{input}.{mac}")),
        with(format!("{own_input}.{}", mac.split_at(24).0)),
        with(format!("{own_input}.")),
    ])
}
