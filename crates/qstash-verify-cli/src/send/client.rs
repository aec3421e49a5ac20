//! The HTTP client of `send` and of `listen --forward`.

use http::Uri;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use crate::output::Failure;

pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Reads a URL that can be asked: absolute, and of HTTP.
pub(crate) fn parse_url(text: &str) -> Result<Uri, String> {
    let url: Uri = text
        .parse()
        .map_err(|error| format!("it is no URL with http:// or https:// in front: {error}"))?;
    match (url.scheme_str(), url.host()) {
        (Some("http" | "https"), Some(_)) => Ok(url),
        _ => Err("it is no URL with http:// or https:// in front".to_owned()),
    }
}

/// A client for this URL, of those that [`parse_url`] reads.
pub(crate) fn for_url(url: &Uri) -> Result<HttpClient, Failure> {
    let connector = if url.scheme_str() == Some("https") {
        HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(ring::default_provider())
            .map_err(|error| {
                Failure::new(format!(
                    "the certificates that this system trusts can't be read: {error}"
                ))
            })?
            .https_only()
    } else {
        // Reading the system's certificates takes longer than a delivery does.
        let config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(Failure::new)?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
    };
    let client = Client::builder(TokioExecutor::new())
        // A connection that is used again may be closed just then, and a
        // delivery that fails for this says nothing of the service.
        .pool_max_idle_per_host(0)
        .build(connector.enable_http1().build());
    Ok(client)
}

/// Why there is no answer. The error's own text tells only at which step of
/// the client's it came up.
pub(crate) fn no_answer(error: &legacy::Error) -> String {
    let words = in_words(std::error::Error::source(error).unwrap_or(error));
    if words.contains("writing a body") {
        format!(
            "{words} (the service closed the connection before the body was whole, perhaps for its length)"
        )
    } else {
        words
    }
}

/// An error with its causes, which hyper keeps in its sources.
pub(crate) fn in_words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = error.to_string();
    for cause in std::iter::successors(error.source(), |error| error.source()) {
        let cause = cause.to_string();
        if !words.ends_with(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}
