//! The error of a run.

use std::error::Error;

/// Anything that stops a run.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;
