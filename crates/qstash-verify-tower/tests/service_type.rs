//! The service and its verified body as values.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use qstash_verify::testing;
use qstash_verify_tower::{QstashLayer, VerifiedBody};
use tower::{Layer as _, ServiceExt as _, service_fn};

const URL: &str = "https://api.example.com/hooks";

async fn echo(request: Request<Bytes>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(request.into_body())))
}

#[tokio::test]
async fn verified_body_converts_into_its_bytes() {
    let layer = QstashLayer::new(testing::verifier().build());
    let service = layer
        .map_body(|body: VerifiedBody| Bytes::from(body))
        .layer(service_fn(async |request: Request<Bytes>| {
            assert_eq!(*request.body(), "hello");
            echo(request).await
        }));
    let request = testing::delivery(URL, "hello").request::<Full<Bytes>>();
    assert_eq!(
        service.oneshot(request.unwrap()).await.unwrap().status(),
        200
    );
}

#[test]
fn debug_of_a_service_has_its_settings() {
    let layer = QstashLayer::new(testing::verifier().build());
    let printed = format!("{:?}", layer.clone().layer("inner"));
    assert!(
        printed.starts_with("QstashService { inner: \"inner\", verifier: "),
        "{printed}"
    );
    assert!(printed.contains("target: default"), "{printed}");
    let layer = layer.target_from(|parts| &parts.uri);
    let printed = format!("{:?}", layer.layer("inner"));
    assert!(printed.contains("target: custom"), "{printed}");
}
