//! The task that keeps the keys of one region fresh.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use qstash_verify::{KeySlot, Region, Verifier};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::answer::FetchedKeys;
use crate::api::Fetch;
use crate::endpoint::{Pairs, pair_name};
use crate::error::FetchError;
use crate::observer::Stale;
use crate::schedule::Schedule;

/// The result of the first request, once there is one.
pub(crate) type FirstFetch = Option<Result<(), FetchError>>;

/// Keeps the pairs fresh that one request fetches.
pub(crate) struct Task<F> {
    pub(crate) pairs: Pairs,
    pub(crate) api: F,
    /// The token and the host that the keys come from, for the log.
    pub(crate) origin: String,
    pub(crate) verifier: Verifier,
    pub(crate) stale: Arc<Stale>,
    pub(crate) first_fetch: watch::Sender<FirstFetch>,
}

impl<F: Fetch> Task<F> {
    /// Runs until it is dropped. That loses nothing: keys are replaced in one step.
    pub(crate) async fn run(self, mut schedule: Schedule) {
        // The keys after a single roll, and when they take the place of those in use.
        let mut rolled: Option<(FetchedKeys, Instant)> = None;
        loop {
            let early_from = schedule.early_from;
            let stale = async {
                sleep_until(early_from).await;
                self.stale.deliveries.notified().await;
            };
            let mut is_early = false;
            let replace_at = rolled.as_ref().map(|(_, at)| *at);
            tokio::select! {
                biased;
                () = sleep_until(replace_at.unwrap_or_else(Instant::now)), if replace_at.is_some() => {
                    if let Some((keys, _)) = rolled.take() {
                        self.replace(&keys);
                    }
                    continue;
                }
                () = sleep_until(schedule.due) => {}
                () = stale => {
                    is_early = true;
                    schedule.early_request(Instant::now());
                }
            }
            let fetched = self.api.fetch().await;
            let now = Instant::now();
            let result = match fetched {
                Ok(keys) => {
                    schedule.succeeded(now);
                    rolled = match self.compare(&keys) {
                        Comparison::Same => None,
                        Comparison::RolledOnce => {
                            let at = rolled.map_or(now + schedule.settle(), |(_, at)| at);
                            Some((keys, at))
                        }
                        Comparison::Other => {
                            self.replace(&keys);
                            None
                        }
                        Comparison::Unknown => {
                            self.replace(&keys);
                            self.warn_of_unknown_keys();
                            None
                        }
                    };
                    if self.stale.failing.load(Ordering::Relaxed) {
                        tracing::info!(
                            target: "qstash_verify",
                            pair = %self.pair_names(),
                            "the signing keys can be fetched again"
                        );
                    }
                    Ok(())
                }
                Err(error) => {
                    if !is_early {
                        schedule.failed(now);
                    }
                    tracing::warn!(
                        target: "qstash_verify",
                        pair = %self.pair_names(),
                        retry_in_seconds = schedule.due.saturating_duration_since(now).as_secs(),
                        "the signing keys can't be refreshed and stay as they are: {error}"
                    );
                    Err(error)
                }
            };
            self.stale.failing.store(result.is_err(), Ordering::Relaxed);
            self.first_fetch.send_if_modified(|first| {
                let is_first = first.is_none();
                if is_first {
                    *first = Some(result);
                }
                is_first
            });
        }
    }

    fn compare(&self, keys: &FetchedKeys) -> Comparison {
        let ring = self.verifier.keys();
        let of_pair = |pair: &Option<Region>| {
            let slots = [&keys.current, &keys.next].map(|key| ring.key_slot(*pair, key));
            match slots {
                [Some(KeySlot::Current), Some(KeySlot::Next)] => Comparison::Same,
                [Some(KeySlot::Next), _] => Comparison::RolledOnce,
                [None, None] => Comparison::Unknown,
                _ => Comparison::Other,
            }
        };
        let most_urgent = self.pairs.iter().map(of_pair).max();
        most_urgent.unwrap_or(Comparison::Same)
    }

    fn pair_names(&self) -> String {
        let names: Vec<_> = self.pairs.iter().copied().map(pair_name).collect();
        names.join(", ")
    }

    fn replace(&self, keys: &FetchedKeys) {
        for pair in &self.pairs {
            self.verifier.set_keys(*pair, keys.prepared.clone());
        }
        tracing::info!(
            target: "qstash_verify",
            pair = %self.pair_names(),
            "the signing keys were rolled: the new ones are in use"
        );
    }

    /// Two rolls at once look like the keys of another account.
    fn warn_of_unknown_keys(&self) {
        tracing::warn!(
            target: "qstash_verify",
            pair = %self.pair_names(),
            "both new signing keys differ from those before: {}; unless the keys were rolled \
             twice, check that this token is of the account that delivers to this service",
            self.origin
        );
    }
}

#[cfg(test)]
mod tests;

/// Fetched keys beside those in use, the most urgent last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Comparison {
    Same,
    /// The next key became current: those in use accept its deliveries.
    RolledOnce,
    Other,
    /// Neither key is known: two rolls, or another account.
    Unknown,
}
