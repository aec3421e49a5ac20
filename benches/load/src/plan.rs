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
    /// Whether times are reported and judged.
    pub(crate) timed: bool,
}

/// Bounds of the time and of the number of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Minimum duration of a comparison.
    pub(crate) comparison: Duration,
    /// Maximum duration of a round.
    pub(crate) round: Duration,
    /// Maximum number of answers of a round.
    pub(crate) round_answers: usize,
    /// Minimum number of answers of wrapped servers, over all comparisons.
    pub(crate) answers: usize,
}
