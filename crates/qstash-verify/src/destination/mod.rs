//! The URLs of an endpoint, which the claim `sub` is compared with.

mod query;

use crate::config::ConfigError;
use crate::text::without_secrets;

/// A configured URL of the endpoint.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    /// The whole URL as the publisher writes it.
    Url(String),
    /// The public URL in front of the request's path and query.
    ///
    /// `origin` is scheme and authority; `path` has no trailing `/`.
    Base { origin: String, path: String },
}

impl Destination {
    pub(crate) fn url(url: &str) -> Result<Self, ConfigError> {
        let url = url.trim();
        split(url).map_err(|reason| invalid(url, reason))?;
        Ok(Destination::Url(url.to_owned()))
    }

    pub(crate) fn base(url: &str) -> Result<Self, ConfigError> {
        let url = url.trim();
        let (origin, path) = split(url).map_err(|reason| invalid(url, reason))?;
        if path.contains(['?', '#']) {
            return Err(invalid(url, "has a query or a fragment"));
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        Ok(Destination::Base {
            origin: origin.to_owned(),
            path: path.to_owned(),
        })
    }

    fn includes(&self, sub: &str, path_and_query: &str, order: QueryOrder) -> bool {
        match self {
            Destination::Url(url) => url == sub,
            // `sub` is not parsed as a URL: if its authority is longer than that of
            // `origin`, `is_sent_as` refuses a `rest` without `/` or `?` in front.
            Destination::Base { origin, path } => {
                sub.split_at_checked(origin.len())
                    .is_some_and(|(sub_origin, rest)| {
                        sub_origin.eq_ignore_ascii_case(origin)
                            && is_sent_as(rest, path, path_and_query, order)
                    })
            }
        }
    }

    /// Returns the URL, joined with the request's path and query if it is a base.
    fn url_of(&self, path_and_query: &str) -> String {
        match self {
            Destination::Url(url) => url.clone(),
            Destination::Base { origin, path } => format!("{origin}{path}{path_and_query}"),
        }
    }
}

/// Whether the order of a query's parameters is compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum QueryOrder {
    /// The query is compared verbatim.
    #[default]
    Compared,
    /// The parameters are compared as a multiset.
    Ignored,
}

/// The URLs of an endpoint; empty if `sub` is not checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Destinations {
    urls: Vec<Destination>,
    query_order: QueryOrder,
}

impl Destinations {
    pub(crate) fn add(&mut self, destination: Destination) {
        self.urls.push(destination);
    }

    pub(crate) fn set_query_order(&mut self, order: QueryOrder) {
        self.query_order = order;
    }

    /// Returns whether a URL matches `sub`, or there is none to check.
    pub(crate) fn include(&self, sub: &str, path_and_query: &str) -> bool {
        let matches = |one: &Destination| one.includes(sub, path_and_query, self.query_order);
        self.urls.is_empty() || self.urls.iter().any(matches)
    }

    /// Returns the URLs that a publisher would use for this request.
    pub(crate) fn urls(&self, path_and_query: &str) -> Vec<String> {
        let urls = self.urls.iter().map(|one| one.url_of(path_and_query));
        urls.collect()
    }
}

/// Returns whether a client that requests `rest` sends `path` + `path_and_query`.
///
/// A client sends an empty path as `/`, and no fragment (RFC 9112 §3.2.1, RFC 9110
/// §7.1).
fn is_sent_as(rest: &str, path: &str, path_and_query: &str, order: QueryOrder) -> bool {
    let rest = rest.split_once('#').map_or(rest, |(sent, _fragment)| sent);
    if let QueryOrder::Ignored = order {
        let [(rest, signed), (target, received)] =
            [rest, path_and_query].map(|text| text.split_once('?').unwrap_or((text, "")));
        return is_sent_as(rest, path, target, QueryOrder::Compared)
            && query::has_same_parameters(signed, received);
    }
    let behind = match path {
        // glibc compares with the dangling pointer of an empty string by a masked load
        // of an unmapped page, which takes some 80 ns.
        "" => Some(rest),
        path => rest.strip_prefix(path),
    };
    match behind {
        Some(rest) if rest.starts_with('/') => rest == path_and_query,
        Some(rest) if rest.is_empty() || rest.starts_with('?') => {
            path_and_query.strip_prefix('/') == Some(rest)
        }
        _ => false,
    }
}

/// Splits an absolute HTTP URL after its authority.
fn split(url: &str) -> Result<(&str, &str), &'static str> {
    if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("holds white space");
    }
    let no_scheme = "does not begin with https:// or http://";
    let (scheme, behind) = url.split_once("://").ok_or(no_scheme)?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return Err(no_scheme);
    }
    let authority = behind.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err("has no host");
    }
    url.split_at_checked(scheme.len() + "://".len() + authority.len())
        .ok_or(no_scheme)
}

fn invalid(url: &str, reason: &'static str) -> ConfigError {
    ConfigError::InvalidUrl {
        url: without_secrets(url),
        reason,
    }
}

#[cfg(test)]
mod tests;
