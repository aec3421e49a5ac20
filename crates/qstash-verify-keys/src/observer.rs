//! The observer of stale keys, which wakes the task of their pair.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use qstash_verify::{StaleKeys, Verifier};
use tokio::sync::Notify;

use crate::endpoint::Pairs;

/// The state that a task shares with the observer.
#[derive(Debug, Default)]
pub(crate) struct Stale {
    /// Notified of deliveries that suggest that the keys are out of date.
    pub(crate) deliveries: Notify,
    /// Whether the last request failed, so that the keys are not taken care of.
    pub(crate) failing: AtomicBool,
}

/// The tasks by the pairs that they keep fresh.
#[derive(Debug, Default)]
pub(crate) struct Observer(Vec<(Pairs, Weak<Stale>)>);

impl Observer {
    /// Adds a task; it is observed until it drops the returned state.
    pub(crate) fn add(&mut self, pairs: Pairs) -> Arc<Stale> {
        let stale = Arc::new(Stale::default());
        self.0.push((pairs, Arc::downgrade(&stale)));
        stale
    }

    /// Becomes the observer of the verifier, which it must not own.
    pub(crate) fn observe(self, verifier: &Verifier) {
        verifier.on_stale_keys(move |keys| self.wake(keys));
    }

    /// Returns whether a task takes care of the keys. Any number of calls between two
    /// requests is one notification.
    fn wake(&self, keys: StaleKeys) -> bool {
        let mut tasks = self.0.iter();
        let task = tasks.find(|(pairs, _)| pairs.contains(&keys.region()));
        // Gone once the refresh has stopped.
        let task = task.and_then(|(_, task)| task.upgrade());
        task.is_some_and(|task| {
            task.deliveries.notify_one();
            !task.failing.load(Ordering::Relaxed)
        })
    }
}
