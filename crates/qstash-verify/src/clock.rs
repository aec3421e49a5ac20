//! The time, as an input.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock, or the one a test or an unusual host brings.
#[derive(Clone, Default)]
pub(crate) struct Clock(Option<Arc<dyn Fn() -> SystemTime + Send + Sync>>);

impl Clock {
    pub(crate) fn custom(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Clock(Some(Arc::new(clock)))
    }

    /// Seconds since the Unix epoch, the unit of a `NumericDate` (RFC 7519 §2).
    pub(crate) fn unix_seconds(&self) -> f64 {
        let now = self.0.as_ref().map_or_else(system_time, |clock| clock());
        match now.duration_since(UNIX_EPOCH) {
            Ok(after) => after.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "custom" } else { "system" })
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn system_time() -> SystemTime {
    SystemTime::now()
}

/// `SystemTime::now` panics on this target; the host's JavaScript clock doesn't.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn system_time() -> SystemTime {
    let since_epoch = web_time::SystemTime::now()
        .duration_since(web_time::SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    UNIX_EPOCH + since_epoch
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
    fn the_systems_clock_is_the_default() {
        let seconds = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            now.as_secs_f64()
        };
        let before = seconds();
        let now = Clock::default().unix_seconds();
        assert!((before..=seconds()).contains(&now), "{before} {now}");
    }

    #[test]
    fn it_is_printed_which_clock_it_is() {
        assert_eq!(format!("{:?}", Clock::default()), "system");
        assert_eq!(format!("{:?}", Clock::custom(|| UNIX_EPOCH)), "custom");
    }
}
