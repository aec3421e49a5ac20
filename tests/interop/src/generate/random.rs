//! Random changes.

use fastrand::Rng;

use super::Plan;
use crate::delivery::{Delivery, Known};
use crate::scene::SETTINGS;
use crate::token::{Algorithm, HEADER, base64url, signed, token};

/// Labels of random changes, which have no row in DIFFERENCES.md.
pub(crate) const KINDS: [&str; 3] = ["random-token", "random-json", "random-parts"];

pub(super) fn add(plan: &mut Plan) {
    for round in 0..4000 {
        let scene = plan.scene(round % SETTINGS);
        let genuine = scene.genuine();
        let mutant = mutate(&genuine.signatures[0], &mut plan.rng, TOKEN);
        let delivery = Delivery {
            signatures: vec![mutant],
            ..genuine
        };
        plan.add("random", KINDS[0], "", Known::Open, delivery);

        // With a valid MAC: only the content is changed.
        let scene = plan.scene(round % SETTINGS);
        let (mut header, mut payload) = (HEADER.to_owned(), scene.claims.json());
        if round % 5 == 0 {
            header = mutate(&header, &mut plan.rng, JSON);
        } else {
            payload = mutate(&payload, &mut plan.rng, JSON);
        }
        let mutant = token(header, payload, Algorithm::Hs256, &scene.key);
        plan.add("random", KINDS[1], "", Known::Open, scene.delivery(mutant));

        if round % 4 == 0 {
            let scene = plan.scene(round / 4);
            let (mut header, mut payload) = (base64url(HEADER), base64url(scene.claims.json()));
            let part = if plan.rng.bool() {
                &mut header
            } else {
                &mut payload
            };
            *part = mutate(part, &mut plan.rng, TOKEN);
            let token = signed(&header, &payload, Algorithm::Hs256, &scene.key);
            plan.add("random", KINDS[2], "", Known::Open, scene.delivery(token));
        }
    }
}

const TOKEN: &str = "AZaz09-_+/=. .!\t\u{e9}\"%";
const JSON: &str = "{}[]:,\"\\'019.-+eE tfnu/\u{e9}\0=x";

/// Changes one to three characters.
fn mutate(text: &str, rng: &mut Rng, alphabet: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let alphabet: Vec<char> = alphabet.chars().collect();
    loop {
        for _ in 0..rng.usize(1..=3) {
            let at = rng.usize(..characters.len());
            let new = *rng.choice(&alphabet).unwrap();
            match rng.usize(..5) {
                0 => characters[at] = new,
                1 => characters.insert(at, new),
                2 => drop(characters.remove(at)),
                3 => {
                    let other = rng.usize(..characters.len());
                    characters.swap(at, other);
                }
                _ => characters.push(new),
            }
        }
        let changed: String = characters.iter().collect();
        if changed != text {
            return changed;
        }
    }
}
