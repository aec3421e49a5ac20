//! Checks of the signing keys.

use qstash_verify::{ConfigWarning, KeyRing, KeySource, Region, ValueProblem, variables};

use super::finding::Findings;
use crate::environment::Environment;
use crate::keys::all_pairs;
use crate::output::count;

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    check_key_ring(environment, findings);
    let keys = set_keys(environment);
    if !keys.is_empty() {
        let passed = format!("{} in QStash's format", count(keys.len(), "key"));
        findings.check("key", passed, |found| {
            for (name, key) in keys {
                check_value(name, ValueProblem::of_signing_key(key), found);
            }
        });
    }
}

/// Reports a value that is not, or probably not, a key or a token.
pub(super) fn check_value(name: &str, problem: Option<ValueProblem>, found: &mut Findings) {
    let Some(problem) = problem else {
        return;
    };
    let text = format!("{name} {problem}");
    if is_certain(problem) {
        found.error(problem.code(), text);
    } else {
        found.warning(problem.code(), text);
    }
}

/// Returns whether a value with this problem cannot be a key or a token.
fn is_certain(problem: ValueProblem) -> bool {
    !matches!(problem, ValueProblem::KeyPrefix | ValueProblem::CutOff)
}

fn has_no_key(warning: &ConfigWarning) -> bool {
    matches!(warning, ConfigWarning::UnlikelyValue { problem, .. } if is_certain(*problem))
}

/// Returns the variables of signing keys that are set, and their values.
pub(super) fn set_keys(environment: &Environment) -> Vec<(&'static str, &str)> {
    all_pairs()
        .flat_map(variables::signing_keys)
        .filter_map(|name| Some((name, environment.set(name)?)))
        .collect()
}

/// Reports the errors and warnings of the core.
fn check_key_ring(environment: &Environment, findings: &mut Findings) {
    let ring = KeyRing::from_lookup_allow_development_keys(environment.lookup());
    let passed = match &ring {
        Ok(_) if environment.is_development() => {
            "every delivery is verified with the development server's keys".to_owned()
        }
        Ok(ring) => receives(ring),
        Err(_) => String::new(),
    };
    // With a value that is no key, it is not true that deliveries are verified.
    let warnings = ring.as_ref().map_or(&[][..], KeyRing::warnings);
    if !warnings.iter().any(has_no_key) {
        findings.check("keys", passed, |found| {
            if let Err(error) = &ring {
                found.error(error.code(), error.to_string());
            }
        });
    }
    let Ok(ring) = ring else {
        return;
    };
    let mut warnings = ring.warnings().to_vec();
    // `development::check` and `check` report these, with other levels.
    warnings.retain(|warning| {
        !matches!(
            warning,
            ConfigWarning::DevelopmentKeys { .. } | ConfigWarning::UnlikelyValue { .. }
        )
    });
    findings.check(
        "pairs",
        "no pair is incomplete, unused, or shares or repeats a key",
        |found| {
            for warning in &warnings {
                found.warning(warning.code(), warning.to_string());
            }
        },
    );
}

/// Describes which keys verify the deliveries of which region.
fn receives(ring: &KeyRing) -> String {
    let own = |region: &Region| ring.key_source(Some(*region)) == Some(KeySource::Region);
    let (own, others): (Vec<Region>, Vec<Region>) =
        Region::ALL.iter().partition(|region| own(region));
    let names = |regions: &[Region]| {
        let names: Vec<_> = regions.iter().map(|region| region.as_str()).collect();
        names.join(" and ")
    };
    match (own.as_slice(), others.as_slice(), ring.key_source(None)) {
        ([], ..) => "every delivery is verified with the default pair".to_owned(),
        (own, [], _) => format!(
            "deliveries of {} are verified with their own pairs",
            names(own)
        ),
        (own, others, Some(_)) => format!(
            "deliveries of {} are verified with their own pair, those of {} with the default pair",
            names(own),
            names(others)
        ),
        // Findings report the missing pairs.
        (own, _, None) => format!(
            "deliveries of {} are verified with their own pair",
            names(own)
        ),
    }
}
