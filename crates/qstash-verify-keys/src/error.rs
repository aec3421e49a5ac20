//! Errors: why refreshing can't start, and why keys can't be fetched.

use std::fmt;

use qstash_verify::ConfigError;

/// An error in the settings of a refresher or a [`KeyApi`](crate::KeyApi).
///
/// Each names the variable and the remedy, and holds no token.
///
/// ```
/// use qstash_verify::{SigningKeys, Verifier};
/// use qstash_verify_keys::{KeyRefresher, StartError};
///
/// let verifier = Verifier::new(SigningKeys::new("sig_current", "sig_next")?);
/// let error = KeyRefresher::from_lookup(&verifier, |_name| None).unwrap_err();
/// assert!(matches!(error, StartError::Config(_)));
/// assert!(error.to_string().contains("QSTASH_TOKEN"));
/// # Ok::<_, qstash_verify::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartError {
    /// The environment holds no usable credentials.
    Config(ConfigError),
    /// The URL of QStash can't be used; the text says why.
    #[non_exhaustive]
    InvalidUrl {
        /// The source of the URL: a variable, or code.
        source: String,
        /// The problem, in words.
        reason: &'static str,
    },
    /// The token can't be sent in a header.
    #[non_exhaustive]
    InvalidToken {
        /// The source of the token: a variable, or code.
        source: String,
    },
    /// None of the credentials belongs to a pair of keys that the verifier has.
    NoKeys,
    /// The certificates that this system trusts can't be read.
    #[non_exhaustive]
    Certificates {
        /// The system's error, in words.
        reason: String,
    },
    /// There is no tokio runtime.
    NoRuntime,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Config(error) => error.fmt(f),
            StartError::InvalidUrl { source, reason } => write!(
                f,
                "the URL in {source} {reason}: copy it from the QStash console"
            ),
            StartError::InvalidToken { source } => write!(
                f,
                "the token in {source} has characters that no token has: copy it from the \
                 QStash console"
            ),
            StartError::NoKeys => f.write_str(
                "there are credentials, but for none of the verifier's keys: set the token of \
                 the region whose keys it has, or QSTASH_TOKEN for the default pair",
            ),
            StartError::Certificates { reason } => write!(
                f,
                "the certificates that this system trusts can't be read: {reason}; install \
                 ca-certificates"
            ),
            StartError::NoRuntime => f.write_str(
                "there is no tokio runtime: start within `#[tokio::main]` or `#[actix_web::main]`",
            ),
        }
    }
}

impl std::error::Error for StartError {}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        StartError::Config(error)
    }
}

/// The reason why keys couldn't be fetched; the last good ones stay in use.
///
/// The [`Display`](fmt::Display) form names the remedy, and holds no key and no token.
///
/// ```no_run
/// # async fn first_fetch(refresh: qstash_verify_keys::RefreshHandle) {
/// if let Err(error) = refresh.first_fetch().await {
///     eprintln!("starting with the keys of the environment: {error}");
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchError {
    pub(crate) text: String,
    /// Whether the request changed nothing for certain.
    pub(crate) is_refusal: bool,
}

impl FetchError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        FetchError {
            text: text.into(),
            is_refusal: false,
        }
    }

    pub(crate) fn refusal(text: impl Into<String>) -> Self {
        FetchError {
            text: text.into(),
            is_refusal: true,
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for FetchError {}
