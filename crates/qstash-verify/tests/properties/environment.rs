//! Every state of the environment, against a model.

use qstash_verify::{
    ConfigError, ConfigWarning, KeyRing, KeySource, REGION_HEADER, Region, RequestHead,
    SIGNATURE_HEADER, Verifier,
};
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, Token, US, US_VARIABLES, lookup, pinned,
};

use crate::{NOW, URL};

/// The state of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unset,
    Empty,
    Space,
    Set,
}

const STATES: [State; 4] = [State::Unset, State::Empty, State::Space, State::Set];

/// Returns the variables for the states of six keys and the region.
///
/// The order of the keys is default, US, EU.
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

/// A warning of the model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Warning {
    NoKeys(Region),
    Half(Option<Region>, &'static str),
    NotUsed(Vec<&'static str>),
}

fn to_model(warning: &ConfigWarning) -> Warning {
    match warning {
        ConfigWarning::NoKeysForRegion { region, .. } => Warning::NoKeys(*region),
        ConfigWarning::HalfPair {
            region, missing, ..
        } => Warning::Half(*region, missing),
        ConfigWarning::RegionNotSet { unused, .. } => Warning::NotUsed(unused.clone()),
        other => panic!("{other:?} is not expected here"),
    }
}

/// Asserts whether there is a ring, its warnings, and the pair for each region.
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

    // The pairs that verify deliveries of no known region, of US, and of EU.
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
    let mut found: Vec<_> = ring.warnings().iter().map(to_model).collect();
    found.sort();
    warnings.sort();
    assert_eq!(found, warnings, "{about}");

    let verifier = Verifier::builder(ring).clock(pinned(NOW)).build();
    for (region, expected) in ["", "US-EAST-1", "EU-CENTRAL-1"].into_iter().zip(expected) {
        for pair in [DEFAULT, US, EU] {
            let token = Token::new(URL, b"", NOW).sign(pair[1]);
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
fn every_environment_is_read_as_in_the_model() {
    // 4^7; the highest digit is the state of `QSTASH_REGION`.
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
