//! Forwarding of genuine deliveries and of their responses.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONNECTION, CONTENT_TYPE, EXPECT, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Bytes;

use crate::output::Failure;
use crate::send::{HttpClient, for_url, no_answer};
use crate::url::Target;

pub(crate) struct Forward {
    base: Uri,
    client: HttpClient,
}

/// The error of forwarding, for the journal.
#[derive(Clone)]
pub(crate) struct ForwardFailed(pub(crate) String);

impl Forward {
    pub(crate) fn new(target: &Target) -> Result<Self, Failure> {
        let base = target.uri.clone();
        if base.query().is_some() {
            return Err(Failure::new(format!(
                "the URL has a query: --forward {base}; leave the query out, since the path of each \
                 request is appended"
            )));
        }
        let client = for_url(&base)?;
        Ok(Forward { base, client })
    }

    pub(crate) async fn forward(&self, parts: Parts, body: Bytes) -> Response {
        match self.send(parts, body).await {
            Ok(response) => response,
            Err(reason) => {
                let mut response = (
                    StatusCode::BAD_GATEWAY,
                    [(CONTENT_TYPE, "application/json")],
                    r#"{"error":"forward_failed"}"#,
                )
                    .into_response();
                response.extensions_mut().insert(ForwardFailed(reason));
                response
            }
        }
    }

    async fn send(&self, parts: Parts, body: Bytes) -> Result<Response, String> {
        let mut request = Request::new(Full::from(body));
        *request.uri_mut() = self.uri(&parts.uri).map_err(|error| error.to_string())?;
        *request.method_mut() = parts.method;
        *request.headers_mut() = parts.headers;
        remove_hop_by_hop(request.headers_mut());
        // The client sets its own.
        request.headers_mut().remove(HOST);
        request.headers_mut().remove(EXPECT);
        let answer = self.client.request(request).await;
        let (mut parts, body) = answer.map_err(|error| no_answer(&error))?.into_parts();
        remove_hop_by_hop(&mut parts.headers);
        let mut response = Response::new(Body::new(body));
        *response.status_mut() = parts.status;
        *response.headers_mut() = parts.headers;
        Ok(response)
    }

    /// Returns the base URL with the path and query of a request appended.
    fn uri(&self, asked: &Uri) -> Result<Uri, http::Error> {
        let mut parts = self.base.clone().into_parts();
        let path = self.base.path().trim_end_matches('/');
        let asked = asked.path_and_query().map_or("/", |target| target.as_str());
        parts.path_and_query = Some(format!("{path}{asked}").parse()?);
        Ok(Uri::from_parts(parts)?)
    }
}

/// Removes hop-by-hop headers (RFC 9110 §7.6.1) and the framing.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    const HOP_BY_HOP: [&str; 9] = [
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}
