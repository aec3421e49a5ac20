//! Verification of a Worker's request.

use bytes::Bytes;
use futures_util::StreamExt as _;
use qstash_verify::{
    PendingDelivery, Reply, RequestHead, Verified, Verifier, VerifierCache, VerifyError,
};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use worker::js_sys::{Array, Promise, Uint8Array};
use worker::wasm_bindgen_futures::JsFuture;
use worker::{Env, Error, Request, Response, Result, console_error, console_warn};

/// From this many bytes, WebCrypto hashes faster than WebAssembly.
const NATIVE_HASH_BYTES: u64 = 8 * 1024;

// One promise for both, and no copy of the body to hash it.
#[wasm_bindgen(inline_js = "export async function readAndHash(request) {
    const body = await request.arrayBuffer();
    return [body, await crypto.subtle.digest('SHA-256', body)];
}")]
extern "C" {
    #[wasm_bindgen(js_name = readAndHash)]
    fn read_and_hash(request: &JsValue) -> Promise;
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
    let length = request.headers().get("content-length").ok().flatten();
    let length = length.and_then(|length| length.parse::<u64>().ok());
    let body = match length {
        // The declared length is within the limit. One read takes a fraction of the time.
        Some(NATIVE_HASH_BYTES..) => {
            let (body, hash) = hashed_body(request).await?;
            let verified = pending.finish_with_sha256(hash, body.len() as u64)?;
            return Ok((verified, Bytes::from(body)));
        }
        Some(_) => request
            .bytes()
            .await
            .map_err(|error| VerifyError::body_unreadable(&error))?,
        None => chunked_body(request, &mut pending).await?,
    };
    pending.update(&body)?;
    Ok((pending.finish()?, Bytes::from(body)))
}

/// Reads a body and its SHA-256.
async fn hashed_body(request: &Request) -> std::result::Result<(Vec<u8>, [u8; 32]), VerifyError> {
    let read = JsFuture::from(read_and_hash(request.inner())).await;
    let read =
        Array::from(&read.map_err(|error| VerifyError::body_unreadable(&Error::from(error)))?);
    let [body, hash] = [0, 1].map(|at| Uint8Array::new(&read.get(at)).to_vec());
    // A hash of another length matches no body.
    Ok((body, hash.try_into().unwrap_or_default()))
}

/// Reads a body without a declared length, within the limit.
async fn chunked_body(
    request: &mut Request,
    pending: &mut PendingDelivery,
) -> std::result::Result<Vec<u8>, VerifyError> {
    let mut body = Vec::new();
    if request.inner().body().is_some() {
        let mut stream = request
            .stream()
            .map_err(|error| VerifyError::body_unreadable(&error))?;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| VerifyError::body_unreadable(&error))?;
            pending.declare_length((body.len() + chunk.len()) as u64)?;
            body.extend_from_slice(&chunk);
        }
    }
    Ok(body)
}

/// The URL of a request is absolute and normalised, so a `/` follows its authority.
fn path_and_query(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find('/').and_then(|at| after_scheme.get(at..));
    path.unwrap_or("/")
}
