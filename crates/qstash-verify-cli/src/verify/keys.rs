//! Whose keys made a signature, if not those that count?

use qstash_verify::{KeyRing, Region, SigningKeys, VerifyError, variables};

use super::attempt::Attempt;
use crate::environment::Environment;

/// Keys that made the signature although they don't count, and what to say of
/// that.
pub(super) struct Found {
    pub(super) ring: KeyRing,
    pub(super) what: String,
}

/// Tries every key at hand, also those that are not used.
pub(super) fn find(attempt: &Attempt, signature: &str, environment: &Environment) -> Option<Found> {
    let attempt = Attempt {
        url: None,
        ..attempt.clone()
    };
    let made = |keys: &SigningKeys| {
        let ring = KeyRing::from(keys.clone());
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
    let regions = Region::ALL.iter().copied().map(Some);
    for region in std::iter::once(None).chain(regions) {
        for name in variables::signing_keys(region) {
            let Some(value) = environment.set(name) else {
                continue;
            };
            if let Some(keys) = one(value).filter(made) {
                let what = why(&attempt, region, name, environment);
                return Some(Found::new(keys, what));
            }
            let bare = value.trim().trim_matches(['"', '\'']);
            if bare == value.trim() {
                continue;
            }
            if let Some(keys) = one(bare).filter(made) {
                let what =
                    format!("signed with {name} without the quotes around it: take them away");
                return Some(Found::new(keys, what));
            }
        }
    }
    let development = SigningKeys::development();
    made(&development).then(|| {
        let what =
            "signed by the development server, whose keys are PUBLIC: QSTASH_DEV=1 takes them";
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
fn why(attempt: &Attempt, region: Option<Region>, name: &str, environment: &Environment) -> String {
    let [current, next] = variables::signing_keys(region);
    let partner = if name == current { next } else { current };
    let unset = |name| environment.set(name).is_none();
    let pair = region.map_or("default", Region::as_str);
    let reason = if unset(partner) {
        format!("{partner} is not set, so neither is used: set both")
    } else if region.is_none() {
        "the region that the header names has a pair of its own".to_owned()
    } else if unset(variables::REGION) {
        "that is not used while QSTASH_REGION is unset: set it".to_owned()
    } else {
        match &attempt.region {
            Some(header) => format!("the region header says {header}"),
            None => "there is no region header (--region)".to_owned(),
        }
    };
    format!("signed by the {pair} pair ({name}), but {reason}")
}
