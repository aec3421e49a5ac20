//! The table of answers, case by case on each adapter: `contract.md` is the table,
//! `cases/` has the deliveries of each row, `players/` the adapters. Each pair of a case
//! and a player is a test, which takes what it asserts from the row.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

mod cases;
mod players;
mod table;
mod wire;

use qstash_verify_tests::log::Log;

use crate::cases::{Body, Case};
use crate::players::{Actix, Axum, Core, Hyper, Player, Tower};

/// Plays a case on a player, and asserts what its row says.
fn play<P: Player>(player: &str, name: &str, case: Case) {
    let log = Log::global();
    let row = table::row(name);
    let mut player_under_test = P::start(case.verifier);
    for (number, delivery) in case.deliveries.iter().enumerate() {
        // Servers log on threads of their own, so this tells whose a line is.
        let message_id = format!("{player}/{name}/{number}");
        let answer = player_under_test.play(delivery, &message_id);
        assert_eq!(answer.status(), row.status, "{number}: {answer:?}");
        let logged = log.take_message(&message_id);
        if row.code.is_empty() {
            let (Body::Whole(body) | Body::Chunks(body)) = &delivery.body else {
                panic!("{number}: half a body is not for accepting");
            };
            assert_eq!(answer.body, *body, "{number}");
            assert_eq!(player_under_test.calls(), number + 1);
            assert!(logged.is_empty(), "{number}: {logged:?}");
        } else {
            row.assert_refusal(&answer);
            assert_eq!(
                player_under_test.calls(),
                0,
                "{number}: the handler was called"
            );
            row.assert_logged(&logged, case.named);
        }
    }
}

/// Makes a test of each case on each player: `core::expired`, `axum::expired` and so on.
macro_rules! contract {
    ([$($name:ident: $player:ident),+ $(,)?] $cases:tt) => {
        /// The names of the players.
        const PLAYERS: &[&str] = &[$(stringify!($name)),+];
        $(contract! { @ $name $player $cases })+
    };
    (@ $name:ident $player:ident [$($case:ident),+ $(,)?]) => {
        mod $name {
            $(
                #[test]
                fn $case() {
                    let case = crate::cases::$case();
                    crate::play::<crate::$player>(stringify!($name), stringify!($case), case);
                }
            )+
        }
    };
}

contract! {
    [core: Core, tower: Tower, axum: Axum, actix: Actix, hyper: Hyper]
    [
        signed_by_the_current_key,
        signed_by_the_next_key,
        of_each_region,
        in_chunks,
        empty,
        at_every_bound,
        without_what_is_optional,
        no_signature,
        two_signatures,
        not_three_parts,
        not_base64url,
        over_8_kib,
        header_over_1_kib,
        header_with_a_name_twice,
        header_no_json_object,
        payload_no_json_object,
        another_algorithm,
        crit,
        neither_key,
        neither_key_and_wrong_claims,
        damaged_token,
        no_iss,
        no_sub,
        no_exp,
        no_body_claim,
        wrong_type,
        repeated_claim,
        wrong_issuer,
        expired,
        not_yet_valid,
        other_url,
        other_body,
        other_body_in_chunks,
        no_body,
        region_without_keys,
        no_region_and_no_default_keys,
        announced_over_the_limit,
        over_the_limit,
        chunks_over_the_limit,
        ended_early,
        chunks_ended_early,
        broken_chunks,
    ]
}
