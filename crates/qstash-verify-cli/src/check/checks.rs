//! All checks, in the order in which their findings are shown.
//!
//! The core decides which keys and credentials count; these checks look for signs
//! that they are not the ones that were meant.

use super::finding::{Finding, Findings};
use super::{development, keys, names, publishing, values};
use crate::environment::Environment;

pub(super) fn run(environment: &Environment) -> Vec<Finding> {
    let mut findings = Findings::default();
    values::check_file(environment, &mut findings);
    keys::check(environment, &mut findings);
    values::check(environment, &mut findings);
    publishing::check(environment, &mut findings);
    names::check(environment, &mut findings);
    development::check(environment, &mut findings);
    findings.into_vec()
}
