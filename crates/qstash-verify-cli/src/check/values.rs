//! Checks of the `.env` file and of values.

use super::finding::Findings;
use super::known_names::known_names;
use crate::environment::{EnvFile, Environment, MalformedLine, Source};

pub(super) fn check_file(environment: &Environment, findings: &mut Findings) {
    if let Some(file) = environment.file() {
        let passed = format!("{} can be read", file.path.display());
        findings.check("env_file", passed, |found| check_lines(file, found));
        note_file_alone(environment, file, findings);
    }
}

/// Notes the variables that only the file sets, which a service doesn't read.
fn note_file_alone(environment: &Environment, file: &EnvFile, findings: &mut Findings) {
    let in_file = |name: &&str| matches!(environment.source(name), Some(Source::File(_)));
    let names: Vec<_> = known_names().into_iter().filter(in_file).collect();
    if !names.is_empty() {
        let path = file.path.display();
        findings.note(
            "env_file_alone",
            format!(
                "only {path} sets {}: a service does not read the file unless it loads it, for \
                 example with the crate dotenvy",
                names.join(", ")
            ),
        );
    }
}

fn check_lines(file: &EnvFile, found: &mut Findings) {
    let path = file.path.display();
    for MalformedLine { number, name, why } in &file.malformed {
        let name = name
            .as_ref()
            .map_or(String::new(), |name| format!(", {name}"));
        found.error(
            "env_file",
            format!("{path}, line {number}{name}, can't be parsed: {why}"),
        );
    }
    for name in &file.repeated {
        if known_names().contains(&name.as_str()) {
            found.warning(
                "env_file",
                format!(
                    "{name} is set more than once in {path}: some programs use the first value, \
                     as this one, and others the last; keep one"
                ),
            );
        }
    }
}

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    let given = |name: &&str| environment.get(name).is_some();
    if known_names().iter().any(given) {
        let passed = "no white space around a value";
        findings.check("value", passed, |found| check_values(environment, found));
    }
}

fn check_values(environment: &Environment, found: &mut Findings) {
    for name in known_names() {
        let Some(value) = environment.set(name) else {
            continue;
        };
        if value.trim() != value {
            found.warning(
                "white_space",
                format!(
                    "{name} has white space around its value: other SDKs count it as part of the \
                     value; remove it"
                ),
            );
        }
    }
}
