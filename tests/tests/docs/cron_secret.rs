use axum::body::Body;
use axum::http::{Request, StatusCode, header::AUTHORIZATION};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::post};
use qstash_verify_axum::{QstashLayer, SIGNATURE_HEADER};
use tower::ServiceExt;

async fn work() -> &'static str {
    "ok"
}

/// `is_cron_secret` must compare in constant time, for example with the crate `subtle`.
pub fn app(qstash: QstashLayer, is_cron_secret: fn(&[u8]) -> bool) -> Router {
    let signed = Router::new().route("/job", post(work)).layer(qstash);
    let either = async move |request: Request<Body>| -> Response {
        if request.headers().contains_key(SIGNATURE_HEADER) {
            return signed.oneshot(request).await.into_response();
        }
        match request.headers().get(AUTHORIZATION) {
            Some(value) if is_cron_secret(value.as_bytes()) => work().await.into_response(),
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    };
    Router::new().route("/job", post(either))
}
