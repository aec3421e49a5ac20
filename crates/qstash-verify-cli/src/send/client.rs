//! The HTTP client of `send` and of `listen --forward`.

use http::Uri;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use qstash_verify::VerifyError;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use super::connector::DeferringConnector;
use crate::output::Failure;

pub(crate) type HttpClient = Client<HttpsConnector<DeferringConnector>, Full<Bytes>>;

/// Returns a client for a URL of HTTP or HTTPS.
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
        // Loading the system's certificates takes longer than a delivery.
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
        // A reused connection may be closed by the peer at that moment.
        .pool_max_idle_per_host(0)
        .build(
            connector
                .enable_http1()
                .wrap_connector(DeferringConnector::new()),
        );
    Ok(client)
}

/// Describes why there is no response.
///
/// The error's own text names only the client's step.
pub(crate) fn no_answer(error: &legacy::Error) -> String {
    error_chain(std::error::Error::source(error).unwrap_or(error))
}

/// Describes an error and its sources, as the core does for unreadable bodies.
pub(crate) fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    match VerifyError::body_unreadable(error) {
        VerifyError::BodyUnreadable { reason, .. } => reason,
        other => other.to_string(),
    }
}
