//! The URL of an endpoint, to be compared with `sub`.

use crate::config::ConfigError;
use crate::text::without_secrets;

/// What the user said of the endpoint's URL.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    /// The whole URL as it is published to.
    Url(String),
    /// The public URL in front of the request's own path and query: the origin
    /// (scheme and authority), and the path without a `/` at its end.
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
            return Err(invalid(
                url,
                "has a query or a fragment: a base URL ends with its path",
            ));
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        Ok(Destination::Base {
            origin: origin.to_owned(),
            path: path.to_owned(),
        })
    }

    fn includes(&self, sub: &str, path_and_query: &str) -> bool {
        match self {
            Destination::Url(url) => url == sub,
            // What is sent begins with `/`, `?` or nothing: `origin` is all of
            // the URL's own, or `rest` begins otherwise. What QStash lets stand in
            // a URL, such as a blank in a fragment, is not judged here.
            Destination::Base { origin, path } => {
                sub.split_at_checked(origin.len())
                    .is_some_and(|(sub_origin, rest)| {
                        sub_origin.eq_ignore_ascii_case(origin)
                            && is_sent_as(rest, path, path_and_query)
                    })
            }
        }
    }

    /// The URL, joined with the request's path and query if it is a base.
    fn url_of(&self, path_and_query: &str) -> String {
        match self {
            Destination::Url(url) => url.clone(),
            Destination::Base { origin, path } => format!("{origin}{path}{path_and_query}"),
        }
    }
}

/// The URLs of an endpoint; none if they are not checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Destinations(Vec<Destination>);

impl Destinations {
    pub(crate) fn add(&mut self, destination: Destination) {
        self.0.push(destination);
    }

    /// Whether any of them is `sub`, or none is to be checked.
    pub(crate) fn include(&self, sub: &str, path_and_query: &str) -> bool {
        let matches = |one: &Destination| one.includes(sub, path_and_query);
        self.0.is_empty() || self.0.iter().any(matches)
    }

    /// The URLs as they would be published to for this request.
    pub(crate) fn urls(&self, path_and_query: &str) -> Vec<String> {
        let urls = self.0.iter().map(|one| one.url_of(path_and_query));
        urls.collect()
    }
}

/// Whether a URL with `rest` behind its origin, asked for by a client, arrives
/// as `path_and_query` behind the base's `path`. What happens to a URL on its
/// way is undone: an empty path is sent as `/`, the fragment is not sent at all
/// (RFC 9112 §3.2.1, RFC 9110 §7.1).
fn is_sent_as(rest: &str, path: &str, path_and_query: &str) -> bool {
    let rest = rest.split_once('#').map_or(rest, |(sent, _fragment)| sent);
    match rest.strip_prefix(path) {
        Some(rest) if rest.starts_with('/') => rest == path_and_query,
        Some(rest) if rest.is_empty() || rest.starts_with('?') => {
            path_and_query.strip_prefix('/') == Some(rest)
        }
        _ => false,
    }
}

/// Splits an absolute URL of HTTP behind its authority.
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
mod tests {
    use super::*;

    #[test]
    fn a_fixed_url_is_compared_as_it_stands() {
        let destination = Destination::url(" https://example.com/hook?a=b ").unwrap();
        assert!(destination.includes("https://example.com/hook?a=b", "/elsewhere"));
        for other in [
            "https://example.com/hook",
            "https://example.com/hook?a=b#",
            "https://Example.com/hook?a=b",
        ] {
            assert!(!destination.includes(other, "/hook?a=b"), "{other}");
        }
    }

    #[test]
    fn a_base_is_joined_with_the_request() {
        for (base, target, sub, same) in [
            (
                "https://example.com",
                "/hook?a=b",
                "https://example.com/hook?a=b",
                true,
            ),
            (
                "https://example.com/",
                "/hook",
                "https://example.com/hook",
                true,
            ),
            (
                "https://example.com",
                "/hook",
                "HTTPS://Example.COM/hook",
                true,
            ),
            (
                "https://example.com",
                "/hook",
                "https://example.com/hook#top",
                true,
            ),
            (
                "https://example.com",
                "/hook",
                "https://example.com/hook#to the\ttop",
                true,
            ),
            (
                "https://example.com",
                "/hook",
                "https://example.com/hook ",
                false,
            ),
            (
                "https://example.com",
                "/hook",
                " https://example.com/hook",
                false,
            ),
            ("https://example.com", "/", "https://example.com", true),
            ("https://example.com", "/", "https://example.com/", true),
            ("https://example.com", "/?a", "https://example.com?a", true),
            (
                "https://example.com:8443",
                "/hook",
                "https://example.com:8443/hook",
                true,
            ),
            (
                "https://example.com/api/",
                "/hook",
                "https://example.com/api/hook",
                true,
            ),
            (
                "https://example.com/api",
                "/",
                "https://example.com/api/",
                true,
            ),
            (
                "https://example.com/api",
                "/",
                "https://example.com/api",
                true,
            ),
            (
                "https://example.com/api",
                "/?a",
                "https://example.com/api?a",
                true,
            ),
            (
                "https://example.com/api",
                "/s",
                "https://example.com/apis",
                false,
            ),
            ("https://example.com/api", "/", "https://example.com", false),
            (
                "https://example.com/api",
                "/hook",
                "https://example.com/apihook",
                false,
            ),
            (
                "https://example.com/api",
                "/hook",
                "https://example.com/hook",
                false,
            ),
            (
                "https://example.com",
                "/hook",
                "http://example.com/hook",
                false,
            ),
            (
                "https://example.com",
                "/hook",
                "https://example.com/hook/",
                false,
            ),
            (
                "https://example.com",
                "/hook",
                "https://example.com/Hook",
                false,
            ),
            (
                "https://example.com",
                "/hook",
                "https://example.com/hook?a",
                false,
            ),
            (
                "https://example.com",
                "/hook?a",
                "https://example.com/hook",
                false,
            ),
            (
                "https://example.com",
                "/hook",
                "https://example.com.evil/hook",
                false,
            ),
            (
                "https://example.com",
                "/hook",
                "https://example.com@evil/hook",
                false,
            ),
            ("https://example.com", "/hook", "/hook", false),
            ("https://example.com", "", "https://example.com/hook", false),
        ] {
            let destination = Destination::base(base).unwrap();
            assert_eq!(
                destination.includes(sub, target),
                same,
                "{base} {target} {sub}"
            );
        }
    }

    #[test]
    fn any_of_several_urls_may_match() {
        let mut destinations = Destinations::default();
        assert!(destinations.include("https://anywhere.example/", "/hook"));
        destinations.add(Destination::base("https://example.com/api").unwrap());
        destinations.add(Destination::url("https://other.example/x").unwrap());
        for (sub, included) in [
            ("https://example.com/api/hook", true),
            ("https://other.example/x", true),
            ("https://other.example/hook", false),
        ] {
            assert_eq!(destinations.include(sub, "/hook"), included, "{sub}");
        }
        assert_eq!(
            destinations.urls("/hook"),
            ["https://example.com/api/hook", "https://other.example/x"]
        );
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in [
            "",
            "example.com",
            "/hook",
            "ftp://example.com",
            "https://",
            "https:///x",
            "https://a b/",
        ] {
            assert!(Destination::url(url).is_err(), "{url}");
            assert!(Destination::base(url).is_err(), "{url}");
        }
        for url in ["https://example.com/?a=b", "https://example.com/#top"] {
            assert!(Destination::base(url).is_err(), "{url}");
        }
    }
}
