//! Signing keys, environment variables and clocks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qstash_verify::SigningKeys;

/// The default pair of keys, current and next.
pub const DEFAULT: [&str; 2] = [
    "sig_defaultCurrent00000000000001",
    "sig_defaultNext0000000000000002",
];
/// The pair of the US region.
pub const US: [&str; 2] = [
    "sig_usCurrent000000000000000003",
    "sig_usNext00000000000000000004",
];
/// The pair of the EU region.
pub const EU: [&str; 2] = [
    "sig_euCurrent000000000000000005",
    "sig_euNext00000000000000000006",
];

/// The variables of the default pair.
pub const DEFAULT_VARIABLES: [(&str, &str); 2] = [
    ("QSTASH_CURRENT_SIGNING_KEY", DEFAULT[0]),
    ("QSTASH_NEXT_SIGNING_KEY", DEFAULT[1]),
];
/// The variables of the US pair.
pub const US_VARIABLES: [(&str, &str); 2] = [
    ("US_EAST_1_QSTASH_CURRENT_SIGNING_KEY", US[0]),
    ("US_EAST_1_QSTASH_NEXT_SIGNING_KEY", US[1]),
];
/// The variables of the EU pair.
pub const EU_VARIABLES: [(&str, &str); 2] = [
    ("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY", EU[0]),
    ("EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY", EU[1]),
];
/// The variable that enables multi-region mode.
pub const MULTI_REGION: (&str, &str) = ("QSTASH_REGION", "US_EAST_1");

/// Creates signing keys from a pair, current and next.
#[must_use]
pub fn signing_keys(pair: &[impl AsRef<str>; 2]) -> SigningKeys {
    let [current, next] = pair;
    SigningKeys::new(current, next).unwrap()
}

/// Returns a lookup of exactly these variables.
pub fn lookup<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| {
        let (_, value) = variables.iter().find(|(variable, _)| *variable == name)?;
        Some((*value).to_owned())
    }
}

/// Returns a clock that advances by a minute per read, so that each `no_signing_keys`
/// refusal is logged as an error.
pub fn minutes_apart() -> impl Fn() -> SystemTime + Send + Sync + 'static {
    let minutes = AtomicU64::new(0);
    move || UNIX_EPOCH + Duration::from_secs(60 * minutes.fetch_add(1, Ordering::Relaxed))
}

/// Returns a constant clock, in seconds since the Unix epoch.
pub fn pinned(seconds: i64) -> impl Fn() -> SystemTime + Copy + Send + Sync + 'static {
    move || {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 {
            UNIX_EPOCH - distance
        } else {
            UNIX_EPOCH + distance
        }
    }
}
