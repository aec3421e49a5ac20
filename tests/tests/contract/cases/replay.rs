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

/// A store whose memory began after every token was signed.
struct New;

impl ReplayStore for New {
    fn record(&self, _token: &TokenRecord) -> RecordFuture {
        Box::pin(ready(Ok(Recorded::SignedBefore)))
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

pub(crate) fn signed_before_replay_store() -> Case {
    Case {
        replay: New.into(),
        named: &["has started, and QStash retries it"],
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
