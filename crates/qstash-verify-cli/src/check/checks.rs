//! All checks, in the order of their findings.
//!
//! The core decides which keys and credentials are used; these checks find those that
//! are probably not intended.

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
