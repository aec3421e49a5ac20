//! `listen`: an endpoint that verifies, reports and forwards deliveries.

mod entry;
mod forward;
mod journal;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use clap::Args;
use http::{StatusCode, header};
use hyper::body::Bytes;
use qstash_verify::{
    DEFAULT_BODY_LIMIT, MessageMetadata, REGION_HEADER, Verified, Verifier, VerifyError,
};
use qstash_verify_axum::QstashLayer;

use crate::keys::KeyOptions;
use crate::output::{self, Failure, Outcome, Verdict};
use crate::time;
use crate::url::{self, Target};
use entry::Entry;
use forward::{Forward, ForwardFailed};
use journal::Journal;

/// Listen for deliveries, verify them, and print a line for each
#[derive(Args, Debug)]
#[command(after_help = "\
It accepts any path and method, answers as the middleware does, and prints a summary \
on Ctrl-C. If no keys are set, the published keys of the development server are used. With \
--forward it is a verifying proxy: a service in any language gets only genuine \
deliveries. It is for development, since clients have no time limit. Each line begins \
with the time of arrival in UTC.

--json prints an event a line, each with event and time: listening (url), request (ok, \
status, method, path, region, key, source, message_id, retried, bytes, error, message, \
forward_error, and with --body the first 64 KiB as body or, if that is not UTF-8, as \
body_base64, with body_is_cut), and summary (requests, accepted, refused, errors).

Examples:
  qstash-verify listen --port 3000 --body
  qstash-verify listen --port 3000 --forward http://127.0.0.1:8000 \\
      --base-url https://api.example.com")]
pub(crate) struct Options {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port; 0 chooses a free one
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Refuse deliveries that were not published to this URL with the path of the
    /// request
    #[arg(long, value_name = "URL", value_parser = url::base)]
    base_url: Option<String>,
    /// Tolerance for clocks that differ
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = time::parse_seconds)]
    tolerance: Duration,
    /// Maximum length of a body
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_BODY_LIMIT)]
    body_limit: u64,
    /// Print the beginning of each body
    #[arg(long)]
    body: bool,
    /// Forward genuine deliveries to this URL, and return its responses; http:// is
    /// assumed for a loopback host
    #[arg(long, value_name = "URL", value_parser = Target::parse)]
    forward: Option<Target>,
    /// Print one line of JSON for each event
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keys: KeyOptions,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let keys = options.keys.read()?;
    let ring = keys.ring_or_development()?;
    if keys.explicit.is_none() {
        for warning in ring.warnings() {
            output::note(warning);
        }
    }
    let mut verifier = Verifier::builder(ring)
        .tolerance(options.tolerance)
        .body_limit(options.body_limit);
    if let Some(url) = &options.base_url {
        verifier = verifier.base_url(url).map_err(Failure::new)?;
    }
    let forward = options.forward.as_ref().map(Forward::new).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(options, verifier.build(), forward))
}

async fn serve(options: &Options, verifier: Verifier, forward: Option<Forward>) -> Outcome {
    let address = SocketAddr::from((options.host, options.port));
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| Failure::new(format!("can't listen on {address}: {error}")))?;
    let journal = Arc::new(Journal::new(options.body, options.json));
    let app = Router::new()
        .fallback(handle)
        .with_state(forward.map(Arc::new))
        .layer(QstashLayer::new(verifier))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&journal),
            record,
        ));
    let address = listener.local_addr()?;
    let asked_to_stop = asked_to_stop()?;
    journal.start(address);

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async {
        asked_to_stop.await;
        let _ = stop.send(());
    });
    tokio::select! {
        ended = server => ended?,
        // Requests in flight get 3 s.
        () = async {
            let _ = stopped.await;
            tokio::time::sleep(Duration::from_secs(3)).await;
        } => {}
    }
    journal.end();
    Ok(Verdict::Good)
}

/// Returns a future that waits for SIGINT or SIGTERM. The call installs the handlers.
#[cfg(unix)]
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Returns a future that waits for Ctrl-C.
#[cfg(windows)]
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

/// An accepted delivery, for the journal.
#[derive(Clone)]
struct Accepted {
    verified: Verified,
    body: Bytes,
}

/// Responds to genuine deliveries; the layer adds the `Verified`.
async fn handle(
    State(forward): State<Option<Arc<Forward>>>,
    Extension(verified): Extension<Verified>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    // The layer has buffered it.
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut response = match forward {
        Some(forward) => forward.forward(parts, body.clone()).await,
        None => (
            [(header::CONTENT_TYPE, "application/json")],
            r#"{"verified":true}"#,
        )
            .into_response(),
    };
    let accepted = Accepted { verified, body };
    response.extensions_mut().insert(accepted);
    response
}

/// Records each request around the layer, in a task of its own, so that the record
/// survives a disconnect.
async fn record(State(journal): State<Arc<Journal>>, request: Request, next: Next) -> Response {
    let at = journal.now();
    let responding = tokio::spawn(async move {
        let region = request.headers().get(REGION_HEADER);
        let region = region.and_then(|region| region.to_str().ok()?.parse().ok());
        let length = request.headers().get(header::CONTENT_LENGTH);
        let declared = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let metadata = MessageMetadata::from_headers(request.headers());
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let response = next.run(request).await;
        let extensions = response.extensions();
        let accepted = extensions.get::<Accepted>();
        let failed = extensions.get::<ForwardFailed>();
        journal.write(&Entry {
            at,
            method: method.as_str(),
            path: uri.path_and_query().map_or("/", |target| target.as_str()),
            region,
            metadata: &metadata,
            declared,
            refused: extensions.get::<VerifyError>(),
            accepted: accepted.map(|accepted| (&accepted.verified, &*accepted.body)),
            forward_error: failed.map(|failed| failed.0.as_str()),
            status: response.status(),
        });
        response
    });
    let internal = StatusCode::INTERNAL_SERVER_ERROR;
    responding
        .await
        .unwrap_or_else(|_| internal.into_response())
}
