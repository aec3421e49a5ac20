//! The report of `keys`.

use std::fmt;

use qstash_verify::{Region, variables};
use qstash_verify_keys::FetchedKeys;
use serde_json::{Value, json};

use super::ask::ConsolePair;
use super::compare::{Comparison, KeyState, PairState, compare};
use super::write::Written;
use crate::environment::Environment;
use crate::output::{ASIDE, BAD, GOOD, HEADING, Line, Masked, ODD, styled};

pub(super) struct Report<'a> {
    environment: &'a Environment,
    pairs: Vec<(&'a ConsolePair, Option<Comparison>)>,
    pub(super) written: Option<&'a Written>,
}

impl<'a> Report<'a> {
    pub(super) fn new(environment: &'a Environment, pairs: &'a [ConsolePair]) -> Self {
        let compared = pairs
            .iter()
            .map(|pair| (pair, compare(pair, pairs, environment)));
        Report {
            environment,
            pairs: compared.collect(),
            written: None,
        }
    }

    /// Whether each pair is that of the console.
    pub(super) fn is_up_to_date(&self) -> bool {
        self.pairs.iter().all(|(_, comparison)| {
            let state = comparison.as_ref().map(|comparison| comparison.state);
            state == Some(PairState::UpToDate)
        })
    }

    /// The rows of current and of next.
    fn rows(&self, pair: &ConsolePair, comparison: Option<&Comparison>) -> [Row; 2] {
        let [current, next] = variables::signing_keys(pair.region);
        let keys = pair.keys.as_ref().ok();
        let states = comparison.map(|comparison| comparison.keys.map(Some));
        let [of_current, of_next] = states.unwrap_or_default();
        [
            self.row(current, keys.map(FetchedKeys::current), of_current),
            self.row(next, keys.map(FetchedKeys::next), of_next),
        ]
    }

    fn row(&self, name: &'static str, console: Option<&str>, state: Option<KeyState>) -> Row {
        let value = self.environment.set(name);
        let source = self.environment.source(name);
        Row {
            name,
            environment: value.map(|value| Masked(value.trim()).to_string()),
            absence: self.environment.absence(name),
            source: source.map(|source| source.to_string()),
            console: console.map(|key| Masked(key).to_string()),
            state,
        }
    }

    pub(super) fn json(&self) -> Value {
        let pairs = self.pairs.iter().map(|(pair, comparison)| {
            let [current, next] = self.rows(pair, comparison.as_ref()).map(|row| row.json());
            let state = comparison.as_ref().map(|comparison| comparison.state);
            json!({
                "region": pair.region.map(Region::as_str),
                "host": pair.host,
                "state": state.map_or("not_asked", PairState::code),
                "message": state.map(PairState::message),
                "error": pair.keys.as_ref().err(),
                "current": current,
                "next": next,
            })
        });
        let written = self.written.map(|written| {
            json!({
                "file": written.path.display().to_string(),
                "variables": written.variables,
                "hidden": written.hidden,
            })
        });
        json!({
            "ok": match self.written {
                Some(written) => written.hidden.is_empty(),
                None => self.is_up_to_date(),
            },
            "pairs": pairs.collect::<Vec<_>>(),
            "written": written,
        })
    }
}

struct Row {
    name: &'static str,
    environment: Option<String>,
    absence: &'static str,
    source: Option<String>,
    console: Option<String>,
    state: Option<KeyState>,
}

impl Row {
    fn json(&self) -> Value {
        json!({
            "variable": self.name,
            "environment": self.environment,
            "source": self.source,
            "console": self.console,
            "state": self.state.map(KeyState::code),
        })
    }

    fn shown(&self) -> &str {
        let absence = self.absence.strip_prefix("is ").unwrap_or(self.absence);
        self.environment.as_deref().unwrap_or(absence)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (pair, comparison) in &self.pairs {
            let name = pair.region.map_or("default", Region::as_str);
            let host = pair.host.as_deref().unwrap_or("an unknown host");
            let heading = format!("{name} pair at {}", Line(host));
            writeln!(f, "{}", styled(HEADING, heading))?;
            let rows = self.rows(pair, comparison.as_ref());
            let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
            let values = rows.iter().map(|row| row.shown().chars().count());
            let value_width = values.max().unwrap_or(0).max("environment".len());
            let head = format!("{:<width$}  {:<value_width$}  console", "", "environment");
            writeln!(f, "  {}", styled(ASIDE, head))?;
            for row in rows {
                let (name, shown) = (row.name, row.shown());
                let console = row.console.as_deref().unwrap_or("unknown");
                write!(f, "  {name:<width$}  {shown:<value_width$}  {console}")?;
                match row.state {
                    None => writeln!(f)?,
                    Some(state) => {
                        let style = match state {
                            KeyState::UpToDate => GOOD,
                            _ => BAD,
                        };
                        writeln!(f, "  {}", styled(style, state.text()))?;
                    }
                }
            }
            let (style, message) = match comparison {
                Some(comparison) => {
                    let style = match comparison.state {
                        PairState::UpToDate => GOOD,
                        PairState::Swapped | PairState::RolledOnce | PairState::WrongNext => ODD,
                        _ => BAD,
                    };
                    (style, comparison.state.message())
                }
                None => (BAD, "the console's keys are unknown".to_owned()),
            };
            writeln!(f, "  {}", styled(style, message))?;
        }
        if let Some(written) = self.written {
            let path = written.path.display();
            match written.variables.as_slice() {
                [] => writeln!(f, "{path} has the keys of the console already")?,
                names => writeln!(f, "wrote {} to {path}", names.join(", "))?,
            }
        }
        Ok(())
    }
}
