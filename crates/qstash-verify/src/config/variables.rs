//! The names of QStash's environment variables, for a program that fetches them
//! from a store of secrets, copies them or looks into them. What they mean is
//! said at [`KeyRing::from_env`](crate::KeyRing::from_env) and
//! [`Credentials`](crate::Credentials), which read them.
//!
//! ```
//! use qstash_verify::{Region, variables};
//!
//! assert_eq!(variables::token(None), "QSTASH_TOKEN");
//! assert_eq!(
//!     variables::signing_keys(Some(Region::UsEast1)),
//!     ["US_EAST_1_QSTASH_CURRENT_SIGNING_KEY", "US_EAST_1_QSTASH_NEXT_SIGNING_KEY"],
//! );
//! ```

use crate::region::Region;

/// The primary region; that it is set turns multi-region mode on.
pub const REGION: &str = "QSTASH_REGION";

/// Whether to use the development server's public keys.
pub const DEVELOPMENT: &str = "QSTASH_DEV";

/// The current and the next signing key of a region, or of the default pair.
#[must_use]
pub const fn signing_keys(region: Option<Region>) -> [&'static str; 2] {
    match region {
        None => ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"],
        Some(Region::UsEast1) => [
            "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY",
            "US_EAST_1_QSTASH_NEXT_SIGNING_KEY",
        ],
        Some(Region::EuCentral1) => [
            "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY",
            "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY",
        ],
    }
}

/// Where a region publishes, or a publisher without regions.
#[must_use]
pub const fn url(region: Option<Region>) -> &'static str {
    match region {
        None => "QSTASH_URL",
        Some(Region::UsEast1) => "US_EAST_1_QSTASH_URL",
        Some(Region::EuCentral1) => "EU_CENTRAL_1_QSTASH_URL",
    }
}

/// The token to publish there with.
#[must_use]
pub const fn token(region: Option<Region>) -> &'static str {
    match region {
        None => "QSTASH_TOKEN",
        Some(Region::UsEast1) => "US_EAST_1_QSTASH_TOKEN",
        Some(Region::EuCentral1) => "EU_CENTRAL_1_QSTASH_TOKEN",
    }
}
