//! All checks, in the order of their findings.
//!
//! The core decides which keys and credentials are used; these checks find those that
//! are probably not intended.

use std::time::Duration;

use super::finding::{Finding, Findings};
use super::{development, keys, names, online, publishing, values};
use crate::environment::Environment;

/// `online`: the time limit for responses of QStash's API, if it is asked.
pub(super) fn run(environment: &Environment, online: Option<Duration>) -> Vec<Finding> {
    let mut findings = Findings::default();
    values::check_file(environment, &mut findings);
    keys::check(environment, &mut findings);
    values::check(environment, &mut findings);
    publishing::check(environment, &mut findings);
    names::check(environment, &mut findings);
    development::check(environment, &mut findings);
    if let Some(timeout) = online {
        online::check(environment, timeout, &mut findings);
    }
    findings.into_vec()
}
