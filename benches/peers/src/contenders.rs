//! Who is measured.

use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::deliveries::{KEYS, Shape};
use crate::process::Process;

/// One of those that are measured.
pub(crate) struct Contender {
    /// In the table.
    pub(crate) name: &'static str,
    /// Names and versions.
    pub(crate) parts: String,
    /// Of the deliveries that it is given.
    pub(crate) shape: Shape,
    /// Whether it looks at claims, as all but the floor do.
    pub(crate) knows_claims: bool,
    pub(crate) process: Process,
    /// How many it has been given.
    pub(crate) deliveries: usize,
}

/// All of them, ours first. `directory` is where Node and Python find their SDKs.
pub(crate) fn all(directory: &Path) -> Result<Vec<Contender>> {
    let mut python = Command::new(directory.join("venv/bin/python"));
    // Regardless of variables and of what the user has installed.
    python.arg("-I").arg(directory.join("contenders/python.py"));
    let mut node = Command::new("node");
    node.arg(directory.join("contenders/javascript.mjs"));
    [
        ("ours", beside("ours")?, Shape::Production, true),
        ("crypto floor", beside("floor")?, Shape::Production, false),
        (QSTASH_RS, beside("qstash_rs")?, Shape::QstashRs, true),
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

/// A program that was built together with this one.
pub(crate) fn beside(name: &str) -> Result<Command> {
    let this = std::env::current_exe().map_err(|error| format!("where am I? {error}"))?;
    Ok(Command::new(this.with_file_name(name)))
}
