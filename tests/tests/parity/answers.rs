//! Parity of responses: status, headers, body, reason.

use std::collections::BTreeSet;

use qstash_verify_tests::log::Log;
use qstash_verify_tests::samples;

use crate::adapters::{on_actix, on_tower};

#[actix_web::test]
async fn actix_and_tower_give_the_same_response() {
    let (_log, _guard) = Log::start();
    let mut codes = BTreeSet::new();
    for (number, sample) in samples().iter().enumerate() {
        let actix = on_actix(sample).await;
        let tower = on_tower(sample).await;
        let reason = actix.reason.as_ref();
        let code = reason.map_or("ok", |reason| reason.code());
        assert_eq!(code, sample.code, "{number}");
        if let Some(reason) = reason {
            assert_eq!(actix, tower, "{number}");
            assert_eq!(actix.body, reason.body());
        } else {
            // Headers of accepted responses differ by framework.
            assert_eq!((actix.status, tower.status), (200, 200));
            assert_eq!((&actix.body, &tower.reason), (&tower.body, &None));
        }
        codes.insert(code);
    }
    // All 14 refusals, and `ok`.
    assert_eq!(codes.len(), 15, "{codes:?}");
}
