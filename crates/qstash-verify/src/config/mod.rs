//! Configuration: variables, keys, credentials, errors and warnings.

pub(crate) mod config_error;
pub(crate) mod config_warning;
mod credentials;
mod development;
mod environment;
mod lookup;
mod pair;
mod value;
pub mod variables;

pub use config_error::ConfigError;
pub use config_warning::ConfigWarning;
pub use credentials::{CredentialSource, Credentials};
pub use value::ValueProblem;
