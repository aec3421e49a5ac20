//! Outgoing credentials: where to publish, and with which token.

use std::fmt;

use zeroize::Zeroizing;

use crate::config::config_error::ConfigError;
use crate::config::config_warning::ConfigWarning;
use crate::config::environment::primary_region;
use crate::config::lookup::{Variables, process_variable};
use crate::config::value::ValueProblem;
use crate::config::variables;
use crate::region::Region;
use crate::text::without_secrets;

/// Where a publisher goes that names no URL, in the EU.
const EU_URL: &str = "https://qstash.upstash.io";

/// URL and token to publish with, for whatever HTTP client is used.
///
/// They are resolved in the documented order: the primary region's URL and
/// token if `QSTASH_REGION` is set and both are there; else `QSTASH_URL` and
/// `QSTASH_TOKEN`; else the EU URL with `QSTASH_TOKEN`. Those given in code
/// ([`Credentials::new`]) need no resolving.
///
/// ```
/// use qstash_verify::{CredentialSource, Credentials};
///
/// let credentials = Credentials::from_lookup(|name| match name {
///     "QSTASH_TOKEN" => Some("my-token".to_owned()),
///     _ => None,
/// })?;
/// assert_eq!(credentials.url(), "https://qstash.upstash.io");
/// assert_eq!(credentials.url_source(), CredentialSource::BuiltIn);
/// assert_eq!(credentials.token_source(), CredentialSource::Variable("QSTASH_TOKEN"));
/// # Ok::<_, qstash_verify::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Credentials {
    url: String,
    token: Zeroizing<String>,
    url_source: CredentialSource,
    token_source: CredentialSource,
    warnings: Vec<ConfigWarning>,
}

impl Credentials {
    /// Credentials given in code. A `/` at the end of the URL is dropped.
    #[must_use]
    pub fn new(url: &str, token: &str) -> Self {
        Credentials {
            url: without_slash(url.trim()),
            token: Zeroizing::new(token.trim().to_owned()),
            url_source: CredentialSource::Explicit,
            token_source: CredentialSource::Explicit,
            warnings: Vec::new(),
        }
    }

    /// The credentials that the process's environment holds.
    ///
    /// # Errors
    /// [`ConfigError::NoToken`] if no token is set,
    /// [`ConfigError::InvalidRegion`] if `QSTASH_REGION` names no region, and
    /// [`ConfigError::NotUnicode`] if one of the variables is not UTF-8.
    pub fn from_env() -> Result<Self, ConfigError> {
        Credentials::from_lookup(process_variable)
    }

    /// The credentials of any other environment, by the same rules.
    ///
    /// # Errors
    /// Those of [`from_env`](Self::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let credentials = resolve(&Variables::new(lookup))?;
        for warning in &credentials.warnings {
            tracing::warn!(target: "qstash_verify", "{warning}");
        }
        Ok(credentials)
    }

    /// The URL of QStash, without a `/` at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token, for `Authorization: Bearer …`. Secret.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Where the URL comes from.
    #[must_use]
    pub fn url_source(&self) -> CredentialSource {
        self.url_source
    }

    /// Where the token comes from.
    #[must_use]
    pub fn token_source(&self) -> CredentialSource {
        self.token_source
    }

    /// What was noticed on the way; empty for those given in code.
    #[must_use]
    pub fn warnings(&self) -> &[ConfigWarning] {
        &self.warnings
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("url", &without_secrets(&self.url))
            .field("url_source", &self.url_source)
            .field("token_source", &self.token_source)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

/// Where a URL or a token comes from; see [`Credentials`].
///
/// ```
/// use qstash_verify::{CredentialSource, Credentials};
///
/// let credentials = Credentials::new("https://qstash-us-east-1.upstash.io", "my-token");
/// assert_eq!(credentials.url_source(), CredentialSource::Explicit);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialSource {
    /// Given in code.
    Explicit,
    /// The variable of this name.
    Variable(&'static str),
    /// The EU URL, which is used where none is set.
    BuiltIn,
}

fn resolve<F: Fn(&str) -> Option<String>>(
    variables: &Variables<F>,
) -> Result<Credentials, ConfigError> {
    let mut warnings = Vec::new();
    let mut looked_for = Vec::new();

    let region = primary_region(variables)?;
    if let Some(region) = region {
        if let Some(credentials) = read(variables, Some(region))? {
            return Ok(credentials);
        }
        warnings.push(ConfigWarning::NoCredentialsForRegion { region });
        looked_for.push(variables::token(Some(region)));
    }
    looked_for.push(variables::token(None));
    let mut credentials = read(variables, None)?.ok_or(ConfigError::NoToken { looked_for })?;
    credentials.warnings.splice(0..0, warnings);
    Ok(credentials)
}

/// The token of the region or the default one, with its URL. Only the default
/// URL may be absent.
fn read<F: Fn(&str) -> Option<String>>(
    variables: &Variables<F>,
    region: Option<Region>,
) -> Result<Option<Credentials>, ConfigError> {
    let (url_name, token_name) = (variables::url(region), variables::token(region));
    let Some(token) = variables.get(token_name)? else {
        return Ok(None);
    };
    let (url, url_source) = match (variables.get(url_name)?, region) {
        (Some(url), _) => (without_slash(&url), CredentialSource::Variable(url_name)),
        (None, None) => (EU_URL.to_owned(), CredentialSource::BuiltIn),
        (None, Some(_)) => return Ok(None),
    };
    let warning = ValueProblem::of_token(&token).map(|problem| ConfigWarning::UnlikelyValue {
        variable: token_name,
        problem,
    });
    Ok(Some(Credentials {
        url,
        token,
        url_source,
        token_source: CredentialSource::Variable(token_name),
        warnings: warning.into_iter().collect(),
    }))
}

fn without_slash(url: &str) -> String {
    url.strip_suffix('/').unwrap_or(url).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(set: &[(&str, &str)]) -> Result<Credentials, ConfigError> {
        let lookup = |name: &str| {
            let found = set.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        resolve(&Variables::new(lookup))
    }

    const US: [(&str, &str); 3] = [
        ("QSTASH_REGION", "US_EAST_1"),
        (
            "US_EAST_1_QSTASH_URL",
            "https://qstash-us-east-1.upstash.io/",
        ),
        ("US_EAST_1_QSTASH_TOKEN", " us-token\n"),
    ];
    const DEFAULT: [(&str, &str); 2] = [
        ("QSTASH_URL", "https://qstash.example/"),
        ("QSTASH_TOKEN", "default-token"),
    ];

    #[test]
    fn the_primary_region_comes_first() {
        let found = read_all(&[&US[..], &DEFAULT].concat()).unwrap();
        assert_eq!(
            (found.url(), found.token()),
            ("https://qstash-us-east-1.upstash.io", "us-token")
        );
        assert_eq!(
            found.url_source(),
            CredentialSource::Variable("US_EAST_1_QSTASH_URL")
        );
        assert_eq!(
            found.token_source(),
            CredentialSource::Variable("US_EAST_1_QSTASH_TOKEN")
        );
        assert_eq!(found.warnings(), []);
    }

    #[test]
    fn a_region_half_set_falls_back_with_a_warning() {
        for half in [&US[..2], &[US[0], US[2]], &US[..1]] {
            let found = read_all(&[half, &DEFAULT].concat()).unwrap();
            assert_eq!(
                (found.url(), found.token()),
                ("https://qstash.example", "default-token")
            );
            let region = Region::UsEast1;
            assert_eq!(
                found.warnings(),
                [ConfigWarning::NoCredentialsForRegion { region }]
            );
        }
    }

    #[test]
    fn without_a_region_its_credentials_are_not_used() {
        let found = read_all(&[&US[1..], &DEFAULT[1..]].concat()).unwrap();
        assert_eq!((found.url(), found.token()), (EU_URL, "default-token"));
        assert_eq!(found.url_source(), CredentialSource::BuiltIn);
    }

    #[test]
    fn no_token_names_all_that_was_looked_for() {
        let error = read_all(&[US[0], US[1], ("QSTASH_TOKEN", "")]).unwrap_err();
        let looked_for = vec!["US_EAST_1_QSTASH_TOKEN", "QSTASH_TOKEN"];
        assert_eq!(error, ConfigError::NoToken { looked_for });
    }

    #[test]
    fn the_token_is_not_printed() {
        let printed = format!("{:?}", Credentials::new("https://x/", "secret-token"));
        assert!(
            printed.contains("https://x\"") && !printed.contains("secret"),
            "{printed}"
        );
    }

    #[test]
    fn what_is_built_in_is_a_url_of_the_eu() {
        assert!(Region::EuCentral1.urls().contains(&EU_URL));
    }
}
