//! The committed seeds and their expected outcomes.
//!
//! `cargo test --lib -- --ignored write_the_seeds` writes them.

mod authenticate;
mod environment;
mod layer;
mod seed;
mod token;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seed::Seed;

fn all() -> BTreeMap<PathBuf, Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files = BTreeMap::new();
    let targets = [
        ("authenticate", authenticate::all()),
        ("layer", layer::all()),
        ("environment", environment::all()),
    ];
    for (target, seeds) in targets {
        files.extend(
            seeds
                .into_iter()
                .map(|(name, _, data)| (corpus.join(target).join(name), data)),
        );
    }
    let tokens = token::all().into_iter();
    files.extend(tokens.map(|(name, _, data)| (corpus.join("token").join(name), data)));
    files
}

#[test]
fn seeds_have_their_expected_outcome() {
    let mut wrong = Vec::new();
    type Target = (Vec<Seed>, fn(&[u8]) -> &'static str);
    let targets: [Target; 3] = [
        (authenticate::all(), crate::authenticate::run),
        (layer::all(), crate::layer::run),
        (environment::all(), crate::environment::run),
    ];
    for (seeds, run) in targets {
        for (name, outcome, data) in seeds {
            let found = run(&data);
            if found != outcome {
                wrong.push(format!("{name} is {found}"));
            }
        }
    }
    for (name, outcomes, data) in token::all() {
        let found = crate::token::run(&data);
        if found != outcomes {
            wrong.push(format!("{name} is {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn committed_seeds_are_up_to_date() {
    let remedy = "run `cargo test --lib -- --ignored write_the_seeds` and commit fuzz/corpus";
    let wanted = all();
    for target in ["authenticate", "environment", "layer", "token"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus")
            .join(target);
        for file in std::fs::read_dir(folder).expect(remedy) {
            let path = file.unwrap().path();
            assert!(wanted.contains_key(&path), "{}: {remedy}", path.display());
        }
    }
    for (path, data) in wanted {
        assert!(
            std::fs::read(&path).ok() == Some(data),
            "{}: {remedy}",
            path.display()
        );
    }
}

#[test]
#[ignore = "writes files"]
fn write_the_seeds() {
    let _ = std::fs::remove_dir_all(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus"));
    for (path, data) in all() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, data).unwrap();
    }
}
