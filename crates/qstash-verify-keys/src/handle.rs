//! The handle of a refresh that runs.

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::FetchError;
use crate::task::FirstFetch;

/// A refresh that runs until this is dropped.
///
/// Made by [`KeyRefresher::start`](crate::KeyRefresher::start).
#[derive(Debug)]
#[must_use = "keys are refreshed until this is dropped"]
pub struct RefreshHandle {
    pub(crate) tasks: JoinSet<()>,
    pub(crate) first_fetches: Vec<watch::Receiver<FirstFetch>>,
}

impl RefreshHandle {
    /// Waits until the first request for each pair has ended, 10 seconds at most.
    ///
    /// Without it a service starts with the keys of its environment, which is enough unless
    /// they are two rolls behind.
    ///
    /// # Errors
    /// The first failure. The keys stay as they are, and requests go on.
    pub async fn first_fetch(&self) -> Result<(), FetchError> {
        let mut first_failure = Ok(());
        for first_fetch in &self.first_fetches {
            let mut first_fetch = first_fetch.clone();
            let result = match first_fetch.wait_for(Option::is_some).await {
                Ok(result) => result.clone().unwrap_or(Ok(())),
                // The sender is gone only with its task.
                Err(_) => Err(FetchError::new(
                    "the refresh has ended: its task panicked, or its tokio runtime was shut \
                     down; start it in the runtime that serves",
                )),
            };
            first_failure = first_failure.and(result);
        }
        first_failure
    }

    /// Stops refreshing; the keys stay as they are. A request that runs is cancelled.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}
