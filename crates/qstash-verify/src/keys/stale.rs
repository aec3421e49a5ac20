//! The observer of deliveries that suggest that the keys are out of date.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;

use crate::keys::KeySource;
use crate::region::Region;

/// A sign that a pair of keys is out of date.
///
/// For the observer of [`Verifier::on_stale_keys`](crate::Verifier::on_stale_keys).
///
/// ```
/// use qstash_verify::{StaleKeys, Verifier};
///
/// fn observe(verifier: &Verifier) {
///     verifier.on_stale_keys(|stale: StaleKeys| {
///         println!("{:?} {}", stale.region(), stale.is_certain());
///         false
///     });
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleKeys {
    region: Option<Region>,
    certain: bool,
}

impl StaleKeys {
    /// Returns the region of the pair; `None` for the default pair.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        self.region
    }

    /// Returns whether QStash sent the delivery: it was signed with the next key.
    ///
    /// If not, its token has the shape and the claims of QStash's and neither key signed
    /// it, which an unauthenticated sender can produce at any rate.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.certain
    }
}

type Callback = Box<dyn Fn(StaleKeys) -> bool + Send + Sync>;

/// The observer, if one is set.
#[derive(Default)]
pub(crate) struct StaleObserver {
    /// Read for each delivery that may be of interest; cheaper than the callback.
    is_set: AtomicBool,
    callback: ArcSwapOption<Callback>,
}

impl StaleObserver {
    pub(crate) fn set(&self, callback: Callback) {
        self.callback.store(Some(callback.into()));
        self.is_set.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// Calls the observer for the pair that `source` and the region of the header mean.
    /// Returns whether there is one and it takes care of the keys.
    pub(crate) fn call(&self, source: KeySource, region: Option<Region>, certain: bool) -> bool {
        if !self.is_set() {
            return false;
        }
        let region = region.filter(|_| source.is_regional());
        let callback = self.callback.load();
        callback
            .as_ref()
            .is_some_and(|callback| callback(StaleKeys { region, certain }))
    }
}

impl fmt::Debug for StaleObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaleObserver").finish_non_exhaustive()
    }
}
