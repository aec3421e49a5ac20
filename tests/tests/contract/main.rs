//! The table of responses on each implementation: `contract.md` is the table, `cases/`
//! has the deliveries of each row. Each pair of a case and an implementation is a test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod cases;
mod implementations;
mod table;
mod wire;

use qstash_verify_tests::log::Log;

use crate::cases::{Body, Case};
use crate::implementations::{Actix, Axum, Core, Hyper, Implementation, Poem, Rocket, Tower};

/// Sends the deliveries of a case and asserts the results in its row.
fn check<I: Implementation>(implementation: &str, name: &str, case: Case) {
    let log = Log::global();
    let row = table::row(implementation, name);
    let mut subject = I::start(case.verifier, case.replay);
    for (number, delivery) in case.deliveries.iter().enumerate() {
        // Servers log on several threads; the message ID selects the events.
        let message_id = format!("{implementation}/{name}/{number}");
        let answer = subject.send(delivery, &message_id);
        assert_eq!(answer.status(), row.status, "{number}: {answer:?}");
        let logged = log.take_message(&message_id);
        if row.code.is_empty() {
            let (Body::Whole(body) | Body::Chunks(body)) = &delivery.body else {
                panic!("{number}: an unfinished body can't be accepted");
            };
            assert_eq!(answer.body, *body, "{number}");
            assert_eq!(subject.calls(), number + 1);
            assert!(logged.is_empty(), "{number}: {logged:?}");
        } else {
            row.assert_refusal(&answer);
            assert_eq!(subject.calls(), 0, "{number}: the handler was called");
            row.assert_logged(&logged, case.named);
        }
    }
}

/// Defines a test per case and implementation, such as `core::expired`.
macro_rules! contract {
    ([$($name:ident: $implementation:ident),+ $(,)?] $cases:tt) => {
        /// The names of the implementations.
        const IMPLEMENTATIONS: &[&str] = &[$(stringify!($name)),+];
        $(contract! { @ $name $implementation $cases })+
    };
    (@ $name:ident $implementation:ident [$($case:ident),+ $(,)?]) => {
        mod $name {
            $(
                #[test]
                fn $case() {
                    let case = crate::cases::$case();
                    crate::check::<crate::$implementation>(stringify!($name), stringify!($case), case);
                }
            )+
        }
    };
}

contract! {
    [core: Core, tower: Tower, axum: Axum, actix: Actix, hyper: Hyper, poem: Poem, rocket: Rocket]
    [
        signed_by_the_current_key,
        signed_by_the_next_key,
        each_region,
        chunked_body,
        empty_body,
        values_at_the_limits,
        without_optional_claims,
        no_signature_header,
        two_signature_headers,
        not_three_parts,
        not_base64url,
        over_8_kib,
        header_over_1_kib,
        duplicate_header_parameter,
        header_is_not_an_object,
        payload_is_not_an_object,
        other_algorithm,
        crit_header_parameter,
        other_key,
        other_key_and_wrong_claims,
        damaged_token,
        missing_iss,
        missing_sub,
        missing_exp,
        missing_body_claim,
        wrong_type,
        repeated_claim,
        wrong_issuer,
        expired,
        not_yet_valid,
        other_url,
        other_body,
        other_chunked_body,
        missing_body,
        region_without_keys,
        no_region_and_no_default_keys,
        declared_over_the_limit,
        body_over_the_limit,
        chunked_over_the_limit,
        truncated_body,
        truncated_chunked_body,
        malformed_chunks,
        replayed,
        signed_before_replay_store,
        replay_store_unavailable,
    ]
}
