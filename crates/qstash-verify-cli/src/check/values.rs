//! Checks of the syntax of the `.env` file and of the values.

use super::finding::Findings;
use super::known_names::known_names;
use crate::environment::{EnvFile, Environment, MalformedLine};

pub(super) fn check_file(environment: &Environment, findings: &mut Findings) {
    if let Some(file) = environment.file() {
        let passed = format!("{} can be read", file.path.display());
        findings.check("env_file", passed, |found| check_lines(file, found));
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
            format!("{path}, line {number}{name}, can't be read: {why}"),
        );
    }
    for name in &file.repeated {
        if known_names().contains(&name.as_str()) {
            found.warning(
                "env_file",
                format!(
                    "{name} is set more than once in {path}: some programs take the first value, \
                     as this does, and some the last; leave one"
                ),
            );
        }
    }
}

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    let given = |name: &&str| environment.get(name).is_some() || environment.is_unreadable(name);
    if known_names().iter().any(given) {
        let passed = "no quotes and no white space around a value";
        findings.check("value", passed, |found| check_values(environment, found));
    }
}

fn check_values(environment: &Environment, found: &mut Findings) {
    for name in known_names() {
        if environment.is_unreadable(name) {
            let text = format!("{name} is not Unicode, so it counts as unset: set it anew");
            found.error("value", text);
        }
        let Some(value) = environment.set(name) else {
            continue;
        };
        if value.trim().starts_with(['"', '\'']) || value.trim().ends_with(['"', '\'']) {
            found.error(
                "quotes",
                format!(
                    "{name} has quotes around its value, and they count as part of it: take them \
                     away (docker's --env-file keeps quotes, a shell doesn't)"
                ),
            );
        } else if value.trim() != value {
            found.warning(
                "white_space",
                format!(
                    "{name} has white space around its value: it is dropped here, and other SDKs \
                     take it as part of the value; take it away"
                ),
            );
        } else if value.contains(char::is_whitespace) {
            found.error(
                "white_space",
                format!("{name} has white space in its value: copy it anew, whole and alone"),
            );
        }
    }
}
