//! A salvo service that accepts only genuine QStash deliveries.
//!
//! A hoop, which runs before the handler, calls the core.
//!
//! | variable | meaning |
//! |---|---|
//! | `PORT` | the port on 127.0.0.1; 3000 by default, 0 for any free port |
//! | `PUBLIC_URL` | the base URL that QStash delivers to, such as `https://api.example.com`; if set, deliveries for other URLs are refused |
//! | `MAX_BODY_BYTES` | the body limit; 10 MiB by default |
//! | `QSTASH_CURRENT_SIGNING_KEY`, `QSTASH_NEXT_SIGNING_KEY`, … | the signing keys; by default those of the development server |
//! | `RUST_LOG` | the log filter; `info` by default |

use std::env::VarError;
use std::error::Error;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use qstash_verify::{
    ConfigError, KeyRing, MessageMetadata, Region, RequestHead, SigningKeys, Verified, Verifier,
};
use salvo::catcher::Catcher;
use salvo::conn::tcp::TcpAcceptor;
use salvo::http::request::SecureMaxSize;
use salvo::http::{Method, ReqBody};
use salvo::prelude::*;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tracing::Instrument;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let port: u16 = number("PORT")?.unwrap_or(3000);
    let app = app(verifier()?);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Server::new(TcpAcceptor::try_from(listener)?)
        .serve(app)
        .await;
    Ok(())
}

fn app(verifier: Verifier) -> Service {
    let router = Router::new()
        .push(
            Router::with_path("webhook")
                .hoop(Qstash(verifier))
                // The verifier's limit applies; salvo's is 64 KB.
                .hoop(SecureMaxSize(usize::MAX))
                .goal(webhook),
        )
        // Routes without the hoop are unprotected.
        .push(Router::with_path("health").goal(health));
    Service::new(router).catcher(Catcher::new(no_page))
}

/// Passes genuine deliveries on, with a [`Verified`] in the depot, and refuses others.
struct Qstash(Verifier);

#[async_trait]
impl Handler for Qstash {
    async fn handle(
        &self,
        request: &mut Request,
        depot: &mut Depot,
        response: &mut Response,
        next: &mut FlowCtrl,
    ) {
        let body = request.take_body();
        let head = RequestHead::from_http(request.headers(), request.uri());
        // salvo has no timeout for a stalled body.
        let received = self.0.receive(&head, body);
        match timeout(Duration::from_secs(30), received).await {
            Ok(Ok((verified, body))) => {
                let span = verified.span();
                depot.insert_typed(verified);
                request.replace_body(ReqBody::Once(body));
                next.call_next(request, depot, response)
                    .instrument(span)
                    .await;
            }
            Ok(Err(refused)) => {
                refused.log(&head);
                let (parts, body) = refused.response::<Bytes>().into_parts();
                response.status_code(parts.status);
                response.set_headers(parts.headers);
                response.body(body);
                next.skip_rest();
            }
            Err(_) => {
                response.status_code(StatusCode::REQUEST_TIMEOUT);
                next.skip_rest();
            }
        }
    }
}

/// Runs for genuine deliveries only: only verification returns a `Verified`.
#[handler]
async fn webhook(request: &mut Request, depot: &mut Depot, response: &mut Response) {
    if request.method() != Method::POST {
        return not_allowed(response, "POST");
    }
    let message = MessageMetadata::from_headers(request.headers());
    let (Ok(verified), Ok(body)) = (depot.get_typed::<Verified>(), request.payload().await) else {
        response.status_code(StatusCode::INTERNAL_SERVER_ERROR);
        return;
    };
    let answer = json!({
        "message_id": message.message_id(),
        "region": verified.region().map(Region::as_str),
        "key": verified.key_slot().as_str(),
        "bytes": body.len(),
    });
    response.render(Text::Json(answer.to_string()));
}

#[handler]
async fn health(request: &mut Request, response: &mut Response) {
    match *request.method() {
        Method::GET | Method::HEAD => response.render("ok"),
        _ => not_allowed(response, "GET,HEAD"),
    }
}

fn not_allowed(response: &mut Response, methods: &'static str) {
    response.status_code(StatusCode::METHOD_NOT_ALLOWED);
    let methods = salvo::http::HeaderValue::from_static(methods);
    response.headers_mut().insert("allow", methods);
}

/// Instead of salvo's page for an error without a body.
#[handler]
async fn no_page() {}

fn verifier() -> Result<Verifier, Box<dyn Error>> {
    let mut builder = Verifier::builder(keys()?);
    if let Some(url) = variable("PUBLIC_URL")? {
        builder = builder.base_url(&url)?;
    }
    if let Some(limit) = number("MAX_BODY_BYTES")? {
        builder = builder.body_limit(limit);
    }
    Ok(builder.build())
}

/// Returns the keys of the environment, or those of the development server, which are
/// published: a real service must not fall back to them. Use `Verifier::from_env()?`.
fn keys() -> Result<KeyRing, ConfigError> {
    match KeyRing::from_env() {
        Err(ConfigError::NoSigningKeys { half, unused, .. })
            if half.is_empty() && unused.is_empty() =>
        {
            eprintln!(
                "no signing keys are set: using the published keys of the development server"
            );
            Ok(KeyRing::from(SigningKeys::development()))
        }
        keys => keys,
    }
}

fn number<T: FromStr>(name: &str) -> Result<Option<T>, String> {
    let parse = |text: String| {
        text.trim()
            .parse()
            .map_err(|_| format!("{name} is not a valid number: {text:?}; set a whole number"))
    };
    variable(name)?.map(parse).transpose()
}

/// Returns an environment variable, unless it is empty.
fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is set to bytes that are not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use qstash_verify::testing::{self, SignedDelivery};
    use salvo::test::{ResponseExt as _, TestClient};

    use super::*;

    /// Sends a delivery to the service with this verifier.
    async fn send(verifier: &Verifier, delivery: &SignedDelivery) -> (u16, String) {
        let url = format!("http://127.0.0.1{}", delivery.path_and_query());
        let mut request = TestClient::post(url);
        for (name, value) in delivery.headers() {
            let name: salvo::http::HeaderName = name.parse().unwrap();
            request = request.add_header(name, value, true);
        }
        let request = request.bytes(delivery.body().to_vec());
        let mut response = request.send(&app(verifier.clone())).await;
        let status = response.status_code.map_or(0, |status| status.as_u16());
        (status, response.take_string().await.unwrap_or_default())
    }

    fn delivery(body: impl Into<Vec<u8>>) -> SignedDelivery {
        testing::delivery("https://example.com/webhook", body.into())
    }

    #[tokio::test]
    async fn genuine_deliveries_are_accepted_up_to_the_verifiers_limit() {
        let verifier = testing::verifier().body_limit(1_000_000).build();
        // Salvo's own limit is 64 KB.
        for length in [0, 5, 64 * 1024 + 1, 1_000_000] {
            let (status, body) = send(&verifier, &delivery(vec![b'x'; length])).await;
            assert_eq!(status, 200, "{body}");
            let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                (&answer["bytes"], &answer["key"]),
                (&length.into(), &"current".into())
            );
        }
        let long = send(&verifier, &delivery(vec![b'x'; 1_000_001])).await;
        assert_eq!(long, (413, r#"{"error":"body_too_large"}"#.to_owned()));
    }

    #[tokio::test]
    async fn forgeries_are_refused() {
        let verifier = testing::verifier().build();
        let forged = delivery("hello").key("sig_of_somebody_else");
        let answer = send(&verifier, &forged).await;
        assert_eq!(answer, (401, r#"{"error":"bad_signature"}"#.to_owned()));
    }

    #[tokio::test]
    async fn other_routes_are_open_and_have_no_page() {
        let verifier = testing::verifier().build();
        let url = |path| format!("http://127.0.0.1{path}");
        for (request, status, body) in [
            (TestClient::get(url("/health")), 200, "ok"),
            (TestClient::post(url("/health")), 405, ""),
            (TestClient::get(url("/nope")), 404, ""),
            (
                TestClient::get(url("/webhook")),
                401,
                r#"{"error":"missing_signature"}"#,
            ),
        ] {
            let mut response = request.send(&app(verifier.clone())).await;
            assert_eq!(
                response.status_code.map(|status| status.as_u16()),
                Some(status)
            );
            assert_eq!(response.take_string().await.unwrap_or_default(), body);
        }
    }
}
