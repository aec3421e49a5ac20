//! Deliveries of regions without keys, and how often they are reported.

use std::sync::{Mutex, PoisonError};

use crate::region::Region;

/// The time between two reports of the same region, in seconds.
const INTERVAL: f64 = 60.0;

/// Remembers when a delivery without keys was last reported, for each region and
/// for requests without one.
#[derive(Debug, Default)]
pub(crate) struct MissingKeys(Mutex<[Option<f64>; 3]>);

impl MissingKeys {
    /// Returns whether one of `region` was reported less than 60 s before `now`, in
    /// seconds since the Unix epoch; if not, this one counts as reported.
    pub(crate) fn is_repeated(&self, region: Option<Region>, now: f64) -> bool {
        let mut reported = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [none, us, eu] = &mut *reported;
        let last = match region {
            None => none,
            Some(Region::UsEast1) => us,
            Some(Region::EuCentral1) => eu,
        };
        // A clock that was set back doesn't silence the report.
        let repeated = last.is_some_and(|last| (0.0..INTERVAL).contains(&(now - last)));
        if !repeated {
            *last = Some(now);
        }
        repeated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_is_reported_once_a_minute() {
        let missing = MissingKeys::default();
        let us = Some(Region::UsEast1);
        for (region, now, expected) in [
            (us, 1000.0, false),
            (us, 1000.0, true),
            (us, 1059.9, true),
            (None, 1059.9, false),
            (Some(Region::EuCentral1), 1059.9, false),
            (us, 1060.0, false),
            (us, 1119.9, true),
            (us, 900.0, false),
            (us, 959.9, true),
        ] {
            assert_eq!(
                missing.is_repeated(region, now),
                expected,
                "{region:?} {now}"
            );
        }
    }
}
