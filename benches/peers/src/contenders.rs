//! The measured verifiers.

use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::deliveries::{KEYS, Shape};
use crate::process::Process;

/// A measured verifier.
pub(crate) struct Contender {
    /// The name in the table.
    pub(crate) name: &'static str,
    /// Names and versions.
    pub(crate) parts: String,
    /// The shape of its deliveries.
    pub(crate) shape: Shape,
    /// Whether it checks claims, as all but the floor do.
    pub(crate) knows_claims: bool,
    pub(crate) process: Process,
    /// Number of deliveries sent to it.
    pub(crate) deliveries: usize,
}

/// Starts all contenders, ours first. `directory` contains the installed SDKs.
pub(crate) fn all(directory: &Path) -> Result<Vec<Contender>> {
    let mut python = Command::new(directory.join("venv/bin/python"));
    // -I ignores environment variables and user packages.
    python.arg("-I").arg(directory.join("contenders/python.py"));
    let mut node = Command::new("node");
    node.arg(directory.join("contenders/javascript.mjs"));
    [
        ("ours", binary("ours")?, Shape::Production, true),
        ("crypto floor", binary("floor")?, Shape::Production, false),
        (QSTASH_RS, binary("qstash_rs")?, Shape::QstashRs, true),
        ("Python SDK", python, Shape::Production, true),
        ("JavaScript SDK", node, Shape::Production, true),
    ]
    .into_iter()
    .map(|(name, command, shape, knows_claims)| {
        let (process, parts) = Process::start(name, command, KEYS)?;
        Ok(Contender {
            name,
            parts,
            shape,
            knows_claims,
            process,
            deliveries: 0,
        })
    })
    .collect()
}

pub(crate) const QSTASH_RS: &str = "qstash-rs";

/// Returns the command of a binary of this package.
pub(crate) fn binary(name: &str) -> Result<Command> {
    let this =
        std::env::current_exe().map_err(|error| format!("can't locate this program: {error}"))?;
    Ok(Command::new(this.with_file_name(name)))
}
