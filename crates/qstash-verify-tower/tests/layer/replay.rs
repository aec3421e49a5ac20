//! The replay store: when it is asked, and what its answers cause.

use std::collections::HashSet;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use http_body_util::Full;
use qstash_verify::{RecordFuture, Recorded, ReplayStore, TokenRecord};
use qstash_verify_tower::QstashLayer;
use tower::Layer as _;

use crate::support::{
    BODY, Recorder, answer, forged, full, genuine, layer, poll_once, refused, start,
};

/// A store that remembers each token, and answers only while it isn't stalled.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    seen: HashSet<[u8; 16]>,
    asked: usize,
    stalled: bool,
}

impl ReplayStore for Store {
    fn record(&self, token: &TokenRecord) -> RecordFuture {
        let (state, id) = (Arc::clone(&self.0), *token.id());
        state.lock().unwrap().asked += 1;
        Box::pin(poll_fn(move |_| {
            let mut state = state.lock().unwrap();
            if state.stalled {
                return Poll::Pending;
            }
            let first = state.seen.insert(id);
            Poll::Ready(Ok(if first {
                Recorded::First
            } else {
                Recorded::Seen
            }))
        }))
    }
}

impl Store {
    fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }

    fn stall(&self, stalled: bool) {
        self.0.lock().unwrap().stalled = stalled;
    }
}

fn protected() -> (QstashLayer, Store) {
    let store = Store::default();
    (layer().replay_store(store.clone()), store)
}

#[tokio::test]
async fn second_delivery_with_the_same_token_is_replayed() {
    let (layer, _) = protected();
    let inner = Recorder::default();
    let service = layer.layer(inner.clone());
    let first = answer(service.clone(), genuine(BODY, full(BODY))).await;
    assert_eq!(first.0, 200);
    let reason = refused(service.clone(), genuine(BODY, full(BODY))).await;
    assert_eq!(reason.code(), "replayed");
    let other = answer(service, genuine(b"other", full("other"))).await;
    assert_eq!((other.0.as_u16(), inner.calls()), (200, 2));
}

#[tokio::test]
async fn forged_requests_do_not_reach_the_store() {
    let (layer, store) = protected();
    let service = layer.layer(Recorder::default());
    refused(service.clone(), forged(full(BODY))).await;
    refused(service.clone(), genuine(BODY, full("other"))).await;
    assert_eq!(store.asked(), 0);
    // Nor was the genuine token recorded by the attempt with another body.
    assert_eq!(answer(service, genuine(BODY, full(BODY))).await.0, 200);
    assert_eq!(store.asked(), 1);
}

#[tokio::test]
async fn inner_service_waits_for_the_store() {
    let (layer, store) = protected();
    let inner = Recorder::default();
    let mut service = layer.layer(inner.clone());
    store.stall(true);
    let request = genuine(BODY, full(BODY));
    let mut future = pin!(start::<_, Full<_>>(&mut service, request).await);
    for _ in 0..3 {
        assert!(poll_once(future.as_mut()).is_pending());
    }
    assert_eq!((store.asked(), inner.calls()), (1, 0));
    store.stall(false);
    assert!(poll_once(future.as_mut()).is_ready());
    assert_eq!((store.asked(), inner.calls()), (1, 1));
}

#[tokio::test]
async fn without_a_store_a_delivery_is_accepted_again() {
    let service = layer().layer(Recorder::default());
    for _ in 0..2 {
        let answer = answer(service.clone(), genuine(BODY, full(BODY))).await;
        assert_eq!(answer.0, 200);
    }
}
