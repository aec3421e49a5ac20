//! The API that hands out the keys.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use crate::answer::FetchedKeys;
use crate::endpoint::Endpoint;
use crate::error::{FetchError, StartError};

/// Time for a request and its whole answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum length of an answer, in bytes.
const MAX_ANSWER: usize = 16 * 1024;

/// Fetches a pair of keys; the tests of the schedule have another.
pub(crate) trait Fetch: Send + Sync + 'static {
    fn fetch(&self) -> impl Future<Output = Result<FetchedKeys, FetchError>> + Send;
}

#[derive(Clone, Debug)]
pub(crate) struct HttpClient(Client<HttpsConnector<HttpConnector>, Empty<Bytes>>);

impl HttpClient {
    /// `https`: whether a URL needs the certificates that the system trusts.
    pub(crate) fn new(https: bool) -> Result<Self, StartError> {
        let failed = |error: &dyn Error| StartError::Certificates {
            reason: error.to_string(),
        };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?;
        let config = if https {
            config.with_native_roots().map_err(|error| failed(&error))?
        } else {
            config.with_root_certificates(RootCertStore::empty())
        };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config.with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            // The next request is minutes away.
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(HttpClient(client))
    }
}

/// The API at one endpoint.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) endpoint: Endpoint,
    pub(crate) client: HttpClient,
}

impl Fetch for Api {
    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        match tokio::time::timeout(TIMEOUT, self.request()).await {
            Ok(result) => result,
            Err(_) => Err(FetchError(format!(
                "no answer from {} within {} s: check that this host may reach it",
                self.endpoint.host(),
                TIMEOUT.as_secs()
            ))),
        }
    }
}

impl Api {
    async fn request(&self) -> Result<FetchedKeys, FetchError> {
        let host = self.endpoint.host();
        let request = Request::get(&self.endpoint.url)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, &self.endpoint.authorization)
            .body(Empty::new())
            .map_err(|error| FetchError(format!("no request to {host} can be made: {error}")))?;
        // The client follows no redirects.
        let answer = self.client.0.request(request).await.map_err(|error| {
            let causes = causes(error.source().unwrap_or(&error));
            FetchError(format!(
                "no answer from {host}: {causes}; check that this host may reach it"
            ))
        })?;
        if answer.status() != StatusCode::OK {
            return Err(self.refused(answer.status()));
        }
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
        let body = body.map_err(|error| {
            FetchError(format!(
                "the answer from {host} can't be read: {}; check that {} is the URL of QStash",
                causes(&*error),
                self.endpoint.url_variable()
            ))
        })?;
        let body = Zeroizing::new(Vec::from(body.to_bytes()));
        FetchedKeys::from_json(&body).map_err(|reason| {
            FetchError(format!(
                "{reason}: {host}; check that {} is the URL of QStash",
                self.endpoint.url_variable()
            ))
        })
    }

    fn refused(&self, status: StatusCode) -> FetchError {
        let (host, code) = (self.endpoint.host(), status.as_u16());
        let url_variable = self.endpoint.url_variable();
        FetchError(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let of = match self.endpoint.region {
                    Some(_) => "for this region",
                    None => "there",
                };
                format!(
                    "{code} from {host}: the token in {} is not valid {of}; copy it from the \
                     QStash console",
                    self.endpoint.token_name()
                )
            }
            StatusCode::TOO_MANY_REQUESTS => {
                format!("{code} from {host}: too many requests with this token; ask less often")
            }
            _ if status.is_redirection() => format!(
                "{code} from {host}: a redirect is not followed, since it would take the token \
                 along; set {url_variable} to the URL of QStash"
            ),
            _ if status.is_server_error() => {
                format!("{code} from {host}: QStash has a problem; wait until it has none")
            }
            _ => format!("{code} from {host}: check that {url_variable} is the URL of QStash"),
        })
    }
}

/// Describes an error and its causes, which hyper keeps in its sources.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !words.ends_with(&text) {
            words = format!("{words}: {text}");
        }
        source = cause.source();
    }
    words
}
