//! The middleware and the tower layer are one contract.

use std::collections::BTreeSet;

use crate::cases::{cases, on_actix, on_tower};

#[actix_web::test]
async fn actix_and_tower_answer_alike() {
    let mut codes = BTreeSet::new();
    for (number, case) in cases().iter().enumerate() {
        let actix = on_actix(case).await;
        let tower = on_tower(case).await;
        let reason = actix.reason.as_ref();
        let code = reason.map_or("ok", |reason| reason.code());
        assert_eq!(code, case.code, "{number}");
        if let Some(reason) = reason {
            assert_eq!(actix, tower, "{number}");
            assert_eq!(actix.body, reason.body());
        } else {
            // What else is in it is the frameworks' own.
            assert_eq!((actix.status, tower.status), (200, 200));
            assert_eq!((&actix.body, &tower.reason), (&tower.body, &None));
        }
        codes.insert(code);
    }
    // Every reason that there is, and none.
    assert_eq!(codes.len(), 15, "{codes:?}");
}
