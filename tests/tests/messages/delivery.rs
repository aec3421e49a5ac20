//! Deliveries and their responses on both frameworks.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use actix_web::App;
use actix_web::dev::Payload;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use qstash_verify_tests::{DEFAULT, NOW, Token, URL};
use tower::ServiceExt as _;

use crate::apps::{Calls, on_actix, on_axum};

#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Bytes,
    /// The number of calls of the `order` handler.
    pub(crate) calls: usize,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn assert_unprocessable(&self, reason: &str) {
        assert_eq!((self.status, self.calls), (422, 0));
        assert_eq!(self.headers["content-type"], "text/plain; charset=utf-8");
        let text = self.text();
        assert!(text.contains(reason), "{text}");
        assert!(text.len() <= 512 && text.lines().count() == 1, "{text}");
    }
}

/// A delivery of this body.
pub(crate) struct Delivery<'a> {
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) key: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(path: &'a str, body: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Delivery {
            path,
            body: body.as_ref(),
            key: DEFAULT[0],
            headers: Vec::new(),
        }
    }

    fn token(&self) -> String {
        Token::new(URL, self.body, NOW).sign(self.key)
    }

    pub(crate) async fn to_axum(&self) -> Answer {
        let calls = Calls::default();
        let mut request = http::Request::post(self.path).header("upstash-signature", self.token());
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let body = axum::body::Body::from(self.body.to_vec());
        let response = on_axum(&calls).oneshot(request.body(body).unwrap()).await;
        let (parts, body) = response.unwrap().into_parts();
        let headers = parts.headers.iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        Answer {
            status: parts.status.as_u16(),
            // actix-web adds the length on the wire.
            headers: headers
                .filter(|(name, _)| name != "content-length")
                .collect(),
            body: body.collect().await.unwrap().to_bytes(),
            calls: calls.load(Ordering::SeqCst),
        }
    }

    pub(crate) async fn to_actix(&self) -> Answer {
        let calls = Calls::default();
        let app = init_service(App::new().configure(on_actix(&calls))).await;
        let mut request = TestRequest::post()
            .uri(self.path)
            .insert_header(("upstash-signature", self.token()));
        for header in &self.headers {
            request = request.append_header(*header);
        }
        let mut request = request.to_request();
        *request.payload() = Payload::from(Bytes::copy_from_slice(self.body));
        let response = call_service(&app, request).await;
        let headers = response.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        Answer {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: read_body(response).await,
            calls: calls.load(Ordering::SeqCst),
        }
    }

    /// Asserts that both respond alike and returns the response.
    pub(crate) async fn to_both(&self) -> Answer {
        let actix = self.to_actix().await;
        assert_eq!(actix, self.to_axum().await);
        actix
    }
}
