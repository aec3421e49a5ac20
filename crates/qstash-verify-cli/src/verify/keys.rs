//! Whose keys made a signature, if not those that count?

use qstash_verify::{ConfigError, KeyRing, Region, SigningKeys, VerifyError, variables};

use super::attempt::Attempt;
use crate::keys::{Keys, all_pairs};

/// Keys that made the signature although they don't count, and what to say of
/// that.
pub(super) struct Found {
    pub(super) ring: KeyRing,
    pub(super) what: String,
}

/// Tries every key at hand, also those that are not used.
pub(super) fn find(attempt: &Attempt, signature: &str, keys: &Keys) -> Option<Found> {
    let attempt = Attempt {
        url: None,
        ..attempt.clone()
    };
    let made = |pair: &SigningKeys| {
        let ring = KeyRing::from(pair.clone());
        match attempt.authenticate(&ring, Some(signature)) {
            Ok(Ok(_)) => true,
            // What is found before a key is tried, or by trying it.
            Ok(Err(
                VerifyError::MissingSignature
                | VerifyError::MalformedToken { .. }
                | VerifyError::UnsupportedAlgorithm
                | VerifyError::NoSigningKeys { .. }
                | VerifyError::BadSignature { .. },
            ))
            | Err(_) => false,
            Ok(Err(_)) => true,
        }
    };
    for region in all_pairs() {
        for name in variables::signing_keys(region) {
            let Some(value) = keys.environment.set(name) else {
                continue;
            };
            if let Some(pair) = one(value).filter(made) {
                let what = why(&attempt, region, name, keys);
                return Some(Found::new(pair, what));
            }
            let bare = value.trim().trim_matches(['"', '\'']);
            if bare == value.trim() {
                continue;
            }
            if let Some(pair) = one(bare).filter(made) {
                let what =
                    format!("signed with {name} without the quotes around it: take them away");
                return Some(Found::new(pair, what));
            }
        }
    }
    let development = SigningKeys::development();
    made(&development).then(|| {
        let what =
            "signed by the development server, or by anyone: its keys are PUBLIC; in production it is \
             rightly refused, in development QSTASH_DEV=1 takes it";
        Found::new(development, what.to_owned())
    })
}

impl Found {
    fn new(keys: SigningKeys, what: String) -> Self {
        Found {
            ring: KeyRing::from(keys),
            what,
        }
    }
}

/// A pair with one key to try.
fn one(key: &str) -> Option<SigningKeys> {
    SigningKeys::new(key, key).ok()
}

/// Whose key it is that is set and didn't count, and why it didn't.
fn why(attempt: &Attempt, region: Option<Region>, name: &str, keys: &Keys) -> String {
    let environment = &keys.environment;
    let [current, next] = variables::signing_keys(region);
    let partner = if name == current { next } else { current };
    let pair = region.map_or("default", Region::as_str);
    let signed = format!("signed by the {pair} pair ({name})");
    let header = attempt.region.as_deref();
    let reason = if keys.explicit.is_some() {
        "--current-key was given in its place".to_owned()
    } else if environment.is_development() {
        "QSTASH_DEV is on, so no other key is used".to_owned()
    } else if environment.set(partner).is_none() {
        format!("{partner} is not set, so neither is used: set both")
    } else {
        match (keys.ring(), region, header) {
            // That is what is wrong, and was said.
            (Err(ConfigError::InvalidRegion { .. }), ..) => return signed,
            (_, None, _) => "the region that the header names has a pair of its own".to_owned(),
            _ if environment.set(variables::REGION).is_none() => {
                "that is not used while QSTASH_REGION is unset: set it".to_owned()
            }
            (_, _, Some(header)) => format!("the region header says {header}"),
            (_, Some(region), None) => format!(
                "--region was not given, and without that header it doesn't count: give --region \
                 {region}"
            ),
        }
    };
    format!("{signed}, but {reason}")
}
