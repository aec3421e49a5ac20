//! Verification of a Worker's request.

use bytes::Bytes;
use futures_util::StreamExt as _;
use qstash_verify::{Reply, RequestHead, Verified, Verifier, VerifierCache, VerifyError};
use worker::{Env, Error, Request, Response, Result, console_error, console_warn};

/// Rebuilds the verifier when a binding changes, which may not restart the isolate.
static VERIFIER: VerifierCache = VerifierCache::new(|keys| Ok(Verifier::new(keys)));

/// Verifies a request with the keys of its bindings and returns its body.
///
/// Nothing of the body is read before the head is verified, and no more than the body
/// limit after that. A refusal is logged on the console.
///
/// # Errors
/// The outer error is that of missing or unusable keys.
pub async fn receive(
    request: &mut Request,
    env: &Env,
) -> Result<std::result::Result<(Verified, Bytes), VerifyError>> {
    let verifier = VERIFIER
        .get(|name| Some(env.var(name).ok()?.to_string()))
        .map_err(|error| Error::RustError(error.to_string()))?;
    let received = verify(&verifier, request).await;
    if let Err(reason) = &received {
        match reason {
            VerifyError::MissingSignature => {}
            VerifyError::NoSigningKeys { .. } => console_error!("{}: {reason}", reason.code()),
            _ => console_warn!("{}: {reason}", reason.code()),
        }
    }
    Ok(received)
}

/// Returns the response to a refused request.
pub fn response(reason: VerifyError) -> Result<Response> {
    let reply = Reply::from(reason);
    let mut response = Response::builder().with_status(reply.status());
    for (name, value) in reply.headers() {
        response = response.with_header(name, value)?;
    }
    Ok(response.fixed(reply.into_body().into_owned().into_bytes()))
}

async fn verify(
    verifier: &Verifier,
    request: &mut Request,
) -> std::result::Result<(Verified, Bytes), VerifyError> {
    let headers = RequestHead::HEADERS.iter().filter_map(|name| {
        let value = request.headers().get(name).ok()??;
        Some((*name, value))
    });
    let url = request.inner().url();
    let head = RequestHead::new(headers, path_and_query(&url));
    let mut delivery = verifier.authenticate(&head)?.buffered();
    // A request without a body has no stream.
    if request.inner().body().is_some() {
        let mut body = request.stream().map_err(unreadable)?;
        while let Some(chunk) = body.next().await {
            delivery.update(Bytes::from(chunk.map_err(unreadable)?))?;
        }
    }
    delivery.finish()
}

fn unreadable(error: Error) -> VerifyError {
    VerifyError::body_unreadable(&error)
}

/// The URL of a request is absolute and normalised, so a `/` follows its authority.
fn path_and_query(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme.find('/').map_or("/", |at| &after_scheme[at..])
}
