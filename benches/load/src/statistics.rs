//! Statistics of the rounds.

use std::time::Duration;

use crate::results::{Comparison, Round};

/// The statistics of a variant.
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    /// The 50th, 90th, 99th and 99.9th percentile, in milliseconds.
    pub(crate) latencies: [f64; 4],
    /// CPU time of the server per request, in microseconds.
    pub(crate) cpu: f64,
    /// The 10th percentile of `cpu` over the rounds, close to an idle machine: other load
    /// increases CPU time.
    pub(crate) idle: f64,
    /// Shares of the time that the server ran and waited for its core.
    pub(crate) busy: f64,
    pub(crate) waiting: f64,
    pub(crate) closed: usize,
}

impl Figures {
    pub(crate) fn new(rounds: &[Round]) -> Self {
        let mut latencies: Vec<u32> = rounds
            .iter()
            .flat_map(|round| &round.tally.latencies)
            .copied()
            .collect();
        latencies.sort_unstable();
        let elapsed: Duration = rounds.iter().map(|round| round.elapsed).sum();
        let busy: Duration = rounds.iter().map(|round| round.usage.busy).sum();
        let waiting: Duration = rounds.iter().map(|round| round.usage.waiting).sum();
        let share = |time: Duration| time.as_secs_f64() / elapsed.as_secs_f64();
        Figures {
            per_second: Spread::new(rounds.iter().map(Round::per_second)).median,
            latencies: [500, 900, 990, 999].map(|per_mille| {
                let at = latencies.len() * per_mille / 1000;
                latencies
                    .get(at)
                    .map_or(f64::NAN, |nanos| f64::from(*nanos) / 1e6)
            }),
            cpu: busy.as_secs_f64() * 1e6 / count(latencies.len()),
            idle: Spread::new(rounds.iter().map(Round::cpu)).tenth * 1e6,
            busy: share(busy),
            waiting: share(waiting),
            closed: rounds.iter().map(|round| round.tally.closed).sum(),
        }
    }
}

impl Round {
    pub(crate) fn per_second(&self) -> f64 {
        count(self.tally.latencies.len()) / self.elapsed.as_secs_f64()
    }

    pub(crate) fn cpu(&self) -> f64 {
        self.usage.busy.as_secs_f64() / count(self.tally.latencies.len())
    }
}

/// Minimum, 10th percentile, median and maximum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) tenth: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

impl Spread {
    pub(crate) fn new(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let half = values.len() / 2;
        Spread {
            min: at(0),
            tenth: at(values.len() / 10),
            median: if values.len().is_multiple_of(2) {
                f64::midpoint(at(half.saturating_sub(1)), at(half))
            } else {
                at(half)
            },
            max: at(values.len().saturating_sub(1)),
        }
    }
}

impl Comparison {
    /// Returns the ratio of wrapped to bare, by round.
    pub(crate) fn ratio(&self, of: impl Fn(&Round) -> f64) -> Spread {
        ratio(&self.wrapped, &self.bare, of)
    }

    /// Returns the ratio of wrapped to floor in user CPU time per request; NaN if not
    /// measured. Over all rounds, since the time is counted in coarse steps.
    pub(crate) fn user_over_floor(&self) -> f64 {
        let user = |rounds: &[Round]| {
            let user: Duration = rounds.iter().map(|round| round.usage.user).sum();
            let requests = rounds.iter().map(|round| round.tally.latencies.len()).sum();
            user.as_secs_f64() / count(requests)
        };
        user(&self.wrapped) / user(&self.floor)
    }

    /// Returns the ratio of floor to bare in requests per second; NaN if not measured.
    pub(crate) fn floor(&self) -> Spread {
        ratio(&self.floor, &self.bare, Round::per_second)
    }
}

fn ratio(these: &[Round], those: &[Round], of: impl Fn(&Round) -> f64) -> Spread {
    let pairs = these.iter().zip(those);
    Spread::new(pairs.map(|(this, that)| of(this) / of(that)))
}

/// Converts a count.
#[expect(clippy::cast_precision_loss, reason = "counts are exact as f64")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Tally;
    use crate::process::Usage;

    /// Returns a round of one second with this number of responses, and the milliseconds
    /// that the server ran and waited for its core.
    fn round(answers: usize, busy: u64, waiting: u64) -> Round {
        Round {
            tally: Tally {
                latencies: vec![1_000_000; answers],
                ..Tally::default()
            },
            elapsed: Duration::from_secs(1),
            usage: Usage {
                busy: Duration::from_millis(busy),
                waiting: Duration::from_millis(waiting),
                user: Duration::from_millis(busy),
            },
        }
    }

    #[test]
    fn spread_of_few_and_many_values() {
        let spread = |values: &[f64]| Spread::new(values.iter().copied());
        let odd = Spread {
            min: 1.0,
            tenth: 1.0,
            median: 2.0,
            max: 9.0,
        };
        assert_eq!(spread(&[9.0, 1.0, 2.0]), odd);
        assert_eq!(spread(&[9.0, 1.0, 2.0, 3.0]), Spread { median: 2.5, ..odd });
        assert!(spread(&[]).median.is_nan());
        let many: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(spread(&many).tenth, 10.0);
    }

    #[test]
    fn percentiles_span_all_rounds() {
        let mut rounds = [round(0, 0, 0), round(0, 0, 0)];
        for (round, first) in rounds.iter_mut().zip([1, 501]) {
            round.tally.latencies = (first..first + 500).map(|n| n * 1_000_000).collect();
        }
        let figures = Figures::new(&rounds);
        assert_eq!(figures.latencies, [501.0, 901.0, 991.0, 1000.0]);
    }
}
