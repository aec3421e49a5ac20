//! The URLs to publish at, and the tokens.

use http::Uri;
use qstash_verify::{ConfigError, Credentials, Region, variables};

use super::findings::Findings;
use super::keys::placeholder;
use crate::environment::Environment;
use crate::keys::all_pairs;
use crate::output::{Line, Masked};

pub(super) fn look(environment: &Environment, findings: &mut Findings) {
    let urls: Vec<_> = all_pairs()
        .filter_map(|region| Some((region, environment.set(variables::url(region))?)))
        .collect();
    if !urls.is_empty() {
        findings.look(
            "url",
            "each URL is of its region, https, and without a path",
            |found| {
                for (region, url) in &urls {
                    look_at_url(*region, url, found);
                }
            },
        );
    }
    let tokens = all_pairs().map(variables::token);
    let tokens: Vec<_> = tokens
        .filter_map(|name| Some((name, environment.set(name)?)))
        .collect();
    if !tokens.is_empty() {
        findings.look(
            "token",
            "no token is a signing key or a placeholder",
            |found| {
                for (name, token) in &tokens {
                    look_at_token(name, token, found);
                }
            },
        );
    }
    match Credentials::from_lookup(environment.lookup()) {
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

fn look_at_token(name: &str, token: &str, found: &mut Findings) {
    const FROM: &str = "copy the token from the QStash console";
    // Quotes have a finding of their own.
    let token = token.trim().trim_matches(['"', '\'']);
    if token.starts_with("sig_") {
        let text = format!("{name} holds a signing key in place of a token: {FROM}");
        found.error("token", text);
    } else if let Some(why) = placeholder(token) {
        found.error("token", format!("{name} {why}: {FROM}"));
    }
}

fn look_at_url(region: Option<Region>, url: &str, found: &mut Findings) {
    let name = variables::url(region);
    // Quotes have a finding of their own.
    let url = url.trim().trim_matches(['"', '\'']);
    let Some((uri, host)) = parse(url) else {
        found.error(
            "url",
            format!("{name} is no URL with https:// and a host: copy it from the QStash console"),
        );
        return;
    };
    if uri.scheme_str() == Some("http") && !is_local(url) {
        found.error(
            "insecure_url",
            format!(
                "{name} begins with http://, which sends the token unencrypted: write https://"
            ),
        );
    }
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        let text = format!("{name} has a user or a password in it: the token is what counts");
        found.warning("url", text);
    }
    if uri.path() != "/" || uri.query().is_some() {
        found.warning(
            "url_path",
            format!(
                "{name} has a path or a query, and SDKs add /v2/… to it: end it after the \
                 host"
            ),
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
                "{name} is the URL of {owner}, which does not know the token of {region}: set it to \
                 {}",
                region.urls().first().unwrap_or(&"")
            ),
        );
    }
}

/// Whether it is of a server on the same machine, or among containers.
pub(super) fn is_local(url: &str) -> bool {
    const LOCAL: [&str; 3] = ["127.0.0.1", "[::1]", "host.docker.internal"];
    parse(url).is_some_and(|(_, host)| LOCAL.contains(&&*host) || !host.contains(['.', ':']))
}

/// A URL as it is; what is none, or has a password in it, as a secret.
pub(super) fn shown(url: &str) -> String {
    match parse(url) {
        Some((uri, _)) if !uri.authority().is_some_and(|it| it.as_str().contains('@')) => {
            Line(url).to_string()
        }
        _ => Masked(url).to_string(),
    }
}

/// A URL of HTTP, and its host in lower case.
fn parse(url: &str) -> Option<(Uri, String)> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?.to_ascii_lowercase();
    matches!(uri.scheme_str(), Some("https" | "http")).then_some((uri, host))
}
