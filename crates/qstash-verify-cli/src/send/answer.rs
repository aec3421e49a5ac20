//! What comes back of a delivery.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use qstash_verify::CHALLENGE;
use serde_json::Value;

use super::client::{HttpClient, in_words, no_answer};

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The beginning of it.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Asks for it.
    pub(super) async fn to(
        request: Request<Full<Bytes>>,
        client: &HttpClient,
    ) -> Result<Self, String> {
        let answer = client.request(request).await;
        let (parts, body) = answer.map_err(|error| no_answer(&error))?.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: beginning(body).await.map_err(|error| in_words(&error))?,
        })
    }

    /// Whether a verifier answers so. Other SDKs' receivers answer 403.
    pub(super) fn is_refusal(&self) -> bool {
        [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&self.status)
    }

    /// Whether it is a verifier of this project that refuses.
    pub(super) fn is_ours(&self) -> bool {
        let challenge = self.headers.get(WWW_AUTHENTICATE);
        challenge.is_some_and(|challenge| challenge == CHALLENGE)
    }

    /// The code in its body, if there is one.
    pub(super) fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get("error")?.as_str()?.to_owned())
    }

    /// Whether there may be more of its body.
    pub(super) fn is_cut(&self) -> bool {
        self.body.len() == ENOUGH
    }
}

/// A status code and, if it has one, its name.
pub(super) fn in_short(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// As much of an answer as anyone wants to see.
const ENOUGH: usize = 64 * 1024;

async fn beginning(mut body: Incoming) -> Result<Vec<u8>, hyper::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < ENOUGH
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    bytes.truncate(ENOUGH);
    Ok(bytes)
}
