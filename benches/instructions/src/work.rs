//! The work of a case, and its measurement.

use std::time::Duration;

use crate::request::Request;

/// Runs the work of a case a number of times.
pub(crate) type Work = fn(&Request, u64) -> Measurement;

/// The last status, and the time of all runs.
#[derive(Default)]
pub(crate) struct Measurement {
    /// Status of the last response.
    pub(crate) status: u16,
    /// Excludes the time to build the requests.
    pub(crate) elapsed: Duration,
}
