//! Builds the example binaries, to run them as processes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::Kind;

/// Returns the path of an example's binary; the first call builds all of them.
pub(crate) fn example(kind: Kind) -> &'static Path {
    static BINARIES: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    let name = |kind| match kind {
        Kind::Axum => "example-axum",
        Kind::Actix => "example-actix",
        Kind::Hyper => "example-hyper",
        Kind::Poem => "example-poem",
        Kind::Rocket => "example-rocket",
        Kind::Warp => "example-warp",
    };
    let binaries = BINARIES.get_or_init(|| build(&Kind::ALL.map(name)));
    &binaries[name(kind)]
}

/// Builds packages in the profile of the running test and returns their binaries.
fn build(packages: &[&str]) -> HashMap<String, PathBuf> {
    let test = std::env::current_exe().unwrap();
    // <target>/<profile>/deps/<test>
    let [profile, target] = [2, 3].map(|up| test.ancestors().nth(up).unwrap());
    let profile = match profile.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        profile => profile,
    };
    // Cargo sets these for the test; build scripts would rerun because of them.
    let foreign = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    });
    let mut cargo = Command::new(env!("CARGO"));
    for name in foreign {
        cargo.env_remove(name);
    }
    let output = cargo
        .args(["build", "--locked", "--profile", profile])
        .args(
            packages
                .iter()
                .map(|package| format!("--package={package}")),
        )
        .args(["--message-format", "json"])
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let messages = String::from_utf8(output.stdout).unwrap();
    let executables = messages.lines().filter_map(|message| {
        let message: Value = serde_json::from_str(message).unwrap();
        let name = message["target"]["name"].as_str()?.to_owned();
        Some((name, PathBuf::from(message["executable"].as_str()?)))
    });
    let binaries: HashMap<_, _> = executables.collect();
    assert_eq!(binaries.len(), packages.len(), "{binaries:?}");
    binaries
}
