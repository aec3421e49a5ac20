//! The response to a delivery.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::ext::ReasonPhrase;
use qstash_verify::CHALLENGE;
use serde_json::Value;

use super::client::{HttpClient, error_chain, no_answer};
use crate::output::MAX_BODY;

/// A response to a delivery.
pub(super) struct Answer {
    pub(super) version: Version,
    pub(super) status: StatusCode,
    /// The reason phrase, if it is not the status's own.
    pub(super) reason: Option<ReasonPhrase>,
    pub(super) headers: HeaderMap,
    /// The beginning of the body: up to [`MAX_BODY`], and a byte more if there is one.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Sends a request and reads its response.
    pub(super) async fn to(
        request: Request<Full<Bytes>>,
        client: &HttpClient,
    ) -> Result<Self, String> {
        let answer = client.request(request).await;
        let (parts, body) = answer.map_err(|error| no_answer(&error))?.into_parts();
        Ok(Answer {
            version: parts.version,
            status: parts.status,
            reason: parts.extensions.get().cloned(),
            headers: parts.headers,
            body: read_beginning(body)
                .await
                .map_err(|error| error_chain(&error))?,
        })
    }

    /// Returns whether a verifier may have refused; other SDKs answer 403.
    pub(super) fn is_refusal(&self) -> bool {
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&self.status)
    }

    /// Returns whether a verifier of this project refused.
    pub(super) fn is_ours(&self) -> bool {
        let challenge = self.headers.get(WWW_AUTHENTICATE);
        challenge.is_some_and(|challenge| challenge == CHALLENGE)
    }

    /// Returns the code of a refusal, from the body.
    pub(super) fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get("error")?.as_str()?.to_owned())
    }
}

/// Formats a status code and its reason phrase.
pub(super) fn status_text(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// Formats the status line (RFC 9112 §4), as far as hyper keeps it.
pub(super) fn status_line(answer: &Answer) -> String {
    let Answer {
        version, status, ..
    } = answer;
    let reason = match &answer.reason {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()),
        None => status.canonical_reason().unwrap_or_default().into(),
    };
    format!("{version:?} {} {reason}", status.as_u16())
}

async fn read_beginning(mut body: Incoming) -> Result<Vec<u8>, hyper::Error> {
    let mut bytes = Vec::new();
    while bytes.len() <= MAX_BODY
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    bytes.truncate(MAX_BODY + 1);
    Ok(bytes)
}
