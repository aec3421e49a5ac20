//! Variables that were meant to be QStash's and are not.

use qstash_verify::{Region, variables};

use super::findings::{Findings, known_names};
use crate::environment::Environment;
use crate::output::Line;

pub(super) fn look(environment: &Environment, findings: &mut Findings) {
    let well = "no name that only looks like one of QStash's";
    findings.look("name", well, |found| look_at_names(environment, found));
}

fn look_at_names(environment: &Environment, found: &mut Findings) {
    for name in environment.names() {
        let meant = meant_by(name);
        if !meant.is_empty() {
            found.warning(
                "name",
                format!(
                    "{} is not a variable of QStash and is not read: {} meant?",
                    Line(name),
                    match meant.as_slice() {
                        [one] => format!("is {one}"),
                        several => format!("is one of {}", several.join(", ")),
                    }
                ),
            );
        }
    }
}

/// The variables that a name was probably meant to be; none if it is one, or has
/// nothing to do with them.
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
    let region = Region::ALL
        .iter()
        .copied()
        .find(|region| upper.starts_with(region.as_str()));
    // What other programs use is none of our business.
    let key_of_a_pair =
        upper.ends_with("CURRENT_SIGNING_KEY") || upper.ends_with("NEXT_SIGNING_KEY");
    if !has("QSTASH") && region.is_none() && !key_of_a_pair {
        return Vec::new();
    }
    let region = region.or_else(|| {
        let regions = Region::ALL.iter().copied();
        regions.into_iter().find(|region| has(region.as_str()))
    });
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
    } else if upper.starts_with("US_EAST_1") || upper.starts_with("EU_CENTRAL_1") {
        let all = [
            current,
            next,
            variables::url(region),
            variables::token(region),
        ];
        all.to_vec()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_one_is_told() {
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
    fn other_names_are_let_alone() {
        for name in known_names() {
            assert!(meant_by(name).is_empty(), "{name}");
        }
        for name in [
            "PATH",
            "AWS_REGION",
            "UPSTASH_REDIS_REST_URL",
            "GITHUB_TOKEN",
            "QSTASH_ENV",
        ] {
            assert!(meant_by(name).is_empty(), "{name}");
        }
    }
}
