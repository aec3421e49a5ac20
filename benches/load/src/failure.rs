//! The error of a run.

use std::error::Error;

/// An error that stops a run.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;
