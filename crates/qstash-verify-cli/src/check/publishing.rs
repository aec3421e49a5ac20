//! Checks of the URLs and tokens for publishing.

use http::Uri;
use qstash_verify::{ConfigError, ConfigWarning, Credentials, Region, ValueProblem, variables};

use super::finding::Findings;
use super::keys::check_value;
use crate::environment::Environment;
use crate::keys::all_pairs;
use crate::output::{Line, Masked};
use crate::url;

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    let urls: Vec<_> = all_pairs()
        .filter_map(|region| Some((region, environment.set(variables::url(region))?)))
        .collect();
    if !urls.is_empty() {
        findings.check(
            "url",
            "each URL is https or local, has no path and belongs to its region",
            |found| {
                for (region, url) in &urls {
                    check_url(*region, url, found);
                }
            },
        );
    }
    let tokens = all_pairs().map(variables::token);
    let tokens: Vec<_> = tokens
        .filter_map(|name| Some((name, environment.set(name)?)))
        .collect();
    if !tokens.is_empty() {
        findings.check(
            "token",
            "no token is a signing key or a placeholder",
            |found| {
                for (name, token) in tokens {
                    check_value(name, ValueProblem::of_token(token), found);
                }
            },
        );
    }
    match Credentials::from_lookup(environment.lookup()) {
        Ok(credentials) => {
            let passed = "a token for publishing is set";
            findings.check("credentials", passed, |found| {
                for warning in credentials.warnings() {
                    // `token` reports unlikely tokens.
                    if !matches!(warning, ConfigWarning::UnlikelyValue { .. }) {
                        found.warning(warning.code(), warning.to_string());
                    }
                }
            });
        }
        // A service that only receives has neither token nor URL.
        Err(error @ ConfigError::NoToken { .. }) if !urls.is_empty() => {
            findings.warning(error.code(), error.to_string());
        }
        Err(error @ ConfigError::NotUnicode { .. }) => {
            findings.error(error.code(), error.to_string());
        }
        Err(_) => {}
    }
}

fn check_url(region: Option<Region>, url: &str, found: &mut Findings) {
    let name = variables::url(region);
    // `values` reports quotes.
    let url = url.trim().trim_matches(['"', '\'']);
    let Some((uri, host)) = parse(url) else {
        found.error(
            "url",
            format!("{name} is not an https URL with a host: copy it from the QStash console"),
        );
        return;
    };
    if uri.scheme_str() == Some("http") && !is_local(url) {
        found.error(
            "insecure_url",
            format!("{name} has http://, which sends the token unencrypted: change it to https://"),
        );
    }
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        let text = format!(
            "{name} has a user name or a password in it: remove them, since QStash only takes the \
             token"
        );
        found.warning("url", text);
    }
    if uri.path() != "/" || uri.query().is_some() {
        found.warning(
            "url_path",
            format!("{name} has a path or a query: remove them, since SDKs append /v2/…"),
        );
    }
    let owner = Region::ALL.iter().find(|region| {
        let mut hosts = region.urls().iter().filter_map(|url| parse(url));
        hosts.any(|(_, known)| known == host)
    });
    if let (Some(region), Some(owner)) = (region, owner)
        && region != *owner
    {
        found.error(
            "wrong_region",
            format!(
                "{name} is the URL of {owner}, which rejects the token of {region}: set it to {}",
                region.urls().first().unwrap_or(&"")
            ),
        );
    }
}

/// Returns whether a URL names a server on this machine or in a container.
pub(super) fn is_local(url: &str) -> bool {
    parse(url).is_some_and(|(_, host)| url::is_local(&host))
}

/// Returns a URL for display, without a path or query, which may hold a secret.
///
/// It is masked if it is invalid, has a password, or a signing key as its host.
pub(super) fn shown(url: &str) -> String {
    let parsed = parse(url).filter(|(_, host)| !host.contains("sig_"));
    let origin = parsed.and_then(|(uri, _)| {
        let authority = uri.authority()?.as_str();
        let has_rest = uri.path() != "/" || uri.query().is_some();
        let rest = if has_rest { "/…" } else { "" };
        (!authority.contains('@'))
            .then(|| format!("{}://{authority}{rest}", uri.scheme_str().unwrap_or("")))
    });
    match origin {
        Some(origin) => Line(&origin).to_string(),
        None => Masked(url).to_string(),
    }
}

/// Parses an HTTP or HTTPS URL. Also returns its host in lower case.
fn parse(url: &str) -> Option<(Uri, String)> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?.to_ascii_lowercase();
    matches!(uri.scheme_str(), Some("https" | "http")).then_some((uri, host))
}
