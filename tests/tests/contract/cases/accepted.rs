//! Accepted deliveries.

use qstash_verify_tests::{DEFAULT, EU, EU_VARIABLES, MULTI_REGION, US, US_VARIABLES};

use super::lengths::{header_of, token_of};
use super::{BODY, Body, CLOCK, Case, LIMIT, builder, case, genuine, ring, signed, token, with};

pub(crate) fn signed_by_the_current_key() -> Case {
    // The padding of the hash is optional.
    let padded = token();
    let hash = padded.value("body").unwrap().replace('=', "");
    let unpadded = token().claim("body", &hash);
    case([signed(&padded), signed(&unpadded)])
}

pub(crate) fn signed_by_the_next_key() -> Case {
    case([with(token().sign(DEFAULT[1]))])
}

pub(crate) fn each_region() -> Case {
    let of = |pair: [&str; 2], region| pair.map(|key| with(token().sign(key)).of(region));
    Case {
        verifier: builder(ring(&[&US_VARIABLES, &EU_VARIABLES, &[MULTI_REGION]])).build(),
        ..case([of(US, "US-EAST-1"), of(EU, "EU-CENTRAL-1")].concat())
    }
}

pub(crate) fn chunked_body() -> Case {
    case([genuine(BODY, Body::Chunks(BODY.to_vec()))])
}

pub(crate) fn empty_body() -> Case {
    case([Body::Whole(Vec::new()), Body::Chunks(Vec::new())].map(|body| genuine(b"", body)))
}

pub(crate) fn values_at_the_limits() -> Case {
    let longest = vec![b'x'; usize::try_from(LIMIT).unwrap()];
    case([
        with(token_of(8 * 1024)),
        signed(&token().header(&header_of(1024))),
        signed(&token().claim("exp", &format!("{CLOCK}.001"))),
        signed(&token().claim("nbf", &CLOCK.to_string())),
        genuine(&longest, Body::Whole(longest.clone())),
        genuine(&longest, Body::Chunks(longest.clone())),
    ])
}

pub(crate) fn without_optional_claims() -> Case {
    case(["aud", "iat", "jti", "nbf"].map(|claim| signed(&token().without(claim))))
}
