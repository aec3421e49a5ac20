//! Deliveries refused for their body.

use super::{BODY, Body, Case, LIMIT, case, genuine, signed, token};

fn others() -> [Vec<u8>; 3] {
    [
        b"x".repeat(BODY.len()),
        [BODY, b"\n"].concat(),
        BODY[1..].to_vec(),
    ]
}

pub(crate) fn other_body() -> Case {
    let no_hash = signed(&token().claim("body", "\"\""));
    let others = others().map(|other| genuine(BODY, Body::Whole(other)));
    case(others.into_iter().chain([no_hash]))
}

pub(crate) fn other_chunked_body() -> Case {
    case(others().map(|other| genuine(BODY, Body::Chunks(other))))
}

pub(crate) fn missing_body() -> Case {
    case([Body::Whole(Vec::new()), Body::Chunks(Vec::new())].map(|body| genuine(BODY, body)))
}

pub(crate) fn declared_over_the_limit() -> Case {
    case([LIMIT + 1, 50 * 1024 * 1024, 1 << 62].map(|length| genuine(BODY, Body::Declared(length))))
}

fn too_long() -> Vec<u8> {
    vec![b'x'; usize::try_from(LIMIT + 1).unwrap()]
}

pub(crate) fn body_over_the_limit() -> Case {
    case([genuine(&too_long(), Body::Whole(too_long()))])
}

pub(crate) fn chunked_over_the_limit() -> Case {
    case([genuine(&too_long(), Body::Chunks(too_long()))])
}

pub(crate) fn truncated_body() -> Case {
    case([genuine(BODY, Body::Truncated(BODY.to_vec()))])
}

pub(crate) fn truncated_chunked_body() -> Case {
    case([genuine(BODY, Body::TruncatedChunks(BODY.to_vec()))])
}

pub(crate) fn malformed_chunks() -> Case {
    case([genuine(BODY, Body::MalformedChunks(BODY.to_vec()))])
}
