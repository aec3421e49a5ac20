//! The report of `check`: variables that are set, and findings.

use std::fmt;

use qstash_verify::{
    ConfigError, CredentialSource, Credentials, KeyRing, KeySource, Region, variables,
};
use serde_json::{Value, json};

use super::finding::{Finding, Level};
use super::publishing;
use crate::environment::Environment;
use crate::keys::all_pairs;
use crate::output::{ASIDE, BAD, GOOD, HEADING, Line, Masked, ODD, count, styled};

pub(super) struct Report<'a> {
    environment: &'a Environment,
    findings: Vec<Finding>,
}

impl<'a> Report<'a> {
    pub(super) fn new(environment: &'a Environment, findings: Vec<Finding>) -> Self {
        Report {
            environment,
            findings,
        }
    }

    pub(super) fn make_strict(&mut self) {
        for finding in &mut self.findings {
            if finding.level == Level::Warning {
                finding.level = Level::Error;
            }
        }
    }

    pub(super) fn count(&self, level: Level) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.level == level).count()
    }

    fn mode(&self) -> &'static str {
        match (
            self.environment.region(),
            self.environment.set(variables::REGION),
        ) {
            (Some(_), _) => "multi-region",
            (None, Some(_)) => "invalid",
            (None, None) => "single-region",
        }
    }

    fn credentials(&self) -> Result<Credentials, ConfigError> {
        Credentials::from_lookup(self.environment.lookup())
    }

    /// Returns how many keys of a pair are set, and whether it is used.
    fn pair(&self, region: Option<Region>) -> Pair {
        let keys = variables::signing_keys(region).map(|name| self.environment.set(name));
        // The default pair verifies deliveries without a region.
        let source = match region {
            Some(_) => KeySource::Region,
            None => KeySource::Default,
        };
        let used = !self.environment.is_development()
            && KeyRing::from_lookup_allow_development_keys(self.environment.lookup())
                .is_ok_and(|ring| ring.key_source(region) == Some(source));
        Pair {
            set: keys.iter().flatten().count(),
            used,
        }
    }

    /// Describes the source of a variable, and whether it hides another value.
    fn origin(&self, name: &str) -> Option<String> {
        let source = self.environment.source(name)?;
        let hides = if self.environment.hides(name) {
            ", hides another value in the file"
        } else {
            ""
        };
        Some(format!("{source}{hides}"))
    }

    /// Describes the variable of a credential, and its source.
    fn credential_origin(&self, source: CredentialSource) -> String {
        match source {
            CredentialSource::Variable(name) => match self.origin(name) {
                Some(origin) => format!("{name}, {origin}"),
                None => name.to_owned(),
            },
            _ => "built in".to_owned(),
        }
    }

    pub(super) fn json(&self) -> Value {
        let region = self.environment.region();
        let file = self.environment.file().map(|file| file.path.display());
        let outgoing = self.credentials().ok().map(|credentials| {
            json!({
                "url": publishing::shown(credentials.url()),
                "url_source": self.credential_origin(credentials.url_source()),
                "token": Masked(credentials.token()).to_string(),
                "token_source": self.credential_origin(credentials.token_source()),
            })
        });
        let incoming: Vec<_> = all_pairs()
            .map(|region| {
                let pair = self.pair(region);
                let [current, next] = variables::signing_keys(region).map(|name| {
                    self.environment.set(name).map(|value| {
                        json!({
                            "variable": name,
                            "value": Masked(value.trim()).to_string(),
                            "source": self.origin(name),
                        })
                    })
                });
                json!({
                    "region": region.map(Region::as_str),
                    "complete": pair.set == 2,
                    "used": pair.used,
                    "current": current,
                    "next": next,
                })
            })
            .collect();
        let findings: Vec<_> = self
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "level": finding.level.as_str(),
                    "code": finding.code,
                    "message": finding.message,
                })
            })
            .collect();
        json!({
            "ok": self.count(Level::Error) == 0,
            "mode": self.mode(),
            "region": region.map(Region::as_str),
            "env_file": file.map(|path| path.to_string()),
            "outgoing": outgoing,
            "incoming": incoming,
            "checks": findings,
            "errors": self.count(Level::Error),
            "warnings": self.count(Level::Warning),
            "notes": self.count(Level::Note),
            "passed": self.count(Level::Passed),
        })
    }

    fn write_outgoing(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", styled(HEADING, "outgoing"))?;
        let credentials = match self.credentials() {
            Ok(credentials) => credentials,
            Err(ConfigError::InvalidRegion { .. }) => {
                return writeln!(f, "  unknown while QSTASH_REGION is invalid");
            }
            Err(_) => return writeln!(f, "  no token: nothing can be published, only received"),
        };
        let url = publishing::shown(credentials.url());
        let token = Masked(credentials.token()).to_string();
        let origins = [credentials.url_source(), credentials.token_source()]
            .map(|source| self.credential_origin(source));
        let width = url.chars().count().max(token.chars().count());
        for ((name, value), origin) in [("url", url), ("token", token)].iter().zip(origins) {
            writeln!(f, "  {name:<5}  {value:<width$}  {}", styled(ASIDE, origin))?;
        }
        Ok(())
    }

    fn write_incoming(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", styled(HEADING, "incoming"))?;
        if self.environment.is_development() {
            writeln!(f, "  published keys of the development server: used")?;
        }
        for region in all_pairs() {
            let name = region.map_or("default", Region::as_str);
            let pair = self.pair(region);
            let state = match pair.set {
                0 => "not set",
                1 => "incomplete",
                _ => "complete",
            };
            let used = if pair.set == 2 && !pair.used {
                ", not used"
            } else {
                ""
            };
            writeln!(f, "  {name} pair: {state}{used}")?;
            if pair.set == 0 {
                continue;
            }
            let names = variables::signing_keys(region);
            let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
            for name in names {
                let value = self.environment.set(name);
                let shown = match value {
                    Some(value) => Masked(value.trim()).to_string(),
                    None if self.environment.source(name).is_some() => "empty".to_owned(),
                    None => "not set".to_owned(),
                };
                let origin = self.origin(name).map_or(String::new(), |origin| {
                    format!("  {}", styled(ASIDE, origin))
                });
                writeln!(f, "    {name:<width$}  {shown}{origin}")?;
            }
        }
        Ok(())
    }
}

struct Pair {
    /// The number of its keys that are set.
    set: usize,
    used: bool,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = self.environment.region();
        let primary = region.map_or(String::new(), |region| format!(", primary region {region}"));
        writeln!(f, "{} {}{primary}", styled(HEADING, "mode"), self.mode())?;
        let file = match self.environment.file() {
            Some(file) => format!("this process and {}", file.path.display()),
            None => "this process; there is no file .env".to_owned(),
        };
        writeln!(f, "{} {file}", styled(HEADING, "variables of"))?;
        self.write_outgoing(f)?;
        self.write_incoming(f)?;
        writeln!(f, "{}", styled(HEADING, "checks"))?;
        for Finding { level, message, .. } in &self.findings {
            let (style, level) = match level {
                Level::Passed => (GOOD, "passed "),
                Level::Note => (ASIDE, "note   "),
                Level::Warning => (ODD, "warning"),
                Level::Error => (BAD, "error  "),
            };
            writeln!(f, "  {} {}", styled(style, level), Line(message))?;
        }
        let (errors, warnings) = (self.count(Level::Error), self.count(Level::Warning));
        let style = match (errors, warnings) {
            (0, 0) => GOOD,
            (0, _) => ODD,
            _ => BAD,
        };
        let sum = format!(
            "{}, {}, {} passed",
            count(errors, "error"),
            count(warnings, "warning"),
            self.count(Level::Passed)
        );
        writeln!(f, "{}", styled(style, sum))
    }
}
