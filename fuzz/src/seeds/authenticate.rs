//! Seeds of the target `authenticate`.

use super::seed::{Seed, own, seed};
use crate::delivery::change::*;

const NEXT_KEY: [u8; 2] = [KEY, 1];
const US_KEY: [u8; 2] = [KEY, 2];
const FORGED: [u8; 3] = [KEY, 6, 0];
/// The claims of `DATE`.
const EXP: u8 = 0;
const NBF: u8 = 1;

pub(super) fn all() -> Vec<Seed> {
    vec![
        seed("genuine", "ok", &[]),
        seed("signed-with-next", "ok", &[&NEXT_KEY]),
        seed("us-with-its-keys", "ok", &[&[KEYS, 0, REGION, 0], &US_KEY]),
        seed(
            "us-without-keys",
            "no_signing_keys",
            &[&[KEYS, 5, REGION, 0]],
        ),
        seed("us-falls-back-to-default", "ok", &[&[KEYS, 1, REGION, 0]]),
        seed("no-signature", "missing_signature", &[&[UNSIGNED]]),
        seed("two-signatures", "malformed_token", &[&[HEADER, 0, 3]]),
        seed(
            "stray-bit-in-mac",
            "malformed_token",
            &[&[EDIT_TOKEN, 129, 1, 0, b'B']],
        ),
        seed(
            "token-over-8-kib",
            "malformed_token",
            &[&[LONG, 0, 0x64, 0x19]],
        ),
        seed("token-of-3-kib", "ok", &[&[LONG, 0, 0xd0, 0x07]]),
        seed("header-over-1-kib", "malformed_token", &[&[LONG, 3, 3, 0]]),
        seed("token-of-8-kib", "ok", &[&[LONG, 2, 2, 0]]),
        seed(
            "token-a-byte-over-8-kib",
            "malformed_token",
            &[&[LONG, 2, 3, 0]],
        ),
        seed("header-of-1-kib", "ok", &[&[LONG, 3, 2, 0]]),
        seed("header-spelled-otherwise", "ok", &[&[JOSE, 2]]),
        seed("crit-null", "unsupported_algorithm", &[&[JOSE, 9]]),
        seed(
            "late-and-issued-by-another",
            "wrong_issuer",
            &[&[CLAIM, 4, 2, DATE, EXP, 0, 0, 0]],
        ),
        seed(
            "late-and-early",
            "expired",
            &[&[DATE, EXP, 0, 0, 0, DATE, NBF, 9, 0, 0]],
        ),
        seed(
            "early-and-elsewhere",
            "not_yet_valid",
            &[&[DATE, NBF, 9, 0, 0, DESTINATION, 1, 5]],
        ),
        seed(
            "elsewhere-and-declared-too-long",
            "url_mismatch",
            &[&[DESTINATION, 1, 5, LIMIT, 0, 0, LENGTH, 1, 0]],
        ),
        seed(
            "claim-of-wrong-type-and-late",
            "invalid_claim",
            &[&[CLAIM, 5, 0, DATE, EXP, 0, 0, 0]],
        ),
        seed(
            "target-is-part-of-url",
            "url_mismatch",
            &[&[DESTINATION, 4, 1, TARGET, 3]],
        ),
        seed("leading-zero", "malformed_token", &[&[CLAIM, 3, 13]]),
        seed(
            "metadata-twice",
            "ok",
            &[&[HEADER, 3, 1, HEADER, 3, 3, HEADER, 4, 3, HEADER, 4, 2]],
        ),
        seed("alg-none", "unsupported_algorithm", &[&[JOSE, 3]]),
        seed("crit", "unsupported_algorithm", &[&[JOSE, 8]]),
        seed("alg-twice", "malformed_token", &[&[JOSE, 11]]),
        seed("forged", "bad_signature", &[&FORGED]),
        seed("payload-no-object", "malformed_token", &[&[PAYLOAD, 2]]),
        seed(
            "payload-of-its-own",
            "missing_claim",
            &[&[PAYLOAD], &own(r#"{"iss":"Upstash"}"#)],
        ),
        seed("white-space", "ok", &[&[SPACE, 1, SWAP, 0, 7]]),
        seed("no-exp", "missing_claim", &[&[WITHOUT, 2]]),
        seed("exp-null", "invalid_claim", &[&[CLAIM, 2, 0]]),
        seed("exp-infinite", "invalid_claim", &[&[CLAIM, 2, 9]]),
        seed("exp-twice", "invalid_claim", &[&[AGAIN, 2, 11]]),
        seed(
            "exp-twice-with-escape",
            "invalid_claim",
            &[&[AGAIN, 130, 11]],
        ),
        seed(
            "unknown-claim-twice",
            "invalid_claim",
            &[&[OTHER_CLAIM, 0, 0, OTHER_CLAIM, 3, 0]],
        ),
        seed("aud-list", "ok", &[&[CLAIM, 0, 17]]),
        seed("wrong-issuer", "wrong_issuer", &[&[CLAIM, 4, 2]]),
        seed("issuer-escaped", "ok", &[&[CLAIM, 4, 4]]),
        seed("expires-now", "expired", &[&[DATE, EXP, 0, 0, 0]]),
        seed("expires-in-an-eighth", "ok", &[&[DATE, EXP, 1, 0, 1]]),
        seed(
            "expired-within-tolerance",
            "ok",
            &[&[TOLERANCE, 2, 0, DATE, EXP, 0xf8, 0xff, 0]],
        ),
        seed(
            "expired-at-tolerance",
            "expired",
            &[&[TOLERANCE, 1, 0, DATE, EXP, 0xf8, 0xff, 0]],
        ),
        seed("valid-from-now", "ok", &[&[DATE, NBF, 0, 0, 0]]),
        seed(
            "valid-in-an-eighth",
            "not_yet_valid",
            &[&[DATE, NBF, 1, 0, 1]],
        ),
        seed("clock-before-1970", "ok", &[&[CLOCK, 0, 0, 0]]),
        seed("at-its-url", "ok", &[&[DESTINATION, 1, 0]]),
        seed("at-its-base", "ok", &[&[DESTINATION, 4, 1]]),
        seed(
            "at-its-base-with-path",
            "ok",
            &[&[DESTINATION, 4, 8, SUB, 10]],
        ),
        seed(
            "at-its-base-without-path",
            "ok",
            &[&[DESTINATION, 4, 7, SUB, 9, TARGET, 2]],
        ),
        seed("at-another-url", "url_mismatch", &[&[DESTINATION, 1, 5]]),
        seed(
            "blank-in-fragment",
            "ok",
            &[
                &[DESTINATION, 4, 2, SUB],
                &own("https://example.com/hook?a=b# x"),
            ],
        ),
        seed("body-at-limit", "ok", &[&[LIMIT, 0, 0]]),
        seed("body-over-limit", "body_too_large", &[&[LIMIT, 0xff, 0xff]]),
        seed(
            "declared-over-limit",
            "body_too_large",
            &[&[LIMIT, 0, 0, LENGTH, 1, 0]],
        ),
        seed("body-changed", "body_mismatch", &[&[EDIT_BODY, 0, 0, 0, 1]]),
        seed(
            "body-long-in-bytes",
            "ok",
            &[&[BODY, 2], b"ab", &[200, CHUNKS, 1]],
        ),
        seed("hash-without-padding", "ok", &[&[HASH, 0]]),
        seed("hash-with-stray-bit", "body_mismatch", &[&[HASH, 4 + 7]]),
        seed(
            "metadata",
            "ok",
            &[&[HEADER, 3, 3, HEADER, 4, 2, HEADER, 5, 3, HEADER, 6, 3]],
        ),
        seed("url-that-is-none", "no verifier", &[&[DESTINATION, 4, 14]]),
    ]
}
