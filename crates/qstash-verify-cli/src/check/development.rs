//! Checks for the development server's keys outside of development.

use qstash_verify::{ConfigWarning, Credentials, KeyRing, variables};

use super::finding::Findings;
use super::keys::set_keys;
use super::publishing;
use crate::environment::Environment;

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    let passed = "nothing of the development server";
    findings.check("development", passed, |found| {
        check_development(environment, found);
    });
}

fn check_development(environment: &Environment, found: &mut Findings) {
    let on = environment.is_development();
    if environment.set(variables::DEVELOPMENT).is_some() {
        let text = if on {
            "QSTASH_DEV is on: deliveries are checked with PUBLIC keys and no others, and a \
             release build does not start; unset it outside of development"
        } else {
            "QSTASH_DEV is neither 1 nor true, which counts as off here, and may count as on in \
             other SDKs: unset it, or set it to 1 on a developer's machine"
        };
        found.warning("development", text);
    }
    if on {
        return;
    }
    // A local QSTASH_URL is the development server's, where its keys are expected.
    let local = Credentials::from_lookup(environment.lookup())
        .is_ok_and(|found| publishing::is_local(found.url()));
    for (name, key) in set_keys(environment) {
        if is_public(key) {
            let text = format!(
                "{name} is a PUBLIC key of the development server: anyone can sign with it, and a \
                 release build does not start; outside of development copy the keys of the QStash \
                 console"
            );
            if local {
                found.warning("development", text);
            } else {
                found.error("development", text);
            }
        }
    }
}

/// Whether the core takes the key for one of the development server's.
fn is_public(key: &str) -> bool {
    let pair = variables::signing_keys(None);
    let ring = KeyRing::from_lookup_allow_development_keys(|name| {
        pair.contains(&name).then(|| key.to_owned())
    });
    ring.is_ok_and(|ring| ring.warnings().contains(&ConfigWarning::DevelopmentKeys))
}
