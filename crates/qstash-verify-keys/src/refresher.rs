//! The settings of a refresh, and its start.

use std::time::Duration;

use qstash_verify::{Credentials, KeyRing, Region, Verifier, variables};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::api::{HttpClient, KeyApi};
use crate::endpoint::{Endpoint, Pairs, pair_name};
use crate::error::StartError;
use crate::handle::RefreshHandle;
use crate::observer::Observer;
use crate::schedule::{LONGEST, Schedule};
use crate::task::Task;

/// The default of [`KeyRefresher::interval`].
const INTERVAL: Duration = Duration::from_secs(15 * 60);

/// The shortest interval.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// Keeps the keys of a [`Verifier`] fresh, once it is [started](Self::start).
///
/// Only the pairs that the verifier has are refreshed: those of regions with the
/// credentials of the region, the default pair with `QSTASH_TOKEN`.
///
/// ```no_run
/// # async fn start(verifier: &qstash_verify::Verifier) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use qstash_verify_keys::KeyRefresher;
///
/// let refresh = KeyRefresher::from_env(verifier)?
///     .interval(Duration::from_secs(300))
///     .start()?;
/// if let Err(error) = refresh.first_fetch().await {
///     eprintln!("starting with the keys of the environment: {error}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is refreshed until `start`"]
pub struct KeyRefresher {
    verifier: Verifier,
    credentials: Vec<(Option<Region>, Credentials)>,
    interval: Duration,
    /// Whether `QSTASH_DEV` is on.
    development: bool,
}

impl KeyRefresher {
    /// Creates a refresher with the credentials of the process's environment.
    ///
    /// See [`Credentials::for_signing_keys`]. If `QSTASH_DEV` is on, it does nothing.
    ///
    /// # Errors
    /// [`StartError::Config`] if there is no token.
    pub fn from_env(verifier: &Verifier) -> Result<Self, StartError> {
        // A value that is not Unicode must not count as unset; the core refuses U+FFFD.
        let lookup = |name: &str| {
            let value = std::env::var_os(name)?;
            Some(value.to_string_lossy().into_owned())
        };
        KeyRefresher::from_lookup(verifier, lookup)
    }

    /// Creates a refresher with the credentials of any other environment.
    ///
    /// # Errors
    /// [`StartError::Config`] if there is no token.
    pub fn from_lookup(
        verifier: &Verifier,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, StartError> {
        let credentials = Credentials::for_signing_keys(lookup)?;
        Ok(KeyRefresher {
            development: credentials.is_empty(),
            credentials,
            ..KeyRefresher::new(verifier)
        })
    }

    /// Creates a refresher without credentials, for those given in code.
    pub fn new(verifier: &Verifier) -> Self {
        KeyRefresher {
            verifier: verifier.clone(),
            credentials: Vec::new(),
            interval: INTERVAL,
            development: false,
        }
    }

    /// Sets the credentials of a region's pair, or of the default pair.
    ///
    /// `None` is the default pair.
    pub fn credentials(mut self, region: Option<Region>, credentials: Credentials) -> Self {
        self.credentials.retain(|(known, _)| *known != region);
        self.credentials.push((region, credentials));
        self
    }

    /// Sets the time between two requests for a pair; 15 minutes by default.
    ///
    /// At least one second and at most 30 days. It varies by a tenth.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.clamp(MIN_INTERVAL, LONGEST);
        self
    }

    /// Starts to fetch, in tasks of the current tokio runtime.
    ///
    /// Sets the verifier's observer of [stale keys](Verifier::on_stale_keys), which takes
    /// care of the pairs that are refreshed.
    ///
    /// # Errors
    /// [`StartError::InvalidUrl`], [`InvalidToken`](StartError::InvalidToken),
    /// [`NoKeys`](StartError::NoKeys), [`Certificates`](StartError::Certificates) or
    /// [`NoRuntime`](StartError::NoRuntime).
    pub fn start(self) -> Result<RefreshHandle, StartError> {
        let runtime = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        if self.development {
            tracing::info!(
                target: "qstash_verify",
                "QSTASH_DEV is on: the development server's keys are fixed and not refreshed"
            );
            return Ok(RefreshHandle {
                tasks: JoinSet::new(),
                first_fetches: Vec::new(),
            });
        }
        let endpoints = self.endpoints()?;
        let client = HttpClient::new(endpoints.iter().any(|(endpoint, _)| endpoint.is_https()))?;
        let mut tasks = JoinSet::new();
        let (mut observer, mut first_fetches) = (Observer::default(), Vec::new());
        for (endpoint, pairs) in endpoints {
            let (first_fetch, receiver) = watch::channel(None);
            first_fetches.push(receiver);
            let task = Task {
                stale: observer.add(pairs.clone()),
                pairs,
                origin: format!("{} at {}", endpoint.token_name(), endpoint.host()),
                api: KeyApi::with_client(endpoint, client.clone()),
                verifier: self.verifier.clone(),
                first_fetch,
            };
            let schedule = Schedule::new(self.interval, Instant::now());
            tasks.spawn_on(task.run(schedule), &runtime);
        }
        observer.observe(&self.verifier);
        Ok(RefreshHandle {
            tasks,
            first_fetches,
        })
    }

    /// The endpoints of the verifier's pairs: each endpoint with its pairs, of which
    /// there are two if the default pair is a region's. Pairs without credentials are
    /// warned of.
    fn endpoints(&self) -> Result<Vec<(Endpoint, Pairs)>, StartError> {
        let ring = self.verifier.keys();
        let pairs = Region::ALL.iter().copied().map(Some).chain([None]);
        let mut endpoints: Vec<(Endpoint, Pairs)> = Vec::new();
        for region in pairs.filter(|region| has_pair(&ring, *region)) {
            let found = self.credentials.iter().find(|(known, _)| *known == region);
            if let Some((_, credentials)) = found {
                let endpoint = Endpoint::new(region, credentials)?;
                let same = endpoints
                    .iter_mut()
                    .find(|(known, _)| known.is_same(&endpoint));
                match same {
                    Some((_, pairs)) => pairs.push(region),
                    None => endpoints.push((endpoint, vec![region])),
                }
            } else {
                tracing::warn!(
                    target: "qstash_verify",
                    pair = pair_name(region),
                    "the signing keys are not refreshed: {} is not set; copy it from the \
                     QStash console",
                    variables::token(region)
                );
            }
        }
        if endpoints.is_empty() {
            return Err(StartError::NoKeys);
        }
        Ok(endpoints)
    }
}

/// Whether the ring has the pair of the region, or a default pair.
fn has_pair(ring: &KeyRing, region: Option<Region>) -> bool {
    ring.key_source(region)
        .is_some_and(|source| source.is_regional() == region.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fetched_every_15_minutes_unless_set() {
        let verifier = Verifier::new(qstash_verify::SigningKeys::development());
        let refresher = KeyRefresher::new(&verifier);
        assert_eq!(refresher.interval, Duration::from_secs(900));
        let minute = Duration::from_secs(60);
        assert_eq!(refresher.interval(minute).interval, minute);
    }

    #[test]
    fn later_credentials_replace_those_of_the_same_pair_only() {
        let verifier = Verifier::new(qstash_verify::SigningKeys::development());
        let of = |token| Credentials::new("https://example.com", token);
        let (default, region) = (None, Some(Region::EuCentral1));
        let refresher = KeyRefresher::new(&verifier)
            .credentials(default, of("old"))
            .credentials(region, of("regional"))
            .credentials(default, of("new"));
        let tokens = refresher
            .credentials
            .iter()
            .map(|(pair, credentials)| (*pair, credentials.token()));
        let tokens: Vec<_> = tokens.collect();
        assert_eq!(tokens, [(region, "regional"), (default, "new")]);
    }
}
