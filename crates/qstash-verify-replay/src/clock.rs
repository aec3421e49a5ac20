//! The clock of a store, and times in milliseconds and seconds.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The default of the maximum clock skew between machines.
pub(crate) const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// The error for a token that the store may have forgotten.
pub(crate) const EXPIRED: &str = "the delivery expired while its body arrived";

/// The system's clock, or a custom one.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    pub(crate) fn custom(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Clock(Arc::new(clock))
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::custom(SystemTime::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Returns a duration in milliseconds, rounded up.
pub(crate) fn millis(duration: Duration) -> u64 {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).unwrap_or(u64::MAX)
}

/// Returns the milliseconds since the Unix epoch, rounded up; 0 before it.
#[cfg(feature = "memory")]
pub(crate) fn unix_millis(time: SystemTime) -> u64 {
    millis(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Returns the whole seconds since the Unix epoch; 0 before it.
#[cfg(feature = "redis")]
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_form_names_the_clock() {
        assert_eq!(format!("{:?}", Clock::default()), "Clock");
    }

    #[test]
    fn milliseconds_are_rounded_up() {
        assert_eq!(millis(Duration::ZERO), 0);
        assert_eq!(millis(Duration::from_nanos(1)), 1);
        assert_eq!(millis(Duration::from_millis(7)), 7);
        assert_eq!(millis(Duration::MAX), u64::MAX);
    }

    #[cfg(feature = "redis")]
    #[test]
    fn seconds_are_cut_off() {
        let time = UNIX_EPOCH + Duration::from_millis(1_721_068_900_999);
        assert_eq!(unix_seconds(time), 1_721_068_900);
        assert_eq!(unix_seconds(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
