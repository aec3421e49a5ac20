//! `Debug` of the layer.

use qstash_verify_tower::{QstashLayer, VerifyError};

use crate::support::layer;

#[test]
fn debug_shows_the_settings() {
    let printed = format!("{:?}", layer());
    assert!(printed.starts_with("QstashLayer { verifier: "), "{printed}");
    assert!(
        printed.ends_with("refuse: default, replay: off }"),
        "{printed}"
    );
    let custom: QstashLayer = layer().on_refusal(VerifyError::response);
    let printed = format!("{custom:?}");
    assert!(
        printed.ends_with("refuse: custom, replay: off }"),
        "{printed}"
    );
}
