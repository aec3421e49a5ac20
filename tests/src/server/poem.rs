use std::sync::atomic::Ordering;

use bytes::Bytes;
use poem::listener::TcpAcceptor;
use poem::{Endpoint, EndpointExt as _, FromRequest as _, Request, Response};
use qstash_verify::{ReplayProtection, Verifier};
use qstash_verify_poem::{Delivery, QstashMiddleware};

use super::{Calls, Running, Server, description, listen_on_tokio};

pub(super) fn start(verifier: Verifier, replay: ReplayProtection, calls: Calls) -> Server {
    let (runtime, listener, address) = listen_on_tokio();
    let qstash = QstashMiddleware::new(verifier).replay_store(replay);
    let app = Echo(Calls::clone(&calls)).with(qstash);
    let listener = TcpAcceptor::from_tokio(listener).unwrap();
    runtime.spawn(poem::Server::new_with_acceptor(listener).run(app));
    Server {
        address,
        calls,
        running: Running::Tokio(Some(runtime)),
    }
}

struct Echo(Calls);

impl Endpoint for Echo {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (request, mut body) = request.split();
        let Delivery(verified) = Delivery::from_request(&request, &mut body).await?;
        let body = Bytes::from_request(&request, &mut body).await?;
        self.0.fetch_add(1, Ordering::SeqCst);
        let [region, key] = description(&verified);
        let response = Response::builder().header(region.0, region.1);
        Ok(response.header(key.0, key.1).body(body))
    }
}
