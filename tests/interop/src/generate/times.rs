//! Clocks around each date, to the second and the millisecond.

use super::Plan;
use crate::delivery::{Delivery, Known};

pub(super) fn add(plan: &mut Plan) {
    // Offsets from the date in milliseconds.
    const OFFSETS: [i64; 27] = [
        -86_400_000,
        -301_000,
        -300_000,
        -61_000,
        -60_000,
        -59_000,
        -11_000,
        -10_000,
        -9_000,
        -1_001,
        -1_000,
        -999,
        -500,
        -1,
        0,
        1,
        500,
        999,
        1_000,
        1_001,
        9_000,
        10_000,
        11_000,
        59_000,
        60_000,
        61_000,
        300_000,
    ];
    for claim in ["exp", "nbf", "iat"] {
        for fraction in [0, 250, 500] {
            for tolerance in [0, 1, 10, 60] {
                for offset in OFFSETS {
                    for setting in [0, 3, 4, 9, 10, 13] {
                        let label = label(claim, fraction, tolerance);
                        let detail = format!("{offset} ms after {claim}, tolerance {tolerance} s");
                        let delivery = at(plan, setting, claim, fraction, offset);
                        let delivery = Delivery {
                            tolerance,
                            ..delivery
                        };
                        plan.add("times", label, detail, Known::Open, delivery);
                    }
                }
            }
        }
    }
}

fn label(claim: &str, fraction: i64, tolerance: u32) -> &'static str {
    match (claim, fraction, tolerance) {
        ("exp", 0, _) => "exp",
        ("exp", ..) => "exp-fraction",
        ("nbf", 0, _) => "nbf",
        ("nbf", _, 0) => "nbf-fraction",
        ("nbf", ..) => "nbf-fraction-tolerance",
        (_, 0, _) => "iat",
        _ => "iat-fraction",
    }
}

fn at(plan: &mut Plan, setting: usize, claim: &str, fraction: i64, offset: i64) -> Delivery {
    let scene = plan.scene(setting);
    let date = match claim {
        "exp" => scene.iat + 300,
        _ => scene.iat,
    };
    let json = match fraction {
        0 => date.to_string(),
        fraction => format!("{date}.{fraction:03}"),
    };
    // The other dates are far away.
    let mut claims = scene.claims.clone().set("nbf", "-62135596800");
    if claim != "exp" {
        claims = claims.set("exp", (date + 1_000_000).to_string());
    }
    if claim != "iat" {
        claims = claims.set("iat", (date - 1_000_000).to_string());
    }
    Delivery {
        at_ms: date * 1000 + fraction + offset,
        ..scene.with_claims(&claims.set(claim, json))
    }
}
