//! The committed seeds: what each is, and what must come of it. They are written
//! anew by `cargo test --lib -- --ignored write_the_seeds`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::delivery::change::*;
use crate::environment::HEADER as REGION_HEADER;
use crate::layer::step::{self, CHANGE};
use crate::{authenticate, environment, layer, token};

/// A value of the fuzzer's own: not one of the known ones.
const OWN: u8 = 128;

/// Name, what comes of it, bytes.
type Seed = (&'static str, &'static str, Vec<u8>);

fn seed(name: &'static str, end: &'static str, parts: &[&[u8]]) -> Seed {
    (name, end, parts.concat())
}

/// Bytes with their length before them.
fn own(text: &str) -> Vec<u8> {
    let mut bytes = vec![OWN, u8::try_from(text.len()).unwrap()];
    bytes.extend(text.as_bytes());
    bytes
}

const NEXT_KEY: [u8; 2] = [KEY, 1];
const US_KEY: [u8; 2] = [KEY, 2];
const FORGED: [u8; 3] = [KEY, 6, 0];
/// Of `DATE`: the claim.
const EXP: u8 = 0;
const NBF: u8 = 1;

fn authenticate_seeds() -> Vec<Seed> {
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

fn layer_seeds() -> Vec<Seed> {
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

fn environment_seeds() -> Vec<Seed> {
    const DEFAULT: u8 = 1;
    const US: u8 = 2;
    const EU: u8 = 4;
    const MULTI: u8 = 8;
    vec![
        seed("nothing", "no keys", &[]),
        seed("default", "ok", &[&[DEFAULT]]),
        seed("half-of-default", "no keys", &[&[0, 0, 0]]),
        seed("blank-next", "no keys", &[&[DEFAULT, 1, 10]]),
        seed("white-space-and-quotes", "ok", &[&[0, 0, 6, 1, 7]]),
        seed("regions-not-used", "ok", &[&[DEFAULT | US | EU]]),
        seed("both-regions", "ok", &[&[DEFAULT | US | EU | MULTI]]),
        seed("regions-without-default", "ok", &[&[US | EU | MULTI]]),
        seed("regions-and-nothing-else", "no keys", &[&[US | EU]]),
        seed("half-of-us", "ok", &[&[DEFAULT | EU | MULTI, 2, 2]]),
        seed("same-key-twice", "ok", &[&[DEFAULT | US | MULTI, 2, 0]]),
        seed("invalid-region", "invalid region", &[&[DEFAULT, 6, 16]]),
        seed("key-for-region", "invalid region", &[&[DEFAULT, 6, 0]]),
        seed("development", "ok", &[&[0, 7, 18]]),
        seed("development-key-pasted", "ok", &[&[DEFAULT, 0, 20]]),
        seed(
            "own-header",
            "ok",
            &[&[US | EU | MULTI, REGION_HEADER, 9], b"Us-EasT_1"],
        ),
        seed("credentials", "no keys", &[&[0, 8, 22, 9, 23]]),
        seed(
            "credentials-with-two-slashes",
            "no keys",
            &[&[0, 8, 24, 9, 23]],
        ),
        seed(
            "credentials-of-eu",
            "no keys",
            &[&[0, 6, 14, 12, 22, 13, 23]],
        ),
        seed("credentials-half", "no keys", &[&[0, 6, 14, 12, 22, 9, 23]]),
    ]
}

/// What comes of a token is told by role.
fn token_seeds() -> Vec<(&'static str, [&'static str; 4], Vec<u8>)> {
    const MALFORMED: &str = "malformed_token";
    let captures = include_str!("../../tests/support/data/captures.json");
    let mut captures = captures.split("\"signature\": \"").skip(1);
    let mut capture = || captures.next().unwrap().split('"').next().unwrap().into();
    let payload = String::from_utf8(token::genuine_payload()).unwrap();
    let changed = |from: &str, to: &str| payload.replace(from, to).into_bytes();
    let other = [MALFORMED; 3];
    let first = |end, [a, b, c]: [&'static str; 3]| [end, a, b, c];
    let second = |end| {
        [
            MALFORMED,
            end,
            "unsupported_algorithm",
            "unsupported_algorithm",
        ]
    };
    let header = |end| {
        [
            MALFORMED,
            "missing_claim",
            end,
            if end == "ok" { "missing_claim" } else { end },
        ]
    };
    vec![
        ("genuine-of-2024", first("ok", other), capture()),
        ("expired-of-2022", first("expired", other), capture()),
        ("empty", [MALFORMED; 4], Vec::new()),
        (
            "no-mac",
            first("bad_signature", other),
            b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.".into(),
        ),
        (
            "alg-none",
            first("unsupported_algorithm", other),
            b"eyJhbGciOiJub25lIn0.e30.".into(),
        ),
        ("payload-genuine", second("ok"), changed("", "")),
        (
            "payload-with-escapes",
            second("ok"),
            changed("Upstash", "\\u0055pstash"),
        ),
        (
            "payload-with-aud-list",
            second("ok"),
            changed("\"aud\":\"\"", "\"aud\" : [\"a\", \"b\"]"),
        ),
        (
            "payload-fraction",
            second("ok"),
            changed("\"exp\":", "\"nbf\":-1.5e-3,\"exp\":"),
        ),
        (
            "payload-exp-twice",
            [MALFORMED, "invalid_claim", MALFORMED, MALFORMED],
            changed("\"exp\":", "\"\\u0065xp\":1,\"exp\":"),
        ),
        (
            "payload-half-surrogate",
            second("invalid_claim"),
            changed("https", "\\ud83d"),
        ),
        (
            "payload-nested",
            second("ok"),
            changed("\"aud\":", "\"x\":[{\"y\":[[],{}]}],\"aud\":"),
        ),
        (
            "header-usual",
            header("ok"),
            br#"{"alg":"HS256","typ":"JWT"}"#.into(),
        ),
        (
            "header-spelled-otherwise",
            header("ok"),
            br#" {"\u0061lg" : "HS\u003256", "kid":null}"#.into(),
        ),
        (
            "header-crit",
            header("unsupported_algorithm"),
            br#"{"alg":"HS256","crit":["exp"]}"#.into(),
        ),
        (
            "header-crit-null",
            header("unsupported_algorithm"),
            br#"{"alg":"HS256","crit":null}"#.into(),
        ),
        (
            "payload-negative",
            second("ok"),
            changed("\"iss\"", "\"iat\":-62135596800,\"iss\""),
        ),
        (
            "payload-leading-zero",
            [MALFORMED; 4],
            changed("\"iss\"", "\"iat\":01,\"iss\""),
        ),
        (
            "payload-infinite",
            second("invalid_claim"),
            changed("\"iss\"", "\"iat\":1e400,\"iss\""),
        ),
        (
            "payload-aud-number",
            second("invalid_claim"),
            changed("\"aud\":\"\"", "\"aud\":1"),
        ),
        (
            "header-and-payload",
            [MALFORMED, MALFORMED, MALFORMED, "ok"],
            [&b"{\"alg\":\"HS256\"}\n"[..], &token::genuine_payload()].concat(),
        ),
    ]
}

fn all() -> BTreeMap<PathBuf, Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files = BTreeMap::new();
    let targets = [
        ("authenticate", authenticate_seeds()),
        ("layer", layer_seeds()),
        ("environment", environment_seeds()),
    ];
    for (target, seeds) in targets {
        files.extend(
            seeds
                .into_iter()
                .map(|(name, _, data)| (corpus.join(target).join(name), data)),
        );
    }
    let tokens = token_seeds().into_iter();
    files.extend(tokens.map(|(name, _, data)| (corpus.join("token").join(name), data)));
    files
}

#[test]
fn each_seed_is_what_its_name_says() {
    let mut wrong = Vec::new();
    type Target = (Vec<Seed>, fn(&[u8]) -> &'static str);
    let targets: [Target; 3] = [
        (authenticate_seeds(), authenticate::run),
        (layer_seeds(), layer::run),
        (environment_seeds(), environment::run),
    ];
    for (seeds, run) in targets {
        for (name, end, data) in seeds {
            let found = run(&data);
            if found != end {
                wrong.push(format!("{name} is {found}"));
            }
        }
    }
    for (name, ends, data) in token_seeds() {
        let found = token::run(&data);
        if found != ends {
            wrong.push(format!("{name} is {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_committed_seeds_are_these() {
    let remedy = "run `cargo test --lib -- --ignored write_the_seeds` and commit fuzz/corpus";
    let wanted = all();
    for target in ["authenticate", "environment", "layer", "token"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus")
            .join(target);
        for file in std::fs::read_dir(folder).expect(remedy) {
            let path = file.unwrap().path();
            assert!(wanted.contains_key(&path), "{}: {remedy}", path.display());
        }
    }
    for (path, data) in wanted {
        assert!(
            std::fs::read(&path).ok() == Some(data),
            "{}: {remedy}",
            path.display()
        );
    }
}

#[test]
#[ignore = "writes files"]
fn write_the_seeds() {
    let _ = std::fs::remove_dir_all(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus"));
    for (path, data) in all() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, data).unwrap();
    }
}
