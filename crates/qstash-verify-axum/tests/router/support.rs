//! Layers under test and requests to them.

use qstash_verify_axum::QstashLayer;
pub(crate) use qstash_verify_test_support::service::{answer, forged, genuine, refused, request};
pub(crate) use qstash_verify_test_support::{BASE, BODY, NOW, URL, builder};

pub(crate) fn layer() -> QstashLayer {
    QstashLayer::new(builder().build())
}

/// A layer that checks the URL.
pub(crate) fn at_base() -> QstashLayer {
    QstashLayer::new(builder().base_url(BASE).unwrap().build())
}
