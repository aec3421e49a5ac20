//! Causes of a URL mismatch.

use http::Uri;
use qstash_verify::{KeyRing, VerifyError};

use super::attempt::{Attempt, Endpoint};
use super::explain::Explanation;
use crate::output::{Line, Short};

/// A change to the URLs of the endpoint, with its description.
type Candidate = (String, Endpoint);

impl Explanation<'_> {
    /// Describes a URL mismatch, with the change that makes one URL match if it is a
    /// common one.
    pub(super) fn other_url(&self, ring: &KeyRing, expected: &[String]) -> String {
        let endpoint = &self.attempt.endpoint;
        let sub = self.claim("sub").unwrap_or_default();
        let expected: Vec<_> = expected.iter().map(|url| url.trim()).collect();
        let given = match (endpoint.urls.as_slice(), endpoint.base_urls.as_slice()) {
            ([url], []) => format!("--url is {}", Line(url)),
            _ => {
                let shown: Vec<_> = expected.iter().map(|url| Short(url).to_string()).collect();
                format!("this endpoint is {}", shown.join(" or "))
            }
        };
        let mut candidates = Vec::new();
        for url in &endpoint.urls {
            candidates.extend(variants_of_url(url.trim()));
        }
        for base in &endpoint.base_urls {
            candidates.extend(variants_of_base(base.trim(), endpoint.path.as_deref()));
        }
        let found = candidates.into_iter().find(|(_, endpoint)| {
            let attempt = Attempt {
                endpoint: endpoint.clone(),
                ..self.attempt.clone()
            };
            // An invalid variant is no match.
            let verdict = attempt.authenticate(ring, Some(self.signature));
            !matches!(verdict, Err(_) | Ok(Err(VerifyError::UrlMismatch { .. })))
        });
        let why = match found {
            Some((what, _)) => format!("{what}, it matches"),
            None => differing(&sub, expected.first().copied().unwrap_or_default()),
        };
        format!("signed for {}, and {given}; {why}", Short(&sub))
    }
}

fn variants_of_url(url: &str) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let fixed = |url: String| Endpoint {
        urls: vec![url],
        ..Endpoint::default()
    };
    if let Some((origin, path)) = split(url) {
        let what = format!(
            "with --base-url {} --path {}, as a service with `base_url` compares",
            Line(origin),
            Line(&path)
        );
        candidates.push((what, based(origin, path)));
    }
    for (what, path) in variants_of_path(url) {
        candidates.push((what.to_owned(), fixed(path)));
    }
    if let Some(url) = other_scheme(url) {
        candidates.push(("with the other scheme".to_owned(), fixed(url)));
    }
    candidates
}

fn variants_of_base(base: &str, path: Option<&str>) -> Vec<Candidate> {
    let path = path.unwrap_or("/");
    let mut candidates = Vec::new();
    for (what, path) in variants_of_path(path) {
        candidates.push((what.to_owned(), based(base, path)));
    }
    if let Some(base) = other_scheme(base) {
        let endpoint = based(&base, path.to_owned());
        candidates.push(("with the other scheme".to_owned(), endpoint));
    }
    if let Some((origin, _)) = split(base) {
        let endpoint = based(origin, path.to_owned());
        let what = "without the path of --base-url".to_owned();
        candidates.push((what, endpoint));
    }
    candidates
}

fn based(base: &str, path: String) -> Endpoint {
    Endpoint {
        base_urls: vec![base.to_owned()],
        path: Some(path),
        ..Endpoint::default()
    }
}

/// Returns variants of a URL or a path, with changes to path and query.
fn variants_of_path(url: &str) -> Vec<(&'static str, String)> {
    let (path, query) = match url.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (url, String::new()),
    };
    let mut variants = vec![
        ("with a trailing `/`", format!("{path}/{query}")),
        ("without its query", path.to_owned()),
    ];
    if let Some(path) = path.strip_suffix('/') {
        variants.push(("without the trailing `/`", format!("{path}{query}")));
    }
    variants
}

fn other_scheme(url: &str) -> Option<String> {
    Some(match url.split_once("://")? {
        ("https", rest) => format!("http://{rest}"),
        (_, rest) => format!("https://{rest}"),
    })
}

/// Splits a URL into its origin, and the path and query as a client sends them.
fn split(url: &str) -> Option<(&str, String)> {
    let authority = url.find("://")? + "://".len();
    let length = url.get(authority..)?.find(['/', '?', '#']);
    let (origin, rest) = match length {
        Some(length) => url.split_at_checked(authority + length)?,
        None => (url, ""),
    };
    let sent = rest.split('#').next().unwrap_or_default();
    Some(match sent.starts_with('/') {
        true => (origin, sent.to_owned()),
        false => (origin, format!("/{sent}")),
    })
}

/// Names the parts in which a URL differs from the signed one.
fn differing(sub: &str, url: &str) -> String {
    let parts = |url: &str| {
        let uri: Uri = url.parse().ok()?;
        let authority = uri.authority()?.to_string();
        let scheme = uri.scheme_str()?.to_owned();
        let query = uri.query().unwrap_or_default().to_owned();
        Some([scheme, authority, uri.path().to_owned(), query])
    };
    let differing = match (parts(sub), parts(url)) {
        (Some(signed), Some(given)) => ["scheme", "host or port", "path", "query"]
            .into_iter()
            .zip(signed.into_iter().zip(given))
            .filter(|(_, (signed, given))| signed != given)
            .map(|(name, _)| name)
            .collect(),
        _ => Vec::new(),
    };
    match differing.as_slice() {
        [] => "they differ in some characters".to_owned(),
        names => format!("they differ in {}", names.join(", ")),
    }
}
