//! Seeds of the target `environment`.

use super::seed::{Seed, seed};
use crate::environment::HEADER as REGION_HEADER;

pub(super) fn all() -> Vec<Seed> {
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
        seed("development-off", "ok", &[&[DEFAULT, 7, 25]]),
        seed(
            "development-unclear",
            "invalid development mode",
            &[&[DEFAULT, 7, 26]],
        ),
        seed("not-unicode", "not unicode", &[&[DEFAULT | US, 3, 27]]),
        seed("placeholder", "ok", &[&[DEFAULT, 1, 28]]),
        seed("testing-key-pasted", "ok", &[&[DEFAULT, 1, 30]]),
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
