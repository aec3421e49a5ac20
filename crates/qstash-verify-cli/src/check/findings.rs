//! What is looked at in a set-up, and what is said of it. Which keys and which
//! credentials count is the core's to say; here is what else tells that they may
//! not be the ones that were meant.

use qstash_verify::{
    ConfigError, ConfigWarning, Credentials, KeyRing, KeySource, Region, testing, variables,
};

use super::{names, urls};
use crate::environment::Environment;
use crate::output::count;

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

/// All regions, and the default that has none.
pub(super) fn all_pairs() -> impl Iterator<Item = Option<Region>> {
    std::iter::once(None).chain(Region::ALL.iter().copied().map(Some))
}

/// A variable that is not empty, white space around it included.
pub(super) fn set<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    let value = environment.get(name)?;
    (!value.trim().is_empty()).then_some(value)
}

/// The keys that are set, with their variables.
fn keys(environment: &Environment) -> Vec<(&'static str, &str)> {
    all_pairs()
        .flat_map(variables::signing_keys)
        .filter_map(|name| Some((name, set(environment, name)?)))
        .collect()
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
    if let Some(file) = environment.file() {
        let well = format!("{} can be read", file.path.display());
        findings.look("env_file", well, |found| look_at_file(environment, found));
    }
    look_at_keys(environment, &mut findings);
    let set_keys = keys(environment);
    if !set_keys.is_empty() {
        findings.look(
            "key_prefix",
            format!("{} with the prefix sig_", count(set_keys.len(), "key")),
            |found| look_at_prefixes(&set_keys, found),
        );
    }
    let pairs = full_pairs(environment);
    if !pairs.is_empty() {
        findings.look(
            "next_key",
            "current and next differ in each pair",
            |found| {
                look_for_equal_keys(&pairs, found);
            },
        );
    }
    let given = |name: &&str| environment.get(name).is_some() || environment.is_unreadable(name);
    if known_names().iter().any(given) {
        let well = "no quotes and no white space around a value";
        findings.look("value", well, |found| look_at_values(environment, found));
    }
    look_at_publishing(environment, &mut findings);
    findings.look(
        "name",
        "no name that only looks like one of QStash's",
        |found| {
            names::look(environment, found);
        },
    );
    findings.look(
        "development",
        "nothing of the development server",
        |found| {
            look_for_development(environment, found);
        },
    );
    findings.0
}

fn look_at_file(environment: &Environment, found: &mut Findings) {
    let Some(file) = environment.file() else {
        return;
    };
    let path = file.path.display();
    for line in &file.broken_lines {
        found.error(
            "env_file",
            format!(
                "{path}, line {line}, can't be read: it has no `=`, a space in a value without \
                 quotes, or a quote that is not closed; it is left out, and what follows an open \
                 quote too"
            ),
        );
    }
    for name in &file.repeated {
        if known_names().contains(&name.as_str()) {
            found.warning(
                "env_file",
                format!(
                    "{name} is set more than once in {path}: some programs take the first value, \
                     as this does, and some the last; leave one"
                ),
            );
        }
    }
}

/// What the core says.
fn look_at_keys(environment: &Environment, findings: &mut Findings) {
    let ring = testing::key_ring(|name| environment.get(name).map(str::to_owned));
    let well = match &ring {
        Ok(_) if development_is_on(environment) => {
            "every delivery is checked with the development server's keys".to_owned()
        }
        Ok(ring) => receives(ring),
        Err(_) => String::new(),
    };
    findings.look("keys", well, |found| match &ring {
        Err(error @ ConfigError::InvalidRegion { .. }) => {
            found.error("invalid_region", error.to_string());
        }
        Err(error) => found.error("no_signing_keys", error.to_string()),
        Ok(_) => {}
    });
    let Ok(ring) = ring else {
        return;
    };
    let mut warnings = ring.warnings().to_vec();
    // It has findings of its own, with the names of the variables.
    warnings.retain(|warning| *warning != ConfigWarning::DevelopmentKeys);
    findings.look(
        "pairs",
        "no pair is incomplete, unused or shares a key",
        |found| {
            for warning in &warnings {
                let code = match warning {
                    ConfigWarning::NoKeysForRegion { .. } => "no_keys_for_region",
                    ConfigWarning::HalfPair { .. } => "half_pair",
                    ConfigWarning::SharedKey { .. } => "shared_key",
                    ConfigWarning::RegionNotSet { .. } => "region_not_set",
                    _ => "keys",
                };
                found.warning(code, warning.to_string());
            }
        },
    );
}

/// Which keys check what, in words.
fn receives(ring: &KeyRing) -> String {
    let own = |region: &Region| ring.source(Some(*region)) == Some(KeySource::Region);
    let (own, others): (Vec<Region>, Vec<Region>) =
        Region::ALL.iter().partition(|region| own(region));
    let names = |regions: &[Region]| {
        let names: Vec<_> = regions.iter().map(|region| region.as_str()).collect();
        names.join(" and ")
    };
    match (own.as_slice(), others.as_slice(), ring.source(None)) {
        ([], ..) => "every delivery is checked with the default pair".to_owned(),
        (own, [], _) => format!(
            "deliveries of {} are checked with their own pairs",
            names(own)
        ),
        (own, others, Some(_)) => format!(
            "deliveries of {} are checked with their own pair, those of {} with the default pair",
            names(own),
            names(others)
        ),
        // What is not there has findings.
        (own, _, None) => format!(
            "deliveries of {} are checked with their own pair",
            names(own)
        ),
    }
}

fn look_at_prefixes(keys: &[(&'static str, &str)], found: &mut Findings) {
    for (name, key) in keys {
        let key = key.trim().trim_start_matches(['"', '\'']);
        if !key.starts_with("sig_") {
            found.warning(
                "key_prefix",
                format!(
                    "{name} does not begin with sig_, as every key of QStash does: a token, or \
                     something else, was copied in its place; copy the signing keys from the \
                     QStash console"
                ),
            );
        }
    }
}

/// The pairs that have both keys: their names and the keys.
fn full_pairs(environment: &Environment) -> Vec<([&'static str; 2], [&str; 2])> {
    all_pairs()
        .filter_map(|region| {
            let names = variables::signing_keys(region);
            let [current, next] = names.map(|name| set(environment, name));
            Some((names, [current?.trim(), next?.trim()]))
        })
        .collect()
}

fn look_for_equal_keys(pairs: &[([&'static str; 2], [&str; 2])], found: &mut Findings) {
    for ([current, next], [one, other]) in pairs {
        if one == other {
            found.warning(
                "next_key",
                format!(
                    "{current} and {next} hold the same key: the next one was not copied, and \
                     when the keys are rolled every delivery is refused; copy both from the \
                     QStash console"
                ),
            );
        }
    }
}

fn look_at_values(environment: &Environment, found: &mut Findings) {
    for name in known_names() {
        if environment.is_unreadable(name) {
            let text = format!("{name} is not Unicode, so it counts as unset: set it anew");
            found.error("value", text);
        }
        let Some(value) = set(environment, name) else {
            continue;
        };
        if value.trim().starts_with(['"', '\'']) || value.trim().ends_with(['"', '\'']) {
            found.error(
                "quotes",
                format!(
                    "{name} has quotes around its value, and they count as part of it: take them \
                     away (docker's --env-file keeps quotes, a shell doesn't)"
                ),
            );
        } else if value.trim() != value {
            found.warning(
                "white_space",
                format!(
                    "{name} has white space around its value: it is dropped here, and other SDKs \
                     take it as part of the value; take it away"
                ),
            );
        } else if value.contains(char::is_whitespace) {
            found.error(
                "white_space",
                format!("{name} has white space in its value: copy it anew, whole and alone"),
            );
        }
    }
}

fn look_at_publishing(environment: &Environment, findings: &mut Findings) {
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    let urls: Vec<_> = all_pairs()
        .filter_map(|region| Some((region, set(environment, variables::url(region))?)))
        .collect();
    if !urls.is_empty() {
        findings.look(
            "url",
            "each URL is of its region, https, and without a path",
            |found| {
                for (region, url) in &urls {
                    urls::look(*region, url, found);
                }
            },
        );
    }
    match Credentials::from_lookup(lookup) {
        Ok(credentials) => {
            let well = "there is a token to publish with";
            findings.look("credentials", well, |found| {
                for warning in credentials.warnings() {
                    found.warning("no_credentials_for_region", warning.to_string());
                }
            });
        }
        // A service that only receives needs none; a URL alone was meant to be
        // more.
        Err(error @ ConfigError::NoToken { .. }) if !urls.is_empty() => {
            findings.warning("no_token", error.to_string());
        }
        Err(_) => {}
    }
}

/// Whether `QSTASH_DEV` is on, as the core sees it.
pub(super) fn development_is_on(environment: &Environment) -> bool {
    let ring = testing::key_ring(|name| {
        let asked = name == variables::DEVELOPMENT;
        environment.get(name).filter(|_| asked).map(str::to_owned)
    });
    ring.is_ok()
}

fn look_for_development(environment: &Environment, found: &mut Findings) {
    let on = development_is_on(environment);
    if let Some(value) = set(environment, variables::DEVELOPMENT) {
        let text = if on {
            "QSTASH_DEV is on: deliveries are checked with PUBLIC keys and no others, and a \
             release build does not start; unset it outside of development"
                .to_owned()
        } else {
            format!(
                "QSTASH_DEV is {value:?}, which counts as off here, and may count as on in other \
                 SDKs: unset it, or set it to 1 on a developer's machine"
            )
        };
        found.warning("development", text);
    }
    if on {
        return;
    }
    // The server on a developer's machine has them and a URL of its own.
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    let local = Credentials::from_lookup(lookup).is_ok_and(|found| urls::is_local(found.url()));
    for (name, key) in keys(environment) {
        if is_public(key) {
            let text = format!(
                "{name} is a PUBLIC key of the development server: anyone can sign with it, and a \
                 release build does not start; outside of development copy the keys of the QStash \
                 console"
            );
            if local {
                found.warning("development", text);
            } else {
                found.error("development", text);
            }
        }
    }
}

/// Whether a key is one of the development server's, as the core sees it.
fn is_public(key: &str) -> bool {
    let pair = variables::signing_keys(None);
    let ring = testing::key_ring(|name| pair.contains(&name).then(|| key.to_owned()));
    ring.is_ok_and(|ring| ring.warnings().contains(&ConfigWarning::DevelopmentKeys))
}
