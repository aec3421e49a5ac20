//! A Cloudflare Worker that accepts only genuine QStash deliveries, without axum.
//!
//! Copy the module `qstash`.

use qstash_verify::{MessageMetadata, Region};
use serde_json::json;
use worker::{Context, Env, Method, Request, Response, Result, event};

mod qstash;

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> Result<Response> {
    match (request.method(), &*request.path()) {
        (Method::Post, "/webhook") => webhook(&mut request, &env).await,
        (Method::Get, "/health") => Response::ok("ok"),
        _ => Response::error("not found", 404),
    }
}

async fn webhook(request: &mut Request, env: &Env) -> Result<Response> {
    let (verified, body) = match qstash::receive(request, env).await? {
        Ok(delivery) => delivery,
        Err(refused) => return qstash::response(refused),
    };
    let headers = MessageMetadata::HEADERS.iter().filter_map(|name| {
        let value = request.headers().get(name).ok()??;
        Some((*name, value))
    });
    let message = MessageMetadata::from_headers(headers);
    Response::from_json(&json!({
        "message_id": message.message_id(),
        "region": verified.region().map(Region::as_str),
        "key": verified.key_slot().as_str(),
        "bytes": body.len(),
    }))
}
