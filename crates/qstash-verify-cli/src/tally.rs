//! Counts of accepted and refused deliveries.

use std::collections::BTreeMap;
use std::fmt;

use crate::output::count;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) accepted: usize,
    pub(crate) refused: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// Counts a delivery; `refused` is the code of its refusal.
    pub(crate) fn add(&mut self, refused: Option<&'static str>) {
        match refused {
            Some(code) => *self.refused.entry(code).or_default() += 1,
            None => self.accepted += 1,
        }
    }

    pub(crate) fn refused(&self) -> usize {
        self.refused.values().sum()
    }

    pub(crate) fn total(&self) -> usize {
        self.accepted + self.refused()
    }

    /// Returns the counts as text: `3 lines: 1 accepted, 2 refused (expired 2)`.
    pub(crate) fn summary(&self, word: &str) -> String {
        format!("{}: {self}", count(self.total(), word))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} accepted, {} refused", self.accepted, self.refused())?;
        let mut codes = self.refused.iter();
        let Some((code, number)) = codes.next() else {
            return Ok(());
        };
        write!(f, " ({code} {number}")?;
        codes.try_for_each(|(code, number)| write!(f, ", {code} {number}"))?;
        f.write_str(")")
    }
}
