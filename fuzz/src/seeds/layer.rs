//! Seeds of the target `layer`.

use super::seed::{Seed, seed};
use crate::delivery::change::*;
use crate::layer::step::{self, CHANGE};

pub(super) fn all() -> Vec<Seed> {
    use step::{CUT, DATA, EMPTY, ERROR, HANDLER, HINT, MANY, OTHER, TRAILERS, WAIT, WAIT_LONGER};
    const HELLO_200: [u8; 5] = [CHANGE + BODY, 1, b'x', 200, DATA];
    let trailers = [&[TRAILERS, 1][..], b"1", &[1], b"2"].concat();
    vec![
        seed("genuine", "ok", &[]),
        seed("split", "ok", &[&[DATA, 1, DATA, 5]]),
        seed(
            "split-with-waits",
            "ok",
            &[&[WAIT, DATA, 1, WAIT_LONGER, EMPTY, DATA, 5, WAIT]],
        ),
        seed("trailers", "ok", &[&trailers]),
        seed("trailers-twice", "ok", &[&trailers, &[TRAILERS, 0, 0]]),
        seed(
            "empty-body-with-trailers",
            "ok",
            &[&[CHANGE + BODY, 0, 0], &trailers],
        ),
        seed(
            "a-frame-for-each-byte",
            "ok",
            &[&HELLO_200, &[1, MANY, 1, 199]],
        ),
        seed("error-at-once", "body_unreadable", &[&[ERROR]]),
        seed(
            "error-behind-the-last-byte",
            "body_unreadable",
            &[&[DATA, 11, ERROR]],
        ),
        seed("cut-short", "body_mismatch", &[&[DATA, 10, CUT]]),
        seed(
            "a-byte-too-many",
            "body_mismatch",
            &[&[DATA, 11, OTHER, 1], b"x"],
        ),
        seed("at-the-limit", "ok", &[&[DATA, 6, CHANGE + LIMIT, 0, 0]]),
        seed(
            "over-the-limit",
            "body_too_large",
            &[&[DATA, 6, CHANGE + LIMIT, 0xff, 0xff]],
        ),
        seed(
            "over-the-limit-unsigned",
            "body_too_large",
            &[&[DATA, 11, OTHER, 1], b"x", &[CHANGE + LIMIT, 0, 0]],
        ),
        seed(
            "declared-over-the-limit",
            "body_too_large",
            &[&[CHANGE + LIMIT, 0, 0, CHANGE + LENGTH, 1, 0]],
        ),
        seed(
            "declared-too-little",
            "ok",
            &[&[CHANGE + LENGTH, 0xfe, 0xff]],
        ),
        seed("hint-exact", "ok", &[&[HINT, 1, 0, 0]]),
        seed("hint-over-the-limit", "body_too_large", &[&[HINT, 5, 0, 0]]),
        seed(
            "hint-at-the-limit",
            "ok",
            &[&[HINT, 3, 0, 0, CHANGE + LIMIT, 0, 0]],
        ),
        seed("forged", "bad_signature", &[&[CHANGE + KEY, 6, 0]]),
        seed("handler-waits-and-fails", "ok", &[&[HANDLER, 3, 1]]),
        seed("next-key", "ok", &[&[CHANGE + KEY, 1, DATA, 3]]),
    ]
}
