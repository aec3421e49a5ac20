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

pub(crate) fn other_body_in_chunks() -> Case {
    case(others().map(|other| genuine(BODY, Body::Chunks(other))))
}

pub(crate) fn no_body() -> Case {
    case([Body::Whole(Vec::new()), Body::Chunks(Vec::new())].map(|body| genuine(BODY, body)))
}

pub(crate) fn announced_over_the_limit() -> Case {
    case(
        [LIMIT + 1, 50 * 1024 * 1024, 1 << 62].map(|length| genuine(BODY, Body::Announced(length))),
    )
}

fn too_long() -> Vec<u8> {
    vec![b'x'; usize::try_from(LIMIT + 1).unwrap()]
}

pub(crate) fn over_the_limit() -> Case {
    case([genuine(&too_long(), Body::Whole(too_long()))])
}

pub(crate) fn chunks_over_the_limit() -> Case {
    case([genuine(&too_long(), Body::Chunks(too_long()))])
}

pub(crate) fn ended_early() -> Case {
    case([genuine(BODY, Body::CutOff(BODY.to_vec()))])
}

pub(crate) fn chunks_ended_early() -> Case {
    case([genuine(BODY, Body::ChunksCutOff(BODY.to_vec()))])
}

pub(crate) fn broken_chunks() -> Case {
    case([genuine(BODY, Body::BrokenChunks(BODY.to_vec()))])
}
