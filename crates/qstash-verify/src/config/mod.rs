//! Configuration: the variables, the keys and credentials read from them, and
//! the errors and warnings of doing so.

mod credentials;
pub(crate) mod environment;
pub(crate) mod error;
pub mod variables;

pub use credentials::{CredentialSource, Credentials};
