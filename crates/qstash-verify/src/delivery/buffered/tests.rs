//! Tests of collecting a body.

use super::*;
use crate::delivery::TokenId;
use crate::delivery::body::BodyHash;
use crate::keys::{KeySlot, KeySource};
use crate::token::claims::Claims;

/// Returns a delivery of these bytes with this declared length.
fn delivery(body: &[u8], declared: u64) -> BufferedDelivery {
    limited(body, declared, u64::MAX)
}

fn limited(body: &[u8], declared: u64, limit: u64) -> BufferedDelivery {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use sha2::Digest as _;
    let hash = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(body));
    let hash = hash.as_bytes().try_into().unwrap();
    let verified = Verified {
        region: None,
        key: KeySlot::Current,
        source: KeySource::Explicit,
        claims: Claims::default(),
        id: TokenId([0; 16]),
        tolerance: 0.0,
    };
    let mut body = BodyHash::new(limit, Some(hash));
    body.declare(declared).unwrap();
    PendingDelivery::new(body, verified).buffered()
}

#[test]
fn single_chunk_is_not_copied() {
    let chunk = Bytes::from(vec![1; 100]);
    let address = chunk.as_ptr();
    let mut delivery = delivery(&chunk, 100);
    delivery.update(Bytes::new()).unwrap();
    delivery.update(chunk).unwrap();
    delivery.update(Bytes::new()).unwrap();
    let (_, body) = delivery.finish().unwrap();
    assert_eq!(body.as_ptr(), address);
}

#[test]
fn buffer_has_at_most_twice_the_received_length() {
    let length = (1..1000).sum();
    let whole = vec![0; length];
    for declared in [0, 1_000_000, 10_000_000_000] {
        let mut delivery = delivery(&whole, declared);
        let mut arrived = 0;
        for chunk in 1..1000 {
            delivery.update(Bytes::from(vec![0; chunk])).unwrap();
            arrived += chunk;
            let reserved = delivery.rest.capacity();
            assert!(reserved <= 2 * arrived, "{declared} {arrived}");
        }
        let (_, body) = delivery.finish().unwrap();
        assert_eq!(body, whole);
    }
}

#[test]
fn buffer_stays_within_the_declared_length() {
    let mut delivery = delivery(&[0; 1100], 1000);
    for _ in 0..10 {
        delivery.update(Bytes::from(vec![0; 100])).unwrap();
        assert!(delivery.rest.capacity() <= 1000);
    }
    // A wrong declared length is no limit.
    delivery.update(Bytes::from(vec![0; 100])).unwrap();
    let (_, body) = delivery.finish().unwrap();
    assert_eq!(body.len(), 1100);
}

#[test]
fn altered_body_is_not_returned() {
    let mut delivery = delivery(b"hello", 0);
    delivery.update(Bytes::from_static(b"hel")).unwrap();
    delivery.update(Bytes::from_static(b"lx")).unwrap();
    assert!(matches!(
        delivery.finish(),
        Err(VerifyError::BodyMismatch { received: 5 })
    ));
}

#[test]
fn chunks_are_joined_whether_copied_or_not() {
    const COPIED: bool = true;
    const SHARED: bool = false;
    for chunks in [
        &[("hello", COPIED)][..],
        &[("he", COPIED), ("llo", COPIED)],
        &[("he", COPIED), ("llo", SHARED)],
        &[("he", SHARED), ("llo", COPIED)],
        &[
            ("", COPIED),
            ("he", SHARED),
            ("", COPIED),
            ("", SHARED),
            ("llo", COPIED),
        ],
        &[
            ("", SHARED),
            ("h", COPIED),
            ("", SHARED),
            ("e", SHARED),
            ("", COPIED),
            ("llo", SHARED),
        ],
    ] {
        let mut delivery = delivery(b"hello", 0);
        for (chunk, copied) in chunks {
            let chunk = chunk.as_bytes();
            if *copied {
                delivery.extend_from_slice(chunk).unwrap();
            } else {
                delivery.update(Bytes::from_static(chunk)).unwrap();
            }
        }
        let (_, body) = delivery.finish().unwrap();
        assert_eq!(body, "hello", "{chunks:?}");
    }
    let (_, body) = delivery(b"", 0).finish().unwrap();
    assert_eq!(body, "");
}

#[test]
fn empty_slice_does_not_copy_the_chunk_before() {
    let chunk = Bytes::from(vec![1; 100]);
    let address = chunk.as_ptr();
    let mut delivery = delivery(&chunk, 100);
    delivery.extend_from_slice(b"").unwrap();
    delivery.update(chunk).unwrap();
    delivery.extend_from_slice(b"").unwrap();
    let (_, body) = delivery.finish().unwrap();
    assert_eq!(body.as_ptr(), address);
}

#[test]
fn chunks_over_the_limit_are_refused() {
    const TOO_LARGE: VerifyError = VerifyError::BodyTooLarge { limit: 5 };
    type Take = fn(&mut BufferedDelivery, &'static [u8]) -> Result<(), VerifyError>;
    let extend: Take = |delivery, chunk| delivery.extend_from_slice(chunk);
    let update: Take = |delivery, chunk| delivery.update(Bytes::from_static(chunk));
    for take in [extend, update] {
        let mut delivery = limited(b"hello", 0, 5);
        take(&mut delivery, b"hel").unwrap();
        take(&mut delivery, b"lo").unwrap();
        assert_eq!(take(&mut delivery, b"!").unwrap_err(), TOO_LARGE);
        assert_eq!(delivery.rest, b"hello");
        // The limit still holds if the error is ignored.
        assert_eq!(delivery.finish().unwrap_err(), TOO_LARGE);
    }
}

#[test]
fn capacity_doubles_up_to_the_declared_length() {
    for (declared, chunks, capacity) in [
        (0, &[1, 1][..], 4),
        (0, &[1, 1, 2], 4),
        (0, &[1, 1, 3], 10),
        (3, &[1, 1], 3),
        (3, &[1, 1, 1], 3),
        (5, &[2, 2, 2], 12),
        (100, &[2, 2], 8),
    ] {
        let mut delivery = delivery(b"", declared);
        for chunk in chunks {
            delivery.update(Bytes::from(vec![0; *chunk])).unwrap();
        }
        assert_eq!(delivery.rest.capacity(), capacity, "{declared} {chunks:?}");
    }
}
