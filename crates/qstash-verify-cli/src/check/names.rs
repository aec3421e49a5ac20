//! Checks for misspelt names of variables.

use qstash_verify::{Region, variables};

use super::finding::Findings;
use super::known_names::known_names;
use crate::environment::Environment;
use crate::output::Line;

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    let passed = "no misspelt variable of QStash";
    findings.check("name", passed, |found| check_names(environment, found));
}

fn check_names(environment: &Environment, found: &mut Findings) {
    for name in environment.names() {
        let meant = meant_by(name);
        // If all of those are set, this variable has another purpose.
        if meant.iter().any(|name| environment.set(name).is_none()) {
            found.warning(
                "name",
                format!(
                    "{} is not a variable of QStash and is not read: rename it to {}",
                    Line(name),
                    meant.join(" or ")
                ),
            );
        }
    }
}

/// Returns the variables that a misspelt name may mean.
///
/// None if it is the name of one, or is unrelated to QStash.
fn meant_by(name: &str) -> Vec<&'static str> {
    let known = known_names();
    if known.contains(&name) {
        return Vec::new();
    }
    let upper = name.to_ascii_uppercase().replace('-', "_");
    if let Some(known) = known.iter().find(|known| **known == upper) {
        return vec![known];
    }
    let has = |word: &str| upper.contains(word);
    let mut regions = Region::ALL.iter().copied();
    let prefix = regions
        .clone()
        .find(|region| upper.starts_with(region.as_str()));
    let region = prefix.or_else(|| regions.find(|region| has(region.as_str())));
    let rest = prefix.map_or("", Region::as_str);
    let rest = upper.strip_prefix(rest).unwrap_or(&upper);
    // Names with other words in them belong to other programs.
    let ours = rest
        .split('_')
        .all(|word| WORDS.contains(&word) || word.is_empty());
    let of_a_key = has("SIGNING_KEY") && (has("QSTASH") || rest.contains('Q'));
    if !of_a_key && !(ours && (has("QSTASH") || prefix.is_some())) {
        return Vec::new();
    }
    let [current, next] = variables::signing_keys(region);
    if has("CURRENT") {
        vec![current]
    } else if has("NEXT") {
        vec![next]
    } else if has("SIGN") || has("KEY") {
        vec![current, next]
    } else if has("TOKEN") {
        vec![variables::token(region)]
    } else if has("URL") {
        vec![variables::url(region)]
    } else if has("REGION") {
        vec![variables::REGION]
    } else if prefix.is_some() {
        [
            current,
            next,
            variables::url(region),
            variables::token(region),
        ]
        .to_vec()
    } else {
        Vec::new()
    }
}

/// The words of QStash's names and of their usual misspellings.
const WORDS: [&str; 20] = [
    "1",
    "API",
    "BASE",
    "CENTRAL",
    "CURRENT",
    "EAST",
    "EU",
    "KEY",
    "KEYS",
    "NEXT",
    "QSTASH",
    "REGION",
    "SECRET",
    "SIGNATURE",
    "SIGNING",
    "SIGN",
    "TOKEN",
    "UPSTASH",
    "URL",
    "US",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_are_recognised() {
        const CURRENT: &str = "QSTASH_CURRENT_SIGNING_KEY";
        const NEXT: &str = "QSTASH_NEXT_SIGNING_KEY";
        for (name, meant) in [
            ("QSTASH_SIGNING_KEY", &[CURRENT, NEXT][..]),
            ("UPSTASH_QSTASH_CURRENT_SIGNING_KEY", &[CURRENT]),
            ("qstash_next_signing_key", &[NEXT]),
            ("QSATSH_CURRENT_SIGNING_KEY", &[CURRENT]),
            ("QSTASH_API_TOKEN", &["QSTASH_TOKEN"]),
            ("QSTASH_BASE_URL", &["QSTASH_URL"]),
            ("UPSTASH_QSTASH_REGION", &["QSTASH_REGION"]),
            (
                "US_EAST_1_CURRENT_SIGNING_KEY",
                &["US_EAST_1_QSTASH_CURRENT_SIGNING_KEY"],
            ),
            ("EU_CENTRAL_1_TOKEN", &["EU_CENTRAL_1_QSTASH_TOKEN"]),
            ("QSTASH_EU_CENTRAL_1_URL", &["EU_CENTRAL_1_QSTASH_URL"]),
            (
                "US_EAST_1",
                &[
                    "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY",
                    "US_EAST_1_QSTASH_NEXT_SIGNING_KEY",
                    "US_EAST_1_QSTASH_URL",
                    "US_EAST_1_QSTASH_TOKEN",
                ],
            ),
        ] {
            assert_eq!(meant_by(name), meant, "{name}");
        }
    }

    #[test]
    fn unrelated_names_are_ignored() {
        for name in known_names() {
            assert!(meant_by(name).is_empty(), "{name}");
        }
        for name in [
            "PATH",
            "AWS_REGION",
            "UPSTASH_REDIS_REST_URL",
            "GITHUB_TOKEN",
            "QSTASH_WEBHOOK_URL",
            "AUTH_NEXT_SIGNING_KEY",
            "US_EAST_1_AWS_KEY",
            "QSTASH_ENV",
        ] {
            assert!(meant_by(name).is_empty(), "{name}");
        }
    }
}
