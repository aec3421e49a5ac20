//! Bodies: their framing, their length, their hash.

use qstash_verify_platform_tests::{accepted, binary, refused};
use qstash_verify_test_support::{DEFAULT, json};

use crate::worker::{WORKERS, Worker};
use crate::{BODY, delivery, signed};

const LIMIT: usize = 10 << 20;

#[test]
fn bodies_are_accepted_whole_and_chunked() {
    for worker in WORKERS.map(Worker::with_all_keys) {
        for body in [
            Vec::new(),
            BODY.to_vec(),
            binary(1000),
            binary(64 << 10),
            binary(5 << 20),
            binary(LIMIT),
        ] {
            let expected = accepted(None, "current", body.len());
            assert_eq!(worker.json(&delivery(DEFAULT[0], &body)), expected);
            let chunked = signed(DEFAULT[0], &body).chunks(&body, 10_000);
            assert_eq!(worker.json(&chunked), expected);
        }
        // A body is not required.
        let none = signed(DEFAULT[0], b"");
        assert_eq!(worker.json(&none.header("content-length", "0")).0, 200);
    }
}

#[test]
fn changed_bodies_are_a_mismatch() {
    for worker in WORKERS.map(Worker::with_all_keys) {
        let large = binary(5 << 20);
        let mut changed = large.clone();
        *changed.last_mut().unwrap() ^= 1;
        for (body, sent) in [
            (BODY, &b"other"[..]),
            (BODY, b""),
            (b"", BODY),
            (&large, &changed),
            (&large, &large[1..]),
        ] {
            for request in [
                signed(DEFAULT[0], body).body(sent),
                signed(DEFAULT[0], body).chunks(sent, 10_000),
            ] {
                assert_eq!(worker.json(&request), refused("body_mismatch"));
            }
        }
    }
}

#[test]
fn bodies_over_the_limit_are_413() {
    let body = vec![b'x'; LIMIT + 1];
    for worker in WORKERS.map(Worker::with_all_keys) {
        let declared = signed(DEFAULT[0], &body).header("content-length", body.len().to_string());
        // Only the head is sent.
        let answer = worker.ask(&declared);
        let answer = (answer.status(), json(&answer));
        assert_eq!(answer, refused("body_too_large"));
        let chunked = signed(DEFAULT[0], &body).chunks(&body, 10_000);
        assert_eq!(worker.json(&chunked), refused("body_too_large"));
        assert_eq!(worker.json(&delivery(DEFAULT[0], BODY)).0, 200);
    }
}

#[test]
fn forged_bodies_are_not_read() {
    for worker in WORKERS.map(Worker::with_all_keys) {
        let head = signed("sig_ofSomebodyElse", BODY).header("content-length", "1000000");
        assert_eq!(worker.json(&head), refused("bad_signature"));
    }
}
