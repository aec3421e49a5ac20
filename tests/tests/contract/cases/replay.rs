//! Deliveries refused by the answer of the replay store.

use std::future::ready;

use qstash_verify::{RecordFuture, Recorded, ReplayStore, TokenRecord};

use super::{BODY, Body, Case, case, genuine};

/// A store that remembers every token.
struct All;

impl ReplayStore for All {
    fn record(&self, _token: &TokenRecord) -> RecordFuture {
        Box::pin(ready(Ok(Recorded::Seen)))
    }
}

/// A store that can't be reached.
struct Unreachable;

impl ReplayStore for Unreachable {
    fn record(&self, _token: &TokenRecord) -> RecordFuture {
        Box::pin(ready(Err("connection refused".into())))
    }
}

fn deliveries() -> Case {
    case([Body::Whole, Body::Chunks].map(|framed| genuine(BODY, framed(BODY.to_vec()))))
}

pub(crate) fn replayed() -> Case {
    Case {
        replay: All.into(),
        ..deliveries()
    }
}

pub(crate) fn replay_store_unavailable() -> Case {
    Case {
        replay: Unreachable.into(),
        named: &["connection refused"],
        ..deliveries()
    }
}
