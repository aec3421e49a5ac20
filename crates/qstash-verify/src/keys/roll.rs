//! The warning that the keys were rolled.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::keys::KeySource;
use crate::region::Region;

/// Warns once for each pair of keys that it was rolled.
#[derive(Debug, Default)]
pub(crate) struct RollWarning(AtomicBool);

impl RollWarning {
    /// Writes the warning the first time that a delivery is signed with the next key.
    pub(crate) fn next_key_used(&self, source: KeySource, region: Option<Region>) {
        if !self.is_first_use() {
            return;
        }
        tracing::warn!(
            target: "qstash_verify",
            source = source.as_str(),
            region = region.map(Region::as_str),
            "a delivery was signed with the next key: the signing keys were rolled and this \
             service still has the old ones, or current and next are swapped; copy current and \
             next from the QStash console before the next roll, which will make every delivery \
             fail"
        );
    }

    fn is_first_use(&self) -> bool {
        // The plain load keeps a busy service on `next` from contending.
        !self.0.load(Ordering::Relaxed) && !self.0.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_use_is_the_first() {
        let warning = RollWarning::default();
        let uses = [(); 3].map(|()| warning.is_first_use());
        assert_eq!(uses, [true, false, false]);
    }
}
