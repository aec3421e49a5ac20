//! Search for the keys that made a signature.

use qstash_verify::{ConfigError, KeyRing, Region, SigningKeys, VerifyError, variables};

use super::attempt::{Attempt, Endpoint};
use crate::keys::{Keys, all_pairs};

/// The keys that made the signature, and the reason why they are not in use.
pub(super) struct Found {
    pub(super) ring: KeyRing,
    pub(super) what: String,
}

/// Tries every key of the environment, used or not, and the development server's.
pub(super) fn find(attempt: &Attempt, signature: &str, keys: &Keys) -> Option<Found> {
    let attempt = Attempt {
        endpoint: Endpoint::default(),
        ..attempt.clone()
    };
    let made = |pair: &SigningKeys| {
        let ring = KeyRing::from(pair.clone());
        match attempt.authenticate(&ring, Some(signature)) {
            Ok(Ok(_)) => true,
            // Refusals before or by the MAC.
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
                let what = format!("signed with {name} without the quotes around it: remove them");
                return Some(Found::new(pair, what));
            }
        }
    }
    let development = SigningKeys::development();
    made(&development).then(|| {
        let what =
            "signed with published keys of the development server, with which anyone can sign: to \
             accept it in development, set QSTASH_DEV=1";
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

/// Returns a pair with the same key twice.
fn one(key: &str) -> Option<SigningKeys> {
    SigningKeys::new(key, key).ok()
}

/// Describes the key that made the signature, and why it is not in use.
fn why(attempt: &Attempt, region: Option<Region>, name: &str, keys: &Keys) -> String {
    let environment = &keys.environment;
    let [current, next] = variables::signing_keys(region);
    let other = if name == current { next } else { current };
    let pair = region.map_or("default", Region::as_str);
    let signed = format!("signed by the {pair} pair ({name})");
    let header = attempt.region.as_deref();
    let reason = if keys.explicit.is_some() {
        "--current-key replaces it".to_owned()
    } else if environment.is_development() {
        "QSTASH_DEV is on, so no other key is used".to_owned()
    } else if environment.set(other).is_none() {
        let absence = environment.absence(other);
        format!("{other} {absence}, so neither is used: set both")
    } else {
        match (keys.ring(), region, header) {
            // The report has that error already.
            (Err(ConfigError::InvalidRegion { .. }), ..) => return signed,
            (_, None, _) => "the region in the header has a pair of its own".to_owned(),
            _ if environment.set(variables::REGION).is_none() => {
                match environment.get(variables::REGION) {
                    Some(_) => "that is not used while QSTASH_REGION is empty: set it",
                    None => "that is not used while QSTASH_REGION is unset: set it",
                }
                .to_owned()
            }
            (_, _, Some(header)) => format!("the region header says {header}"),
            (_, Some(region), None) => {
                format!("that is only used with its region header: give --region {region}")
            }
        }
    };
    format!("{signed}, but {reason}")
}
