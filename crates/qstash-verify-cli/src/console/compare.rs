//! The keys of the environment, compared with those of the console.

use qstash_verify::{Region, variables};

use super::ask::ConsolePair;
use crate::environment::Environment;

/// The difference between the keys of a pair and those of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PairState {
    UpToDate,
    NotSet,
    /// Only one of the two variables is set.
    Incomplete,
    Swapped,
    /// Next is current in the console.
    RolledOnce,
    /// Current is right, next is not.
    WrongNext,
    /// A key is of this other pair.
    OtherPair(Option<Region>),
    Stale,
}

impl PairState {
    /// The stable code, for JSON.
    pub(crate) fn code(self) -> &'static str {
        match self {
            PairState::UpToDate => "up_to_date",
            PairState::NotSet => "not_set",
            PairState::Incomplete => "incomplete",
            PairState::Swapped => "swapped",
            PairState::RolledOnce => "rolled_once",
            PairState::WrongNext => "wrong_next",
            PairState::OtherPair(_) => "other_region",
            PairState::Stale => "stale",
        }
    }

    /// The effect on deliveries, and the remedy.
    pub(crate) fn message(self) -> String {
        match self {
            PairState::UpToDate => "the keys are those of the console".to_owned(),
            PairState::NotSet => "no key is set: set both to those of the console".to_owned(),
            PairState::Incomplete => {
                "only one key is set, so neither is used: set both to those of the console"
                    .to_owned()
            }
            PairState::Swapped => {
                "current and next are swapped, which a roll takes for an old pair: exchange the \
                 values"
                    .to_owned()
            }
            PairState::RolledOnce => {
                "the keys were rolled; deliveries are accepted with the next key until another \
                 roll: set both to those of the console"
                    .to_owned()
            }
            PairState::WrongNext => {
                "next is not that of the console; deliveries are accepted until the next roll: \
                 set it to that of the console"
                    .to_owned()
            }
            PairState::OtherPair(region) => format!(
                "the keys are those of {}, so every delivery is refused: set both to those of \
                 the console",
                pair_name(region)
            ),
            PairState::Stale => {
                "the keys were rolled twice or more, or are of another account, so every \
                 delivery is refused: set both to those of the console"
                    .to_owned()
            }
        }
    }
}

/// The difference of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyState {
    UpToDate,
    NotSet,
    /// It is the other key of the pair.
    IsNext,
    IsCurrent,
    OtherPair(Option<Region>),
    Stale,
}

impl KeyState {
    pub(super) fn code(self) -> &'static str {
        match self {
            KeyState::UpToDate => "up_to_date",
            KeyState::NotSet => "not_set",
            KeyState::IsNext => "is_next",
            KeyState::IsCurrent => "is_current",
            KeyState::OtherPair(_) => "other_region",
            KeyState::Stale => "stale",
        }
    }

    pub(super) fn text(self) -> String {
        match self {
            KeyState::UpToDate => "up to date".to_owned(),
            KeyState::NotSet => "not set".to_owned(),
            KeyState::IsNext => "is next in the console".to_owned(),
            KeyState::IsCurrent => "is current in the console".to_owned(),
            KeyState::OtherPair(region) => format!("is a key of {}", pair_name(region)),
            KeyState::Stale => "stale".to_owned(),
        }
    }
}

/// A pair of the environment beside that of the console.
pub(crate) struct Comparison {
    pub(crate) state: PairState,
    /// Of current and of next.
    pub(super) keys: [KeyState; 2],
}

/// Compares a pair with the answer for it; `None` if there is none.
pub(crate) fn compare(
    pair: &ConsolePair,
    all: &[ConsolePair],
    environment: &Environment,
) -> Option<Comparison> {
    let fetched = pair.keys.as_ref().ok()?;
    let [current, next] =
        variables::signing_keys(pair.region).map(|name| environment.set(name).map(str::trim));
    let other_pair = |value: &str| {
        let others = all.iter().filter(|other| other.region != pair.region);
        let mut with_key = others.filter(|other| {
            let keys = other.keys.as_ref();
            keys.is_ok_and(|keys| [keys.current(), keys.next()].contains(&value))
        });
        with_key.next().map(|other| other.region)
    };
    let state_of = |value: Option<&str>, right: &str, other: &str, state_of_other| match value {
        None => KeyState::NotSet,
        Some(value) if value == right => KeyState::UpToDate,
        Some(value) if value == other => state_of_other,
        Some(value) => other_pair(value).map_or(KeyState::Stale, KeyState::OtherPair),
    };
    let keys = [
        state_of(current, fetched.current(), fetched.next(), KeyState::IsNext),
        state_of(next, fetched.next(), fetched.current(), KeyState::IsCurrent),
    ];
    let state = match keys {
        [KeyState::NotSet, KeyState::NotSet] => PairState::NotSet,
        [KeyState::NotSet, _] | [_, KeyState::NotSet] => PairState::Incomplete,
        [KeyState::UpToDate, KeyState::UpToDate] => PairState::UpToDate,
        [KeyState::IsNext, KeyState::IsCurrent] => PairState::Swapped,
        [_, KeyState::IsCurrent] => PairState::RolledOnce,
        [KeyState::UpToDate, _] => PairState::WrongNext,
        [KeyState::OtherPair(region), _] | [_, KeyState::OtherPair(region)] => {
            PairState::OtherPair(region)
        }
        _ => PairState::Stale,
    };
    Some(Comparison { state, keys })
}

/// The name of a pair in sentences: its region, or "the default pair".
pub(crate) fn pair_name(region: Option<Region>) -> &'static str {
    region.map_or("the default pair", Region::as_str)
}
