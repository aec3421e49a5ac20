//! Credentials for publishing: URL and token.

use std::fmt;

use zeroize::Zeroizing;

use crate::config::config_error::ConfigError;
use crate::config::config_warning::ConfigWarning;
use crate::config::development;
use crate::config::environment::primary_region;
use crate::config::lookup::{Variables, process_variable};
use crate::config::value::ValueProblem;
use crate::config::variables;
use crate::region::Region;
use crate::text::without_secrets;

/// The URL for publishing if none is set, in the EU.
const EU_URL: &str = "https://qstash.upstash.io";

/// The URL and token for publishing, for use with any HTTP client.
///
/// Read from the environment, they are, in this order:
///
/// 1. the primary region's URL and token, if `QSTASH_REGION` and both are set;
/// 2. `QSTASH_URL` and `QSTASH_TOKEN`;
/// 3. the EU URL and `QSTASH_TOKEN`.
///
/// Source: QStash documentation, "Multi-region".
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
    /// Creates credentials given in code.
    ///
    /// White space around both, and a `/` at the end of the URL, are removed.
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

    /// Reads the credentials from the process's environment.
    ///
    /// # Errors
    /// [`ConfigError::NoToken`] if no token is set,
    /// [`ConfigError::InvalidRegion`] if `QSTASH_REGION` names no region, and
    /// [`ConfigError::NotUnicode`] if one of the variables is not UTF-8.
    pub fn from_env() -> Result<Self, ConfigError> {
        Credentials::from_lookup(process_variable)
    }

    /// Reads the credentials from any other environment, by the same rules.
    ///
    /// [`variables::CREDENTIALS`] lists the names that may be looked up.
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

    /// Returns the credentials with which QStash's API returns the signing keys.
    ///
    /// There is an entry for each pair, by its region; `None` is the default pair.
    ///
    /// Those of the default pair are `QSTASH_URL` and `QSTASH_TOKEN`. If `QSTASH_REGION`
    /// is set, there are those of each region as well, whose URL may be unset: it is
    /// the region's own then. Pairs without a token are left out. Looks up
    /// [`variables::DEVELOPMENT`] and [`variables::CREDENTIALS`]; the list is empty if
    /// `QSTASH_DEV` is on, since the keys are fixed then. Logs nothing.
    ///
    /// ```
    /// use qstash_verify::{Credentials, Region};
    ///
    /// let credentials = Credentials::for_signing_keys(|name| match name {
    ///     "QSTASH_REGION" => Some("US_EAST_1".to_owned()),
    ///     "US_EAST_1_QSTASH_TOKEN" => Some("my-token".to_owned()),
    ///     _ => None,
    /// })?;
    /// let [(Some(Region::UsEast1), of_us)] = &credentials[..] else { panic!() };
    /// assert_eq!(of_us.url(), "https://qstash-us-east-1.upstash.io");
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`from_env`](Self::from_env), and
    /// [`ConfigError::InvalidDevelopmentMode`].
    pub fn for_signing_keys(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<(Option<Region>, Self)>, ConfigError> {
        let variables = Variables::new(lookup);
        let development = variables.get(variables::DEVELOPMENT)?;
        if development::is_on(development.as_ref().map(|value| value.as_str()))? {
            return Ok(Vec::new());
        }
        let regions = match primary_region(&variables)? {
            Some(_) => Region::ALL,
            None => &[],
        };
        let pairs = regions.iter().copied().map(Some).chain([None]);
        let (mut found, mut looked_for) = (Vec::new(), Vec::new());
        for region in pairs {
            looked_for.push(variables::token(region));
            let url = region.and_then(|region| region.urls().first());
            if let Some(credentials) = read(&variables, region, url.copied().or(Some(EU_URL)))? {
                found.push((region, credentials));
            }
        }
        if found.is_empty() {
            return Err(ConfigError::NoToken { looked_for });
        }
        Ok(found)
    }

    /// Returns the URL of QStash, without a trailing `/`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the token, for `Authorization: Bearer …`. Secret.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the source of the URL.
    #[must_use]
    pub fn url_source(&self) -> CredentialSource {
        self.url_source
    }

    /// Returns the source of the token.
    #[must_use]
    pub fn token_source(&self) -> CredentialSource {
        self.token_source
    }

    /// Returns the warnings of reading the environment.
    ///
    /// Empty for credentials given in code.
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

/// The source of a URL or a token of [`Credentials`].
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
    /// The EU URL, or the region's own, which is used where none is set.
    BuiltIn,
}

fn resolve<F: Fn(&str) -> Option<String>>(
    variables: &Variables<F>,
) -> Result<Credentials, ConfigError> {
    let mut warnings = Vec::new();
    let mut looked_for = Vec::new();

    let region = primary_region(variables)?;
    if let Some(region) = region {
        if let Some(credentials) = read(variables, Some(region), None)? {
            return Ok(credentials);
        }
        warnings.push(ConfigWarning::NoCredentialsForRegion { region });
        looked_for.push(variables::token(Some(region)));
    }
    looked_for.push(variables::token(None));
    let mut credentials =
        read(variables, None, Some(EU_URL))?.ok_or(ConfigError::NoToken { looked_for })?;
    credentials.warnings.splice(0..0, warnings);
    Ok(credentials)
}

/// Reads the token of a region, or the default one, and its URL, which may be absent only
/// if there is a built-in one.
fn read<F: Fn(&str) -> Option<String>>(
    variables: &Variables<F>,
    region: Option<Region>,
    built_in: Option<&str>,
) -> Result<Option<Credentials>, ConfigError> {
    let (url_name, token_name) = (variables::url(region), variables::token(region));
    let Some(token) = variables.get(token_name)? else {
        return Ok(None);
    };
    let (url, url_source) = match (variables.get(url_name)?, built_in) {
        (Some(url), _) => (without_slash(&url), CredentialSource::Variable(url_name)),
        (None, Some(url)) => (url.to_owned(), CredentialSource::BuiltIn),
        (None, None) => return Ok(None),
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
mod tests;
