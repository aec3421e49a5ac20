//! What is looked at in a set-up, and what is said of it. Which keys and which
//! credentials count is the core's to say; here is what else tells that they may
//! not be the ones that were meant.

use qstash_verify::variables;

use super::{development, keys, names, publishing, values};
use crate::environment::Environment;
use crate::keys::all_pairs;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Passed,
    Warning,
    Error,
}

impl Level {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Level::Passed => "passed",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// A stable word for programs.
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// The findings so far.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(Level::Error, code, message);
    }

    pub(super) fn warning(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(Level::Warning, code, message);
    }

    fn push(&mut self, level: Level, code: &'static str, message: impl Into<String>) {
        self.0.push(Finding {
            level,
            code,
            message: message.into(),
        });
    }

    /// Looks at something, and says that it is well if nothing is found.
    pub(super) fn look(
        &mut self,
        code: &'static str,
        well: impl Into<String>,
        look: impl FnOnce(&mut Findings),
    ) {
        let before = self.0.len();
        look(self);
        if self.0.len() == before {
            self.push(Level::Passed, code, well);
        }
    }
}

/// Every variable of QStash.
pub(super) fn known_names() -> Vec<&'static str> {
    let regional = all_pairs().flat_map(|region| {
        let [current, next] = variables::signing_keys(region);
        [
            variables::url(region),
            variables::token(region),
            current,
            next,
        ]
    });
    let mut names: Vec<_> = [variables::REGION, variables::DEVELOPMENT].into();
    names.extend(regional);
    names
}

/// Looks at all there is.
pub(super) fn look(environment: &Environment) -> Vec<Finding> {
    let mut findings = Findings::default();
    values::look_at_file(environment, &mut findings);
    keys::look(environment, &mut findings);
    values::look(environment, &mut findings);
    publishing::look(environment, &mut findings);
    names::look(environment, &mut findings);
    development::look(environment, &mut findings);
    findings.0
}
