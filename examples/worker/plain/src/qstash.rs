//! Verification of a Worker's request.

use bytes::Bytes;
use futures_util::StreamExt as _;
use qstash_verify::{
    PendingDelivery, Reply, RequestHead, Verified, Verifier, VerifierCache, VerifyError,
};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::{Promise, Uint8Array};
use worker::wasm_bindgen_futures::JsFuture;
use worker::{Env, Error, Request, Response, Result, console_error, console_warn};

/// From this many bytes, WebCrypto hashes faster than WebAssembly.
const NATIVE_HASH_BYTES: usize = 8 * 1024;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = digest)]
    fn webcrypto_digest(algorithm: &str, bytes: &[u8]) -> Promise;
}

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
    let mut pending = verifier.authenticate(&head)?;
    let body = read(request, &mut pending).await?;
    let verified = if body.len() < NATIVE_HASH_BYTES {
        pending.update(&body)?;
        pending.finish()?
    } else {
        pending.finish_with_sha256(sha256(&body).await?, body.len() as u64)?
    };
    Ok((verified, Bytes::from(body)))
}

/// Reads a body within the limit.
async fn read(
    request: &mut Request,
    pending: &mut PendingDelivery,
) -> std::result::Result<Vec<u8>, VerifyError> {
    let mut body = Vec::new();
    let length = request.headers().get("content-length").ok().flatten();
    if length.is_some_and(|length| length.parse::<u64>().is_ok()) {
        // Its length is within the limit. One read takes a fraction of the time.
        body = request.bytes().await.map_err(unreadable)?;
        pending.declare_length(body.len() as u64)?;
    } else if request.inner().body().is_some() {
        let mut stream = request.stream().map_err(unreadable)?;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(unreadable)?;
            pending.declare_length((body.len() + chunk.len()) as u64)?;
            body.extend_from_slice(&chunk);
        }
    }
    Ok(body)
}

async fn sha256(body: &[u8]) -> std::result::Result<[u8; 32], VerifyError> {
    let hash = JsFuture::from(webcrypto_digest("SHA-256", body)).await;
    let hash = hash.map_err(|error| unreadable(error.into()))?;
    let hash = Uint8Array::new(&hash).to_vec();
    // A hash of another length matches no body.
    Ok(hash.try_into().unwrap_or_default())
}

fn unreadable(error: Error) -> VerifyError {
    VerifyError::body_unreadable(&error)
}

/// The URL of a request is absolute and normalised, so a `/` follows its authority.
fn path_and_query(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme.find('/').map_or("/", |at| &after_scheme[at..])
}
