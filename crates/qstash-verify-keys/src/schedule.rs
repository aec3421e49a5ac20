//! When keys are fetched: the interval, back-off after failures, early requests.

use std::time::Duration;

use tokio::time::Instant;

/// Time between two early requests of a pair.
const EARLY: Duration = Duration::from_secs(60);

/// The first delay after a failure; each further failure doubles it.
const RETRY: Duration = Duration::from_secs(10);

/// The longest interval; an `Instant` can't hold any time from now.
pub(crate) const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Time in which deliveries signed with the old key arrive after a roll.
const SETTLE: Duration = Duration::from_secs(10);

/// When the keys of one pair are fetched.
#[derive(Debug)]
pub(crate) struct Schedule {
    interval: Duration,
    failures: u32,
    /// When the next request is due.
    pub(crate) due: Instant,
    /// From when on a delivery may cause a request.
    pub(crate) early_from: Instant,
}

impl Schedule {
    /// The first request is due now.
    pub(crate) fn new(interval: Duration, now: Instant) -> Self {
        Schedule {
            interval: interval.min(LONGEST),
            failures: 0,
            due: now,
            early_from: now,
        }
    }

    /// Notes a request that a delivery caused.
    pub(crate) fn early_request(&mut self, now: Instant) {
        self.early_from = now + EARLY;
    }

    pub(crate) fn succeeded(&mut self, now: Instant) {
        self.failures = 0;
        self.due = now + with_jitter(self.interval);
    }

    /// Notes the failure of a request that was due, not of one that a delivery caused.
    ///
    /// Unauthenticated senders must neither delay nor multiply the requests that are due.
    pub(crate) fn failed(&mut self, now: Instant) {
        let longest = self.interval.max(EARLY);
        let first = self.interval.min(RETRY);
        let delay = first.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        self.due = now + with_jitter(delay.min(longest));
    }

    /// The time that a pair stays after a single roll, since it accepts both keys.
    pub(crate) fn settle(&self) -> Duration {
        self.interval.min(SETTLE)
    }
}

/// Between 0.9 and 1.1 of it, so that the instances of a service spread out.
fn with_jitter(delay: Duration) -> Duration {
    delay.mul_f64(0.9 + 0.2 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(delay: Duration) -> u64 {
        // Undoes the jitter of at most a tenth, to the nearest of the expected ones.
        let expected = [1, 2, 4, 8, 10, 16, 20, 32, 40, 60, 80, 160, 320, 640, 900];
        let near = |expected: &&u64| {
            let ratio = delay.as_secs_f64() / **expected as f64;
            (0.899..1.101).contains(&ratio)
        };
        *expected.iter().find(near).unwrap()
    }

    #[test]
    fn failures_back_off_and_a_success_ends_it() {
        let now = Instant::now();
        for (interval, delays) in [
            (900, vec![10, 20, 40, 80, 160, 320, 640, 900, 900]),
            (1, vec![1, 2, 4, 8, 16, 32, 60, 60]),
        ] {
            let mut schedule = Schedule::new(Duration::from_secs(interval), now);
            for _ in 0..2 {
                for expected in &delays {
                    schedule.failed(now);
                    assert_eq!(seconds(schedule.due - now), *expected);
                }
                schedule.succeeded(now);
                assert_eq!(seconds(schedule.due - now), interval);
            }
            for _ in 0..100 {
                schedule.failed(now);
            }
            assert_eq!(seconds(schedule.due - now), interval.max(60));
        }
    }

    #[test]
    fn longest_interval_is_30_days() {
        let now = Instant::now();
        let mut schedule = Schedule::new(Duration::MAX, now);
        schedule.succeeded(now);
        let days = (schedule.due - now).as_secs() / (24 * 3600);
        assert!((27..=33).contains(&days), "{days}");
        for _ in 0..100 {
            schedule.failed(now);
        }
        let days = (schedule.due - now).as_secs() / (24 * 3600);
        assert!((27..=33).contains(&days), "{days}");
    }

    #[test]
    fn jitter_spreads_by_a_tenth() {
        let delays = [(); 1000].map(|()| with_jitter(Duration::from_secs(100)).as_secs());
        assert!(delays.iter().all(|delay| (90..110).contains(delay)));
        assert!(delays.contains(&91) && delays.contains(&108));
    }
}
