//! Checks of the signing keys against those of the QStash console.

use std::time::Duration;

use qstash_verify::Region;

use super::finding::Findings;
use crate::console::{PairState, ask, compare};
use crate::environment::Environment;
use crate::output::Failure;

pub(super) fn check(environment: &Environment, timeout: Duration, findings: &mut Findings) {
    let pairs = match ask(environment, timeout) {
        Ok(pairs) => pairs,
        Err(Failure(reason)) => {
            findings.error("not_asked", format!("the console can't be asked: {reason}"));
            return;
        }
    };
    for pair in &pairs {
        let name = pair.region.map_or("default", Region::as_str);
        let comparison = compare(pair, &pairs, environment);
        let passed = format!("{name} pair: {}", PairState::UpToDate.message());
        findings.check("console", passed, |found| match (comparison, &pair.keys) {
            (Some(comparison), _) if comparison.state == PairState::UpToDate => {}
            (Some(comparison), _) => {
                let message = comparison.state.message();
                found.error(comparison.state.code(), format!("{name} pair: {message}"));
            }
            (None, Err(reason)) => {
                found.error("not_asked", format!("{name} pair: {reason}"));
            }
            (None, Ok(_)) => {}
        });
    }
}
