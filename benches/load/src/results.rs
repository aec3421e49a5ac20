//! The results of a run.

use std::time::Duration;

use crate::client::Tally;
use crate::process::Usage;
use crate::target::{Framework, Variant};

/// The results of a run.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) memory: Vec<Memory>,
    /// Correct responses of wrapped servers, including the warm-up.
    pub(crate) answers: usize,
    pub(crate) wrong: usize,
    /// Descriptions of the first wrong responses of each round.
    pub(crate) examples: Vec<String>,
}

/// Rounds of one kind of traffic to one framework.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) framework: Framework,
    pub(crate) traffic: Traffic,
    /// The `n`th rounds of all variants form a pair.
    pub(crate) bare: Vec<Round>,
    /// Empty unless the traffic is genuine.
    pub(crate) floor: Vec<Round>,
    pub(crate) wrapped: Vec<Round>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    Genuine,
    HalfForged,
}

impl Traffic {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Traffic::Genuine => "genuine",
            Traffic::HalfForged => "half of it forged",
        }
    }

    /// Whether a variant is measured with this traffic. Forgeries have no floor, since
    /// the cost of a refusal depends on its reason.
    pub(crate) fn includes(self, variant: Variant) -> bool {
        variant != Variant::Floor || self == Traffic::Genuine
    }
}

/// One round of one server.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) tally: Tally,
    pub(crate) elapsed: Duration,
    /// CPU time of the server.
    pub(crate) usage: Usage,
}

/// Memory of a server after the warm-up and at the end, in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) framework: Framework,
    pub(crate) variant: Variant,
    pub(crate) before: u64,
    pub(crate) after: u64,
    /// Requests between the two.
    pub(crate) requests: usize,
}

impl Memory {
    pub(crate) fn growth(&self) -> u64 {
        self.after.saturating_sub(self.before)
    }
}

impl Results {
    /// Adds the responses of the warm-up.
    pub(crate) fn add_warm_up(&mut self, variant: Variant, tally: Tally) {
        if variant == Variant::Wrapped {
            self.answers += tally.latencies.len();
        }
        self.wrong += tally.wrong;
        self.examples.extend(tally.examples);
    }

    pub(crate) fn add(&mut self, comparison: Comparison) {
        for round in &comparison.wrapped {
            self.answers += round.tally.latencies.len();
        }
        let others = comparison.bare.iter().chain(&comparison.floor);
        for round in others.chain(&comparison.wrapped) {
            self.wrong += round.tally.wrong;
            self.examples.extend(round.tally.examples.iter().cloned());
        }
        self.comparisons.push(comparison);
    }
}
