//! The plan of a run.

use std::time::Duration;

/// Options of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) bounds: Bounds,
    /// Connections to each server.
    pub(crate) connections: usize,
    /// Whether client and servers share all cores.
    pub(crate) shared: bool,
    pub(crate) log: bool,
    /// Whether times are reported.
    pub(crate) timed: bool,
}

/// Bounds of time and number of responses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Minimum duration of a comparison.
    pub(crate) comparison: Duration,
    /// Maximum duration of a round.
    pub(crate) round: Duration,
    /// Maximum number of responses of a round.
    pub(crate) round_answers: usize,
    /// Minimum number of responses of wrapped servers, over all comparisons.
    pub(crate) answers: usize,
}
