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
