//! The Lambda runtime API, and the function that it runs.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use qstash_verify_platform_tests::path;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, mpsc as events};

/// A running function, killed on drop.
pub(crate) struct Function {
    child: Child,
    events: events::UnboundedSender<Value>,
    results: mpsc::Receiver<(String, Bytes)>,
    _api: Runtime,
}

/// The response of a function.
pub(crate) struct Response(Value);

struct Api {
    events: Mutex<events::UnboundedReceiver<Value>>,
    results: mpsc::Sender<(String, Bytes)>,
}

impl Function {
    /// Starts the function with exactly these variables, and those of Lambda.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let (sender, events) = events::unbounded_channel();
        let (results, receiver) = mpsc::channel();
        let api = Api {
            events: Mutex::new(events),
            results,
        };
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(result))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::new(api));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        runtime.spawn(async { axum::serve(listener, routes).await });
        let child = Command::new(path("EXAMPLE_LAMBDA"))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "example")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Function {
            child,
            events: sender,
            results: receiver,
            _api: runtime,
        }
    }

    /// Invokes the function and returns its response.
    pub(crate) fn invoke(&self, event: Value) -> Response {
        self.events.send(event).unwrap();
        let result = self.results.recv_timeout(Duration::from_secs(60));
        let (kind, body) = result.expect("the function doesn't answer");
        assert_eq!(kind, "response", "{body:?}");
        Response(serde_json::from_slice(&body).unwrap())
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        self.0["statusCode"].as_u64().unwrap().try_into().unwrap()
    }

    /// Returns status and JSON body.
    pub(crate) fn json(&self) -> (u16, Value) {
        assert_eq!(self.0["isBase64Encoded"], false, "{}", self.0);
        let body = serde_json::from_str(self.0["body"].as_str().unwrap());
        (self.status(), body.unwrap())
    }

    /// Returns a header from wherever the origin of the event wants it.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0["headers"][name]
            .as_str()
            .or(self.0["multiValueHeaders"][name][0].as_str())
    }
}

async fn next(State(api): State<Arc<Api>>) -> impl IntoResponse {
    let event = api.events.lock().await.recv().await;
    let headers = [
        ("lambda-runtime-aws-request-id", "1"),
        ("lambda-runtime-deadline-ms", "9999999999999"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:1:function:example",
        ),
        ("content-type", "application/json"),
    ];
    (headers, event.unwrap().to_string())
}

async fn result(
    State(api): State<Arc<Api>>,
    Path(path): Path<HashMap<String, String>>,
    body: Bytes,
) -> impl IntoResponse {
    api.results.send((path["kind"].clone(), body)).unwrap();
    axum::http::StatusCode::ACCEPTED
}
