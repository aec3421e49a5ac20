//! The API that hands out the keys.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use qstash_verify::{Credentials, Region};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use crate::answer::FetchedKeys;
use crate::endpoint::Endpoint;
use crate::error::{FetchError, StartError};

/// Time for a request and its whole response.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum length of a response, in bytes.
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

/// The API of QStash for one pair of signing keys: fetches the pair, or rolls it.
///
/// It speaks HTTPS, except to a loopback address, follows no redirect, and reads at most
/// 16 KiB of a response. It needs a tokio runtime with time and network.
///
/// ```no_run
/// # async fn fetch() -> Result<(), Box<dyn std::error::Error>> {
/// use qstash_verify::Credentials;
/// use qstash_verify_keys::KeyApi;
///
/// for (region, credentials) in Credentials::for_signing_keys(|name| std::env::var(name).ok())? {
///     let keys = KeyApi::new(region, &credentials)?.fetch().await?;
///     println!("{region:?}: {} characters", keys.current().len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct KeyApi {
    endpoint: Endpoint,
    client: HttpClient,
    timeout: Duration,
}

impl Fetch for KeyApi {
    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        self.fetch().await
    }
}

impl KeyApi {
    /// Creates a client for the pair of `region`, or for the default pair if `None`.
    ///
    /// # Errors
    /// [`StartError::InvalidUrl`], [`InvalidToken`](StartError::InvalidToken) or
    /// [`Certificates`](StartError::Certificates).
    pub fn new(region: Option<Region>, credentials: &Credentials) -> Result<Self, StartError> {
        let endpoint = Endpoint::new(region, credentials)?;
        let client = HttpClient::new(endpoint.is_https())?;
        Ok(KeyApi::with_client(endpoint, client))
    }

    pub(crate) fn with_client(endpoint: Endpoint, client: HttpClient) -> Self {
        KeyApi {
            endpoint,
            client,
            timeout: TIMEOUT,
        }
    }

    /// Sets the time for a request and its whole response; 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns the host, and the port if the URL has one.
    #[must_use]
    pub fn host(&self) -> &str {
        self.endpoint.host()
    }

    /// Fetches the keys.
    ///
    /// # Errors
    /// [`FetchError`] if there is no response in time, or none with two secret keys.
    pub async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        self.within_timeout(Method::GET, &self.endpoint.url).await
    }

    /// Rolls the keys, and returns the new pair.
    ///
    /// The next key becomes current, and QStash makes a new next key.
    ///
    /// # Errors
    /// [`FetchError`] as for [`fetch`](Self::fetch). Its text says if the keys may have
    /// been rolled nevertheless.
    pub async fn roll(&self) -> Result<FetchedKeys, FetchError> {
        let rolled = self.within_timeout(Method::POST, &self.endpoint.roll_url);
        rolled.await.map_err(|mut error| {
            if !error.is_refusal {
                error.text +=
                    "; the keys may have been rolled nevertheless: fetch them before another roll";
            }
            error
        })
    }

    async fn within_timeout(&self, method: Method, url: &Uri) -> Result<FetchedKeys, FetchError> {
        match tokio::time::timeout(self.timeout, self.request(method, url)).await {
            Ok(result) => result,
            Err(_) => Err(FetchError::new(format!(
                "no response from {} within {} s: check that this host may reach it",
                self.host(),
                self.timeout.as_secs_f64()
            ))),
        }
    }

    async fn request(&self, method: Method, url: &Uri) -> Result<FetchedKeys, FetchError> {
        let host = self.host();
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, &self.endpoint.authorization)
            .body(Empty::new())
            .map_err(|error| {
                FetchError::refusal(format!("no request to {host} can be made: {error}"))
            })?;
        // The client follows no redirects.
        let answer = self.client.0.request(request).await.map_err(|error| {
            let causes = causes(error.source().unwrap_or(&error));
            FetchError {
                text: format!(
                    "no response from {host}: {causes}; check that this host may reach it"
                ),
                is_refusal: error.is_connect(),
            }
        })?;
        if answer.status() != StatusCode::OK {
            return Err(self.refused(answer.status()));
        }
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
        let body = body.map_err(|error| {
            FetchError::new(format!(
                "the response from {host} can't be read: {}; check that {} is the URL of QStash",
                causes(&*error),
                self.endpoint.url_variable()
            ))
        })?;
        let body = Zeroizing::new(Vec::from(body.to_bytes()));
        FetchedKeys::from_json(&body).map_err(|reason| {
            FetchError::new(format!(
                "{reason}: {host}; check that {} is the URL of QStash",
                self.endpoint.url_variable()
            ))
        })
    }

    fn refused(&self, status: StatusCode) -> FetchError {
        let (host, code) = (self.endpoint.host(), status.as_u16());
        let url_variable = self.endpoint.url_variable();
        let text = match status {
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
                "{code} from {host}: a redirect is not followed, since it would forward the \
                 token; set {url_variable} to the URL of QStash"
            ),
            _ if status.is_server_error() => {
                format!("{code} from {host}: QStash failed; try again later")
            }
            _ => format!("{code} from {host}: check that {url_variable} is the URL of QStash"),
        };
        FetchError {
            text,
            is_refusal: status.is_redirection()
                || (status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT),
        }
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
