//! Checks of the signing keys.

use qstash_verify::{ConfigWarning, KeyRing, KeySource, Region, variables};

use super::finding::Findings;
use crate::environment::Environment;
use crate::keys::all_pairs;
use crate::output::count;

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    check_key_ring(environment, findings);
    let keys = set_keys(environment);
    if !keys.is_empty() {
        let passed = format!("{} with the prefix sig_", count(keys.len(), "key"));
        findings.check("key_prefix", passed, |found| check_prefixes(&keys, found));
    }
    let pairs = full_pairs(environment);
    if !pairs.is_empty() {
        let passed = "current and next differ in each pair";
        findings.check("next_key", passed, |found| check_equal_keys(&pairs, found));
    }
}

/// Returns the keys that are set, with the names of their variables.
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
            "every delivery is checked with the development server's keys".to_owned()
        }
        Ok(ring) => receives(ring),
        Err(_) => String::new(),
    };
    findings.check("keys", passed, |found| {
        if let Err(error) = &ring {
            found.error(error.code(), error.to_string());
        }
    });
    let Ok(ring) = ring else {
        return;
    };
    let mut warnings = ring.warnings().to_vec();
    // `development` reports these, with the names of the variables.
    warnings.retain(|warning| *warning != ConfigWarning::DevelopmentKeys);
    findings.check(
        "pairs",
        "no pair is incomplete, unused or shares a key",
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
        ([], ..) => "every delivery is checked with the default pair".to_owned(),
        (own, [], _) => format!(
            "deliveries of {} are checked with their own pairs",
            names(own)
        ),
        (own, others, Some(_)) => format!(
            "deliveries of {} are checked with their own pair, those of {} with the default pair",
            names(own),
            names(others)
        ),
        // Findings report the missing pairs.
        (own, _, None) => format!(
            "deliveries of {} are checked with their own pair",
            names(own)
        ),
    }
}

fn check_prefixes(keys: &[(&'static str, &str)], found: &mut Findings) {
    const FROM: &str = "copy the signing keys from the QStash console";
    for (name, key) in keys {
        // `values` reports quotes.
        let key = key.trim().trim_matches(['"', '\'']);
        if key.starts_with("eyJ") {
            let text = format!("{name} holds a token in place of a signing key: {FROM}");
            found.error("key_text", text);
        } else if let Some(why) = placeholder(key) {
            found.error("key_text", format!("{name} {why}: {FROM}"));
        } else if !key.starts_with("sig_") {
            found.warning(
                "key_prefix",
                format!("{name} does not begin with sig_, as every key of QStash does: {FROM}"),
            );
        } else if key.chars().any(|c| !c.is_ascii_alphanumeric() && c != '_') {
            let text = format!("{name} has a character in it that no signing key has: {FROM}");
            found.error("key_text", text);
        } else if key.len() < SHORTEST_KEY {
            let text = format!("{name} is shorter than keys of QStash are, as if cut off: {FROM}");
            found.warning("key_text", text);
        }
    }
}

/// A shorter key is reported as cut off: those of QStash have 32 characters.
const SHORTEST_KEY: usize = 24;

/// Why a value is no real key or token: a placeholder, or a character that was
/// pasted by mistake.
pub(super) fn placeholder(value: &str) -> Option<&'static str> {
    let lower = value.to_ascii_lowercase();
    if ["<", ">", "...", "…", "xxxxx", "your_", "your-"]
        .iter()
        .any(|part| lower.contains(part))
    {
        Some("is a placeholder")
    } else if !value.is_ascii() {
        Some("has an invisible or another character in it that is not ASCII")
    } else {
        None
    }
}

/// Returns the pairs that have both keys: their names and the keys.
fn full_pairs(environment: &Environment) -> Vec<([&'static str; 2], [&str; 2])> {
    all_pairs()
        .filter_map(|region| {
            let names = variables::signing_keys(region);
            let [current, next] = names.map(|name| environment.set(name));
            Some((names, [current?.trim(), next?.trim()]))
        })
        .collect()
}

fn check_equal_keys(pairs: &[([&'static str; 2], [&str; 2])], found: &mut Findings) {
    for ([current, next], [one, other]) in pairs {
        if one == other {
            found.warning(
                "next_key",
                format!(
                    "{current} and {next} hold the same key: the next one was not copied, and \
                     when the keys are rolled every delivery is refused; copy both from the \
                     QStash console"
                ),
            );
        }
    }
}
