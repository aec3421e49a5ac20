//! Every combination of present and absent keys, region headers and signing keys.

use super::Plan;
use crate::delivery::{Delivery, Known};
use crate::scene::{DEFAULT, EU, Keys, REGION, Scene, US};

pub(super) fn add(plan: &mut Plan) {
    combinations(plan);
    rotation(plan);
    headers(plan);
    development(plan);
}

fn combinations(plan: &mut Plan) {
    let modes = [
        None,
        Some("US_EAST_1"),
        Some("eu-central-1"),
        Some("MARS_1"),
    ];
    let headers = [
        None,
        Some("US-EAST-1"),
        Some("EU-CENTRAL-1"),
        Some("MARS-1"),
    ];
    for present in 0_u8..64 {
        for mode in modes {
            for header in headers {
                let scene = plan.scene(0);
                let keys = &scene.keys;
                for signer in signers(keys) {
                    let label = match mode {
                        Some("MARS_1") => "region-invalid",
                        _ => "keys",
                    };
                    let known = match signer == &keys.stranger {
                        true => Known::Forged,
                        false => Known::Open,
                    };
                    // An empty variable counts as not set.
                    let empty = plan.rng.bool();
                    let delivery = Delivery {
                        env: environment(keys, present, empty, mode),
                        explicit: None,
                        regions: header.map(str::to_owned).into_iter().collect(),
                        ..signed_by(&scene, signer)
                    };
                    let detail = format!("{present:06b} {mode:?} {header:?}");
                    plan.add("keys", label, detail, known, delivery);
                }
            }
        }
    }
}

fn signers(keys: &Keys) -> impl Iterator<Item = &String> {
    let pairs = [&keys.default, &keys.us, &keys.eu];
    pairs.into_iter().flatten().chain([&keys.stranger])
}

fn environment(
    keys: &Keys,
    present: u8,
    empty: bool,
    mode: Option<&str>,
) -> Vec<(&'static str, String)> {
    let names = [DEFAULT, US, EU].into_iter().flatten();
    let values = [&keys.default, &keys.us, &keys.eu].into_iter().flatten();
    let keys = names
        .zip(values)
        .enumerate()
        .filter_map(|(at, (name, value))| match present >> at & 1 == 1 {
            true => Some((name, value.clone())),
            false => empty.then(|| (name, String::new())),
        });
    let mode = mode.map(|mode| (REGION, mode.to_owned()));
    keys.chain(mode).collect()
}

fn signed_by(scene: &Scene, key: &str) -> Delivery {
    Scene {
        key: key.to_owned(),
        ..scene.clone()
    }
    .genuine()
}

/// Key rolls: `next` becomes `current`.
fn rotation(plan: &mut Plan) {
    for round in 0..40 {
        let mut scene = plan.scene(round);
        let [first, second] = scene.keys.default.clone();
        let (third, fourth) = (scene.keys.us[0].clone(), scene.keys.us[1].clone());
        scene.keys.default = [first.clone(), second.clone()];
        for (what, known, receiver, signer) in [
            ("before", Known::Genuine, [&first, &second], &first),
            (
                "rolled, receiver not yet",
                Known::Genuine,
                [&first, &second],
                &second,
            ),
            (
                "rolled twice, receiver never",
                Known::Forged,
                [&first, &second],
                &third,
            ),
            (
                "rolled, receiver too",
                Known::Genuine,
                [&second, &third],
                &second,
            ),
            (
                "signed before the roll",
                Known::Forged,
                [&second, &third],
                &first,
            ),
            (
                "one key in both places",
                Known::Genuine,
                [&second, &second],
                &second,
            ),
            ("swapped", Known::Genuine, [&second, &first], &first),
            ("all replaced", Known::Forged, [&third, &fourth], &second),
        ] {
            let delivery = Delivery {
                explicit: Some(receiver.map(Clone::clone)),
                ..signed_by(&scene, signer)
            };
            plan.add("keys", "rotated", what, known, delivery.clone());
            let [current, next] = receiver.map(Clone::clone);
            let env = vec![(DEFAULT[0], current), (DEFAULT[1], next)];
            let delivery = Delivery {
                env,
                explicit: None,
                ..delivery
            };
            plan.add("keys", "rotated", what, known, delivery);
        }
    }
}

/// Spellings of the region header.
fn headers(plan: &mut Plan) {
    for spelling in [
        "US-EAST-1",
        "us-east-1",
        "US_EAST_1",
        "Us_East-1",
        "EU-CENTRAL-1",
        "eu_central_1",
        "",
        " ",
        " US-EAST-1",
        "US-EAST-1 ",
        "US EAST 1",
        "US--EAST-1",
        "US-EAST-2",
        "US-EAST",
        "US-EAST-11",
        "EU",
        "EU-CENTRAL-1,US-EAST-1",
        "US-EAST-1\t",
        "null",
        "\u{dc}S-EAST-1",
    ] {
        several(plan, "region-header", &[spelling]);
    }
    for both in [
        ["US-EAST-1", "US-EAST-1"],
        ["US-EAST-1", "EU-CENTRAL-1"],
        ["EU-CENTRAL-1", "MARS-1"],
        ["MARS-1", "EU-CENTRAL-1"],
        ["", "EU-CENTRAL-1"],
    ] {
        several(plan, "region-header-twice", &both);
    }
}

fn several(plan: &mut Plan, label: &'static str, headers: &[&str]) {
    for present in [0b11_11_11, 0b11_11_00, 0b00_11_11, 0b11_00_00] {
        for mode in [None, Some("US_EAST_1"), Some("EU_CENTRAL_1")] {
            let scene = plan.scene(0);
            for signer in signers(&scene.keys) {
                let delivery = Delivery {
                    env: environment(&scene.keys, present, false, mode),
                    explicit: None,
                    regions: headers.iter().map(|header| (*header).to_owned()).collect(),
                    ..signed_by(&scene, signer)
                };
                let detail = format!("{headers:?} {present:06b} {mode:?}");
                plan.add("keys", label, detail, Known::Open, delivery);
            }
        }
    }
}

/// The development server's published keys.
fn development(plan: &mut Plan) {
    const PUBLISHED: [&str; 2] = [
        "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
        "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
    ];
    for setting in 4..16 {
        for value in ["1", "true", "TRUE", "0", "false", ""] {
            let scene = plan.scene(setting);
            for (what, key) in [
                ("public", PUBLISHED[0]),
                ("public", PUBLISHED[1]),
                ("own", &*scene.key),
            ] {
                let mut delivery = signed_by(&scene, key);
                delivery.env.push(("QSTASH_DEV", value.to_owned()));
                let known = if what == "public" {
                    Known::Forged
                } else {
                    Known::Open
                };
                let detail = format!("QSTASH_DEV={value}, {what} key");
                plan.add("keys", "development", detail, known, delivery);
            }
        }
        let scene = plan.scene(setting);
        let pasted = Delivery {
            env: DEFAULT
                .into_iter()
                .zip(PUBLISHED.map(str::to_owned))
                .collect(),
            explicit: None,
            ..signed_by(&scene, PUBLISHED[setting % 2])
        };
        plan.add(
            "keys",
            "development",
            "published keys pasted",
            Known::Forged,
            pasted,
        );
    }
}
