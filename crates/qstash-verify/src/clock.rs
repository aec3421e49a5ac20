//! The clock of a verifier.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The system's clock, or a custom one.
#[derive(Clone, Default)]
pub(crate) struct Clock(Option<Arc<dyn Fn() -> SystemTime + Send + Sync>>);

impl Clock {
    pub(crate) fn custom(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Clock(Some(Arc::new(clock)))
    }

    /// Returns the time as a `NumericDate` (RFC 7519 §2).
    ///
    /// That is the number of seconds since the Unix epoch.
    pub(crate) fn unix_seconds(&self) -> f64 {
        unix_seconds_of(self.0.as_ref().map_or_else(system_time, |clock| clock()))
    }
}

/// Returns a time as a `NumericDate`.
pub(crate) fn unix_seconds_of(time: SystemTime) -> f64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "custom" } else { "system" })
    }
}

/// Returns the time of a `NumericDate`, clamped to the years 1 to 9999.
///
/// Also clamped to the range of the platform's `SystemTime` (from 1601 on Windows).
pub(crate) fn time_at(unix_seconds: f64) -> SystemTime {
    const YEAR_1: Duration = Duration::from_secs(62_135_596_800);
    const YEAR_1601: Duration = Duration::from_secs(11_644_473_600);
    const END_OF_9999: Duration = Duration::from_secs(253_402_300_799);
    let distance = Duration::try_from_secs_f64(unix_seconds.abs()).unwrap_or(Duration::MAX);
    let time = if unix_seconds.is_sign_negative() {
        let time = UNIX_EPOCH.checked_sub(distance.min(YEAR_1));
        time.or_else(|| UNIX_EPOCH.checked_sub(YEAR_1601))
    } else {
        UNIX_EPOCH.checked_add(distance.min(END_OF_9999))
    };
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn system_time() -> SystemTime {
    SystemTime::now()
}

/// Reads JavaScript's clock, since `SystemTime::now` panics on this target.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn system_time() -> SystemTime {
    let since_epoch = web_time::SystemTime::now()
        .duration_since(web_time::SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    UNIX_EPOCH + since_epoch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_the_epoch_are_negative() {
        let at = |time| Clock::custom(move || time).unix_seconds().to_string();
        let second_and_half = Duration::from_millis(1500);
        assert_eq!(at(UNIX_EPOCH - second_and_half), "-1.5");
        assert_eq!(at(UNIX_EPOCH), "0");
        assert_eq!(at(UNIX_EPOCH + second_and_half), "1.5");
    }

    #[test]
    fn system_clock_is_the_default() {
        let seconds = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            now.as_secs_f64()
        };
        let before = seconds();
        let now = Clock::default().unix_seconds();
        assert!((before..=seconds()).contains(&now), "{before} {now}");
    }

    #[test]
    fn time_at_clamps_dates_to_the_years_1_to_9999() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(time_at(1_783_794_655.0), at(1_783_794_655));
        assert_eq!(time_at(1.5), UNIX_EPOCH + Duration::from_millis(1500));
        assert_eq!(time_at(-1.5), UNIX_EPOCH - Duration::from_millis(1500));
        assert_eq!(time_at(1e300), at(253_402_300_799));
        assert_eq!(time_at(-1e300), time_at(-62_135_596_800.0));
        assert!(time_at(-1e300) < UNIX_EPOCH);
    }

    #[test]
    fn debug_form_names_the_kind_of_clock() {
        assert_eq!(format!("{:?}", Clock::default()), "system");
        assert_eq!(format!("{:?}", Clock::custom(|| UNIX_EPOCH)), "custom");
    }

    #[test]
    fn numeric_dates_round_trip() {
        for date in [-11_644_473_600.0, -1.5, 0.0, 1.5, 253_402_300_799.0] {
            assert_eq!(
                unix_seconds_of(time_at(date)).to_string(),
                format!("{date}")
            );
        }
    }
}
