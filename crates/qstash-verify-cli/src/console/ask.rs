//! Requests to QStash's API, for all pairs at once.

use std::time::Duration;

use qstash_verify::{CredentialSource, Credentials, Region, variables};
use qstash_verify_keys::{FetchedKeys, KeyApi};

use crate::environment::{Environment, Source};
use crate::keys::all_pairs;
use crate::output::{self, Failure};

/// When a note says what is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The answer for a pair: its keys, or why there are none.
pub(crate) struct ConsolePair {
    pub(crate) region: Option<Region>,
    /// The host of the API; `None` if there is no usable URL.
    pub(crate) host: Option<String>,
    pub(crate) keys: Result<FetchedKeys, String>,
}

/// Asks for each pair that a service in this environment uses, or has a token for.
///
/// # Errors
/// There is no token at all, or a variable can't be read.
pub(crate) fn ask(
    environment: &Environment,
    timeout: Duration,
) -> Result<Vec<ConsolePair>, Failure> {
    let credentials = credentials(environment)?;
    let runtime = super::runtime()?;
    runtime.block_on(async {
        let mut requests = Vec::new();
        for region in pairs(environment, &credentials) {
            let found = credentials.iter().find(|(known, _)| *known == region);
            let api = match found {
                Some((_, credentials)) => {
                    KeyApi::new(region, credentials).map_err(|error| error.to_string())
                }
                None => Err(format!(
                    "{} {}: copy it from the QStash console",
                    variables::token(region),
                    environment.absence(variables::token(region))
                )),
            };
            let host = api.as_ref().ok().map(|api| api.host().to_owned());
            let request = api.map(|api| {
                let api = api.timeout(timeout);
                tokio::spawn(async move { api.fetch().await })
            });
            requests.push((region, host, request));
        }
        let hosts = requests.iter().filter_map(|(_, host, _)| host.clone());
        let waiting = Waiting::start(hosts.collect(), timeout);
        let mut answers = Vec::new();
        for (region, host, request) in requests {
            let keys = match request {
                Ok(request) => match request.await {
                    Ok(answer) => answer.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                },
                Err(reason) => Err(reason),
            };
            answers.push(ConsolePair { region, host, keys });
        }
        waiting.end();
        Ok(answers)
    })
}

/// Returns the credentials of each pair.
///
/// # Errors
/// There are none, or `QSTASH_DEV` is on.
pub(super) fn credentials(
    environment: &Environment,
) -> Result<Vec<(Option<Region>, Credentials)>, Failure> {
    let credentials = Credentials::for_signing_keys(environment.lookup()).map_err(Failure::new)?;
    if credentials.is_empty() {
        return Err(Failure::new(
            "QSTASH_DEV is on, and the development server's keys are fixed: unset it to ask for \
             those of the console",
        ));
    }
    for (region, credentials) in &credentials {
        check_origin(environment, *region, credentials)?;
    }
    Ok(credentials)
}

/// Refuses to send a token of the process to a host that only the `.env` of the current
/// directory names: a checkout of somebody else's could collect tokens by it.
fn check_origin(
    environment: &Environment,
    region: Option<Region>,
    credentials: &Credentials,
) -> Result<(), Failure> {
    let (CredentialSource::Variable(url), CredentialSource::Variable(token)) =
        (credentials.url_source(), credentials.token_source())
    else {
        return Ok(());
    };
    let is_of_file = matches!(environment.source(url), Some(Source::File(_)))
        && environment.file().is_some_and(|file| file.is_default);
    let Ok(api) = KeyApi::new(region, credentials) else {
        // The request's own error says why.
        return Ok(());
    };
    if !is_of_file || environment.source(token) != Some(Source::Process) || is_known(api.host()) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{token} is not sent to {}: {url} is set in .env, and the token is not; name the file with \
         --env-file if you trust it",
        api.host()
    )))
}

/// Returns whether a host, with or without a port, is Upstash's or this machine.
fn is_known(host: &str) -> bool {
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = address
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    let host = host.to_ascii_lowercase();
    is_loopback || host == "localhost" || host.ends_with(".upstash.io")
}

/// The pairs that have a token, or keys that are read. A default pair without keys is of
/// no use beside those of the regions.
fn pairs(
    environment: &Environment,
    credentials: &[(Option<Region>, Credentials)],
) -> Vec<Option<Region>> {
    let is_multi_region = environment.region().is_some();
    let has_keys = |region| {
        let names = variables::signing_keys(region);
        names.iter().any(|name| environment.set(name).is_some())
    };
    let has_token = |region| credentials.iter().any(|(known, _)| *known == region);
    let regional = all_pairs()
        .filter(|region| region.is_some() && is_multi_region)
        .filter(|region| has_keys(*region) || has_token(*region));
    let regional: Vec<_> = regional.collect();
    let default = has_keys(None) || regional.is_empty();
    default
        .then_some(None)
        .into_iter()
        .chain(regional)
        .collect()
}

/// A note on standard error, unless what it waits for ends soon.
pub(super) struct Waiting(tokio::task::JoinHandle<()>);

impl Waiting {
    pub(super) fn start(mut hosts: Vec<String>, timeout: Duration) -> Self {
        hosts.dedup();
        Waiting(tokio::spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            output::note(format_args!(
                "waiting for {}, {} s at most",
                hosts.join(" and "),
                timeout.as_secs_f64()
            ));
        }))
    }

    pub(super) fn end(self) {
        self.0.abort();
    }
}
