//! The table of answers, proved row by row in each house: `contract.md` is the
//! table, `cases.rs` what is sent for each row, and each pair of a row and a
//! house is a test of its own, which asserts the status and the code that its row
//! in the table has.
//!
//! The houses: `core` is the verifier itself, `tower` the layer alone (on hyper),
//! `axum` the layer in a router, `actix` the middleware, `hyper` a handler written
//! by hand, as in `examples/hyper`. All but the first are servers on a socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

mod bare;
mod cases;
mod log;
mod served;
mod table;

use crate::cases::Case;

/// Where a case is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum House {
    Core,
    Tower,
    Axum,
    Actix,
    Hyper,
}

/// Plays a case in a house, and holds what comes of it to the row of the table
/// that names this test.
fn prove(house: House, module: &str, name: &str, case: &Case) {
    let (_, column) = module.rsplit_once("::").unwrap();
    let row = table::row(column, name);
    match house {
        House::Core => bare::prove(case, &row),
        House::Tower | House::Axum | House::Actix | House::Hyper => {
            served::prove(house, case, &row);
        }
    }
}

/// Makes a test of each function of `cases.rs` in each house: `core::…`,
/// `tower::…` and so on.
macro_rules! contract {
    ($($case:ident),+ $(,)?) => {
        contract! { @ core Core [$($case)+] }
        contract! { @ tower Tower [$($case)+] }
        contract! { @ axum Axum [$($case)+] }
        contract! { @ actix Actix [$($case)+] }
        contract! { @ hyper Hyper [$($case)+] }
    };
    (@ $column:ident $house:ident [$($case:ident)+]) => {
        mod $column {
            $(
                #[test]
                fn $case() {
                    let case = crate::cases::$case();
                    crate::prove(crate::House::$house, module_path!(), stringify!($case), &case);
                }
            )+
        }
    };
}

contract! {
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
}
