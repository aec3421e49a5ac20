//! Findings: the results of checks.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Passed,
    Note,
    Warning,
    Error,
}

impl Level {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Level::Passed => "passed",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// The result of one check.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// Stable, for programs that read the JSON.
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Collects the findings of the checks, in order.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(Level::Error, code, message);
    }

    pub(super) fn warning(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(Level::Warning, code, message);
    }

    pub(super) fn note(&mut self, code: &'static str, message: impl Into<String>) {
        self.push(Level::Note, code, message);
    }

    fn push(&mut self, level: Level, code: &'static str, message: impl Into<String>) {
        self.0.push(Finding {
            level,
            code,
            message: message.into(),
        });
    }

    /// Runs a check; adds a finding that it passed if it adds none.
    pub(super) fn check(
        &mut self,
        code: &'static str,
        passed: impl Into<String>,
        check: impl FnOnce(&mut Findings),
    ) {
        let before = self.0.len();
        check(self);
        if self.0.len() == before {
            self.push(Level::Passed, code, passed);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}
