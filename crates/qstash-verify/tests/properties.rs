//! What holds for any token, body, header, date and environment.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use qstash_verify::{
    ConfigError, ConfigWarning, KeyRing, KeySource, REGION_HEADER, Region, RequestHead,
    SIGNATURE_HEADER, Verified, Verifier, VerifyError,
};
use qstash_verify_test_support::{
    Capture, DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, Token, US, US_VARIABLES, base64url,
    captures, lookup, pinned, signing_keys,
};

const IAT: i64 = 1_783_794_355;
const URL: &str = "https://example.com/hook";

fn verifier() -> Verifier {
    Verifier::builder(signing_keys(&DEFAULT))
        .clock(pinned(IAT))
        .build()
}

fn verify(verifier: &Verifier, token: &[u8], body: &[u8]) -> Result<Verified, VerifyError> {
    verifier.verify(
        &RequestHead::new([(SIGNATURE_HEADER, token)], "/hook"),
        body,
    )
}

fn code<T>(result: Result<T, VerifyError>) -> &'static str {
    result.map_or_else(|refused| refused.code(), |_| "ok")
}

/// One byte set to another value, put in, or taken out.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Insert(Index, u8),
    Delete(Index),
}

impl Change {
    fn any() -> impl Strategy<Value = Change> {
        // Half of the time a symbol that could stand in a token.
        let symbol = select(&b"ABCDabcd0189-_=.+/ "[..]);
        let byte = prop_oneof![any::<u8>(), symbol];
        prop_oneof![
            (any::<Index>(), 1..=u8::MAX).prop_map(|(at, bits)| Change::Flip(at, bits)),
            (any::<Index>(), byte).prop_map(|(at, byte)| Change::Insert(at, byte)),
            any::<Index>().prop_map(Change::Delete),
        ]
    }

    /// The bytes after the change: never what they were.
    fn of(&self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        match self {
            // There is nothing else to do to nothing.
            _ if bytes.is_empty() => changed.push(0),
            Change::Flip(at, bits) => changed[at.index(bytes.len())] ^= bits,
            Change::Insert(at, byte) => changed.insert(at.index(bytes.len() + 1), *byte),
            Change::Delete(at) => {
                changed.remove(at.index(bytes.len()));
            }
        }
        assert_ne!(changed, bytes);
        changed
    }
}

/// A base64url text, of any bytes or of such that look like a token's.
fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9_-]{0,80}",
        vec(any::<u8>(), 0..200).prop_map(base64url),
        r#"\{("(alg|crit|iss|exp|x)":("HS256"|1|null|\[\]),?){0,4}\}"#.prop_map(base64url),
        Just(base64url(r#"{"alg":"HS256","typ":"JWT"}"#)),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn no_random_bytes_are_a_token(token in vec(any::<u8>(), 0..600)) {
        prop_assert_ne!(code(verify(&verifier(), &token, b"")), "ok");
    }

    #[test]
    fn no_random_parts_are_a_token(parts in vec(segment(), 0..5), joint in "[.]|[.]|[.]|[.][.]|,") {
        let token = parts.join(&joint);
        let code = code(verify(&verifier(), token.as_bytes(), b""));
        prop_assert!(
            ["malformed_token", "unsupported_algorithm", "bad_signature"].contains(&code),
            "{}", code
        );
    }

    #[test]
    fn any_signed_payload_is_judged(payload in prop_oneof![
        vec(any::<u8>(), 0..200),
        r#"\{("(iss|exp|sub|body|nbf|x)":("Upstash"|1|-1e999|null|\[\]|"\\ud800"),?){0,7}\}"#
            .prop_map(String::into_bytes),
    ]) {
        let token = Token::new(URL, b"", IAT).payload(payload).sign(DEFAULT[0]);
        prop_assert_ne!(code(verify(&verifier(), token.as_bytes(), b"")), "ok");
    }

    #[test]
    fn no_changed_token_is_accepted(change in Change::any(), which in 0..4_usize) {
        let Capture { keys, signature, body, at, .. } = match which {
            0 | 1 => captures().swap_remove(which),
            _ => Capture {
                signature: Token::new(URL, b"hello", IAT).sign(DEFAULT[which - 2]),
                keys: DEFAULT.map(str::to_owned),
                body: b"hello"[..].into(),
                at: IAT,
                ..captures().swap_remove(0)
            },
        };
        let verifier = Verifier::builder(signing_keys(&keys)).clock(pinned(at)).build();
        prop_assert_eq!(code(verify(&verifier, signature.as_bytes(), &body)), "ok");

        let changed = change.of(signature.as_bytes());
        let head = RequestHead::new([(SIGNATURE_HEADER, &changed)], "/hook");
        let refused = code(verifier.authenticate(&head));
        prop_assert!(
            ["malformed_token", "unsupported_algorithm", "bad_signature"].contains(&refused),
            "{}", refused
        );
    }

    #[test]
    fn no_changed_body_is_accepted(body in body(), change in Change::any()) {
        let token = Token::new(URL, &body, IAT).sign(DEFAULT[0]);
        prop_assert_eq!(code(verify(&verifier(), token.as_bytes(), &body)), "ok");
        let changed = change.of(&body);
        prop_assert_eq!(code(verify(&verifier(), token.as_bytes(), &changed)), "body_mismatch");
    }

    #[test]
    fn chunks_are_as_good_as_the_whole(
        body in body(),
        other in prop::option::weighted(0.2, Change::any()),
        cuts in vec(any::<Index>(), 0..10),
        room in -3..20_i64,
    ) {
        let limit = (i64::try_from(body.len()).unwrap() + room).max(0).unsigned_abs();
        let verifier = Verifier::builder(signing_keys(&DEFAULT))
            .clock(pinned(IAT))
            .body_limit(limit)
            .build();
        let signed = other.as_ref().map_or_else(|| body.clone(), |change| change.of(&body));
        let token = Token::new(URL, &signed, IAT).sign(DEFAULT[0]);
        let whole = code(verify(&verifier, token.as_bytes(), &body));
        // And as good as the rule says.
        let expected = if body.len() as u64 > limit {
            "body_too_large"
        } else if signed == body {
            "ok"
        } else {
            "body_mismatch"
        };
        prop_assert_eq!(whole, expected);

        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let head = RequestHead::new([(SIGNATURE_HEADER, &token)], "/hook");
        let mut pending = verifier.authenticate(&head).unwrap();
        let mut refused = None;
        for pair in cuts.windows(2) {
            if let Err(error) = pending.update(&body[pair[0]..pair[1]]) {
                refused.get_or_insert(error.code());
            }
        }
        let finished = code(pending.finish());
        prop_assert_eq!(finished, whole);
        prop_assert_eq!(refused.is_some(), whole == "body_too_large");
        prop_assert_eq!(refused.unwrap_or(finished), whole);
    }

    #[test]
    fn the_region_header_is_read_as_the_model_reads_it(
        header in prop_oneof![
            vec(any::<u8>(), 0..20),
            "[Uu][Ss][-_ ][Ee][Aa][Ss\u{17f}][Tt][-_ ]1 ?".prop_map(String::into_bytes),
            "([Uu][Ss]|[Ee][Uu])[-_](east|East|EAST|central|cEnTrAL|CENTRAL)[-_][12]?"
                .prop_map(String::into_bytes),
        ],
        change in prop::option::weighted(0.2, Change::any()),
    ) {
        let header = change.map_or_else(|| header.clone(), |change| change.of(&header));
        let text = String::from_utf8_lossy(&header).replace('-', "_").to_ascii_uppercase();
        let expected = match text.as_str() {
            "US_EAST_1" => Some(Region::UsEast1),
            "EU_CENTRAL_1" => Some(Region::EuCentral1),
            _ => None,
        };
        let token = Token::new(URL, b"", IAT).sign(DEFAULT[0]).into_bytes();
        let headers = [(REGION_HEADER, &header), (SIGNATURE_HEADER, &token)];
        let verified = verifier().verify(&RequestHead::new(headers, "/hook"), b"").unwrap();
        prop_assert_eq!(verified.region(), expected);
        if let Ok(header) = std::str::from_utf8(&header) {
            prop_assert_eq!(header.parse::<Region>().ok(), expected);
        }
    }
}

// Dates. The model counts in 512ths of a second, which both the clock and a
// double hold exactly, and knows of the rest only on which side of any clock it
// lies.

/// A date as JSON has it, and what it is in 512ths of a second.
#[derive(Clone, Debug)]
struct Date {
    json: String,
    value: i128,
}

/// No clock of these tests and no tolerance goes as far, in seconds.
const FAR: i64 = 1 << 40;

impl Date {
    /// Whole seconds, written as an integer.
    fn whole(seconds: i128) -> Date {
        Date {
            json: seconds.to_string(),
            value: seconds * 512,
        }
    }

    fn parts(value: i64) -> Date {
        let whole = value.div_euclid(512);
        // 512ths end after nine decimals.
        let decimals = value.rem_euclid(512) * 1_953_125;
        let json = if whole < 0 && decimals > 0 {
            let whole = match whole + 1 {
                0 => "-0".to_owned(),
                other => other.to_string(),
            };
            format!("{whole}.{:09}", 1_000_000_000 - decimals)
        } else {
            format!("{whole}.{decimals:09}")
        };
        Date {
            json,
            value: value.into(),
        }
    }

    /// A double that lies further away than any clock, or is zero.
    fn double(double: f64, spelling: u8) -> Date {
        let json = match spelling {
            0 => format!("{double}"),
            1 => format!("{double:?}"),
            2 => format!("{double:e}"),
            _ => format!("{double:E}"),
        };
        let value = if double == 0.0 {
            0
        } else if double > 0.0 {
            i128::MAX
        } else {
            i128::MIN
        };
        Date { json, value }
    }

    /// Any, `now` and its neighbours most often.
    fn around(now: i64) -> impl Strategy<Value = Date> {
        let finite = prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::NEGATIVE;
        let far = (finite | prop::num::f64::POSITIVE)
            .prop_filter("it lies far away", |x| *x == 0.0 || x.abs() > FAR as f64);
        prop_oneof![
            (-7_i64..8).prop_map(move |near| Date::whole((now.div_euclid(512) + near).into())),
            (-4000_i64..4000).prop_map(move |near| Date::parts(now + near)),
            any::<i64>().prop_map(|seconds| Date::whole(seconds.into())),
            any::<u64>().prop_map(|seconds| Date::whole(seconds.into())),
            (far, 0..4_u8).prop_map(|(double, spelling)| Date::double(double, spelling)),
        ]
    }
}

/// A clock that stands at this many 512ths of a second.
fn clock(value: i64) -> SystemTime {
    let parts = value.rem_euclid(512).unsigned_abs();
    pinned(value.div_euclid(512))() + Duration::from_nanos(parts * 1_953_125)
}

fn now_and_dates() -> impl Strategy<Value = (i64, Date, Date)> {
    // From before 1970 to far from today.
    let now = prop_oneof![
        -10_000..10_000_i64,
        -5_000_000_000..5_000_000_000_i64,
        1_783_794_355..1_783_794_655_i64,
    ];
    let now = (now, 0..512_i64).prop_map(|(seconds, parts)| seconds * 512 + parts);
    now.prop_flat_map(|now| (Just(now), Date::around(now), Date::around(now)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn dates_are_compared_as_the_model_compares_them(
        (now, exp, nbf) in now_and_dates(),
        tolerance in select(&[0_u64, 0, 1, 5, 3600][..]),
        with_nbf in any::<bool>(),
    ) {
        let verifier = Verifier::builder(signing_keys(&DEFAULT))
            .tolerance(Duration::from_secs(tolerance))
            .clock(move || clock(now))
            .build();
        let token = Token::new(URL, b"", IAT).claim("exp", &exp.json).without("nbf");
        let token = if with_nbf { token.claim("nbf", &nbf.json) } else { token };

        let (now, tolerance) = (i128::from(now), i128::from(tolerance) * 512);
        let expected = if now >= exp.value.saturating_add(tolerance) {
            "expired"
        } else if with_nbf && nbf.value > now + tolerance {
            "not_yet_valid"
        } else {
            "ok"
        };
        let token = token.sign(DEFAULT[0]);
        prop_assert_eq!(code(verify(&verifier, token.as_bytes(), b"")), expected);
    }
}

// The environment.

/// How a variable is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unset,
    Empty,
    Space,
    Set,
}

const STATES: [State; 4] = [State::Unset, State::Empty, State::Space, State::Set];

/// The six keys, default, US and EU, and the region.
fn variables(states: [State; 7], primary: &'static str) -> Vec<(&'static str, &'static str)> {
    let keys = [DEFAULT_VARIABLES, US_VARIABLES, EU_VARIABLES].concat();
    let all = keys.into_iter().chain([("QSTASH_REGION", primary)]);
    let set = all.zip(states).filter_map(|((name, value), state)| {
        Some((
            name,
            match state {
                State::Unset => return None,
                State::Empty => "",
                State::Space => " \t\r\n",
                State::Set => value,
            },
        ))
    });
    set.collect()
}

/// A warning as the model has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Warning {
    NoKeys(Region),
    Half(Option<Region>, &'static str),
    NotUsed(Vec<&'static str>),
}

fn seen(warning: &ConfigWarning) -> Warning {
    match warning {
        ConfigWarning::NoKeysForRegion { region, .. } => Warning::NoKeys(*region),
        ConfigWarning::HalfPair {
            region, missing, ..
        } => Warning::Half(*region, missing),
        ConfigWarning::RegionNotSet { unused, .. } => Warning::NotUsed(unused.clone()),
        other => panic!("{other:?} has no reason here"),
    }
}

/// For every state of the environment: whether there is a ring, what it warns
/// of, and which pair verifies for each region.
fn check_environment(states: [State; 7], primary: &'static str) {
    let about = format!("{states:?}");
    let is_set = states.map(|state| state == State::Set);
    let [
        default_current,
        default_next,
        us_current,
        us_next,
        eu_current,
        eu_next,
        multi,
    ] = is_set;
    let names = [DEFAULT_VARIABLES, US_VARIABLES, EU_VARIABLES].concat();
    let names: Vec<_> = names.into_iter().map(|(name, _)| name).collect();
    let set_of_regions: Vec<_> = (2..6)
        .filter(|at| is_set[*at])
        .map(|at| names[at])
        .collect();

    // What verifies, without a known region, from US, and from EU.
    let default = (default_current && default_next).then_some((DEFAULT, KeySource::Default));
    let us = (us_current && us_next).then_some((US, KeySource::Region));
    let eu = (eu_current && eu_next).then_some((EU, KeySource::Region));
    let expected = if multi {
        [default, us.or(default), eu.or(default)]
    } else {
        [default; 3]
    };

    let ring = KeyRing::from_lookup(lookup(&variables(states, primary)));
    if expected == [None; 3] {
        let ConfigError::NoSigningKeys {
            looked_for, unused, ..
        } = ring.unwrap_err()
        else {
            panic!("{about}")
        };
        let (wanted, not_used) = if multi {
            (names, vec![])
        } else {
            (names[..2].to_vec(), set_of_regions)
        };
        let sorted = |mut names: Vec<&'static str>| {
            names.sort_unstable();
            names
        };
        assert_eq!(sorted(looked_for), sorted(wanted), "{about}");
        assert_eq!(sorted(unused), sorted(not_used), "{about}");
        return;
    }
    let ring = ring.unwrap();

    let mut warnings = Vec::new();
    if multi {
        let regions = [None, Some(Region::UsEast1), Some(Region::EuCentral1)];
        for (region, at) in regions.into_iter().zip([0, 2, 4]) {
            match (is_set[at], is_set[at + 1], region) {
                (true, false, _) => warnings.push(Warning::Half(region, names[at + 1])),
                (false, true, _) => warnings.push(Warning::Half(region, names[at])),
                (false, false, Some(region)) => warnings.push(Warning::NoKeys(region)),
                _ => {}
            }
        }
    } else if !set_of_regions.is_empty() {
        warnings.push(Warning::NotUsed(set_of_regions));
    }
    let mut found: Vec<_> = ring.warnings().iter().map(seen).collect();
    found.sort();
    warnings.sort();
    assert_eq!(found, warnings, "{about}");

    let verifier = Verifier::builder(ring).clock(pinned(IAT)).build();
    for (region, expected) in ["", "US-EAST-1", "EU-CENTRAL-1"].into_iter().zip(expected) {
        for pair in [DEFAULT, US, EU] {
            let token = Token::new(URL, b"", IAT).sign(pair[1]);
            let headers = [(SIGNATURE_HEADER, token.as_str()), (REGION_HEADER, region)];
            let result = verifier.verify(&RequestHead::new(headers, "/"), b"");
            let found = result.map_or_else(|refused| refused.code(), |it| it.key_source().as_str());
            let expected = match expected {
                Some((keys, source)) if keys == pair => source.as_str(),
                Some(_) => "bad_signature",
                None => "no_signing_keys",
            };
            assert_eq!(found, expected, "{about} {region}");
        }
    }
}

#[test]
fn every_environment_is_read_as_the_model_reads_it() {
    // 4^7, the region's variable in the highest place.
    for n in 0..16_384_usize {
        let states = std::array::from_fn(|at| STATES[n >> (2 * at) & 3]);
        let primary = if n.count_ones() % 2 == 0 {
            "US_EAST_1"
        } else {
            " eu-central-1\n"
        };
        check_environment(states, primary);
    }
}
