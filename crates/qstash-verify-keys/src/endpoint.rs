//! The URL of the keys, and the token for it.

use std::fmt;
use std::net::IpAddr;

use http::header::HeaderValue;
use http::uri::{Authority, Scheme, Uri};
use qstash_verify::Region;
use qstash_verify::{CredentialSource, Credentials, variables};
use zeroize::Zeroizing;

use crate::error::StartError;

/// The URL and token for one pair of keys, and their names in errors.
pub(crate) struct Endpoint {
    pub(crate) region: Option<Region>,
    pub(crate) url: Uri,
    pub(crate) roll_url: Uri,
    /// `Bearer …`, marked as sensitive.
    pub(crate) authorization: HeaderValue,
    token_source: CredentialSource,
}

impl Endpoint {
    pub(crate) fn new(
        region: Option<Region>,
        credentials: &Credentials,
    ) -> Result<Self, StartError> {
        let invalid = |reason| StartError::InvalidUrl {
            source: named(credentials.url_source(), variables::url(region)),
            reason,
        };
        let url = keys_url(credentials.url()).map_err(invalid)?;
        let roll_url = format!("{url}/rotate").parse();
        let roll_url = roll_url.map_err(|_| invalid("is too long"))?;
        let bearer = Zeroizing::new(format!("Bearer {}", credentials.token()));
        let token = credentials.token().bytes();
        let authorization = HeaderValue::from_str(&bearer)
            .ok()
            .filter(|_| token.len() > 0 && token.clone().all(|byte| byte.is_ascii_graphic()));
        let Some(mut authorization) = authorization else {
            return Err(StartError::InvalidToken {
                source: named(credentials.token_source(), variables::token(region)),
            });
        };
        authorization.set_sensitive(true);
        Ok(Endpoint {
            region,
            url,
            roll_url,
            authorization,
            token_source: credentials.token_source(),
        })
    }

    /// Whether it hands out the same keys, as it does for a default pair that is a
    /// region's.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.url == other.url && self.authorization == other.authorization
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == Some(&Scheme::HTTPS)
    }

    /// Returns where the token comes from, for an error.
    pub(crate) fn token_name(&self) -> String {
        named(self.token_source, "code")
    }

    /// Returns the host and port of the URL, for errors and logs.
    pub(crate) fn host(&self) -> &str {
        self.url.authority().map_or("", Authority::as_str)
    }

    /// Returns the variable that holds the URL.
    pub(crate) fn url_variable(&self) -> &'static str {
        variables::url(self.region)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("host", &self.host())
            .finish_non_exhaustive()
    }
}

/// The regions of pairs that one request fetches; `None` is the default pair, which may
/// be that of a region.
pub(crate) type Pairs = Vec<Option<Region>>;

/// The name of a pair: that of its region, or `default`.
pub(crate) fn pair_name(region: Option<Region>) -> &'static str {
    region.map_or("default", Region::as_str)
}

fn named(source: CredentialSource, unset: &str) -> String {
    match source {
        CredentialSource::Variable(name) => name.to_owned(),
        CredentialSource::Explicit => "code".to_owned(),
        _ => unset.to_owned(),
    }
}

/// `{url}/v2/keys`, if the URL may be spoken to.
fn keys_url(url: &str) -> Result<Uri, &'static str> {
    let absolute = "is not an absolute URL with https://";
    // A query would swallow the path that is added.
    if url.contains(['?', '#']) {
        return Err("has a query or a fragment");
    }
    let keys: Uri = format!("{}/v2/keys", url.trim_end_matches('/'))
        .parse()
        .map_err(|_| absolute)?;
    let authority = keys.authority().ok_or(absolute)?;
    if authority.as_str().contains('@') {
        return Err("has a user or a password in it");
    }
    match keys.scheme_str() {
        _ if authority.host().is_empty() => Err(absolute),
        Some("https") => Ok(keys),
        Some("http") if is_loopback(authority) => Ok(keys),
        Some("http") => Err("has http://, which sends the token unencrypted"),
        _ => Err(absolute),
    }
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    let address: Result<IpAddr, _> = host.parse();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_loopback_urls_are_accepted() {
        for (url, expected) in [
            (
                "https://qstash.upstash.io",
                Ok("https://qstash.upstash.io/v2/keys"),
            ),
            (
                "https://proxy.example:8443/qstash//",
                Ok("https://proxy.example:8443/qstash/v2/keys"),
            ),
            ("http://localhost:8080", Ok("http://localhost:8080/v2/keys")),
            ("http://LOCALHOST", Ok("http://LOCALHOST/v2/keys")),
            ("http://127.3.0.1:1", Ok("http://127.3.0.1:1/v2/keys")),
            ("http://[::1]:1", Ok("http://[::1]:1/v2/keys")),
            ("http://qstash.upstash.io", Err("unencrypted")),
            ("http://localhost.example", Err("unencrypted")),
            ("http://127.0.0.1.example", Err("unencrypted")),
            ("http://0.0.0.0", Err("unencrypted")),
            ("http://[::2]", Err("unencrypted")),
            ("http://localhost@evil.example", Err("a user")),
            ("https://user:password@qstash.upstash.io", Err("a user")),
            ("https://qstash.upstash.io?x=y", Err("a query")),
            ("https://qstash.upstash.io#x", Err("a query")),
            ("qstash.upstash.io", Err("absolute")),
            ("ftp://localhost", Err("absolute")),
            ("https://", Err("absolute")),
            ("https://a b", Err("absolute")),
            ("", Err("absolute")),
        ] {
            match (keys_url(url), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{url}: {found}"),
                (found, expected) => panic!("{url}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn token_is_checked_and_never_printed() {
        for (token, valid) in [
            ("eyJVc2VySUQiOiJ4In0=", true),
            ("", false),
            ("a b", false),
            ("a\nb", false),
            ("secr\u{e9}t", false),
        ] {
            let credentials = Credentials::new("https://qstash.upstash.io", token);
            match Endpoint::new(None, &credentials) {
                Ok(endpoint) => {
                    assert!(valid, "{token}");
                    let printed = format!("{endpoint:?} {:?}", endpoint.authorization);
                    assert!(!printed.contains(token), "{printed}");
                }
                Err(error) => {
                    assert!(!valid, "{token}");
                    let source = "code".to_owned();
                    assert_eq!(error, StartError::InvalidToken { source });
                }
            }
        }
    }

    #[test]
    fn scheme_decides_whether_certificates_are_needed() {
        for (url, is_https) in [
            ("https://qstash.upstash.io", true),
            ("http://localhost:8080", false),
        ] {
            let endpoint = Endpoint::new(None, &Credentials::new(url, "token")).unwrap();
            assert_eq!(endpoint.is_https(), is_https, "{url}");
        }
    }
}
