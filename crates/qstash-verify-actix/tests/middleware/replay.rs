//! The replay store: when it is asked, and what its answers cause.

use std::collections::HashSet;
use std::future::ready;
use std::sync::{Arc, Mutex};

use actix_web::test::{call_service, init_service};
use actix_web::{App, HttpResponse, web};
use qstash_verify::{RecordFuture, Recorded, ReplayStore, TokenRecord};

use crate::support::{BODY, delivery, forged, genuine, middleware};

/// The ids of the tokens that were recorded.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<HashSet<[u8; 16]>>>);

impl ReplayStore for Store {
    fn record(&self, token: &TokenRecord) -> RecordFuture {
        let recorded = match self.0.lock().unwrap().insert(*token.id()) {
            true => Recorded::First,
            false => Recorded::Seen,
        };
        Box::pin(ready(Ok(recorded)))
    }
}

#[actix_web::test]
async fn only_the_first_delivery_of_a_verified_token_is_accepted() {
    let store = Store::default();
    let resource = web::resource("/{path:.*}")
        .wrap(middleware().replay_store(store.clone()))
        .route(web::post().to(|| async { HttpResponse::Ok().finish() }));
    let app = init_service(App::new().service(resource)).await;
    for refused in [forged(), genuine(BODY).set_payload("other")] {
        let response = call_service(&app, refused.to_request()).await;
        assert_eq!(response.status(), 401);
    }
    assert!(store.0.lock().unwrap().is_empty());
    for (body, status) in [(BODY, 200), (BODY, 401), (b"other", 200), (BODY, 401)] {
        let response = call_service(&app, delivery(body).to_request()).await;
        assert_eq!(response.status(), status);
    }
    assert_eq!(store.0.lock().unwrap().len(), 2);
}
