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

/// Whether to use the development server's published keys.
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

/// Returns the variable of the URL to publish to, of a region or the default.
#[must_use]
pub const fn url(region: Option<Region>) -> &'static str {
    match region {
        None => "QSTASH_URL",
        Some(Region::UsEast1) => "US_EAST_1_QSTASH_URL",
        Some(Region::EuCentral1) => "EU_CENTRAL_1_QSTASH_URL",
    }
}

/// Returns the variable of the token to publish with, of a region or the default.
#[must_use]
pub const fn token(region: Option<Region>) -> &'static str {
    match region {
        None => "QSTASH_TOKEN",
        Some(Region::UsEast1) => "US_EAST_1_QSTASH_TOKEN",
        Some(Region::EuCentral1) => "EU_CENTRAL_1_QSTASH_TOKEN",
    }
}

/// Every name that [`KeyRing::from_lookup`](crate::KeyRing::from_lookup) looks up.
///
/// For a store of secrets that has to fetch them first.
pub const KEY_RING: &[&str] = {
    let [current, next] = signing_keys(None);
    let [us_current, us_next] = signing_keys(Some(Region::UsEast1));
    let [eu_current, eu_next] = signing_keys(Some(Region::EuCentral1));
    &[
        DEVELOPMENT,
        REGION,
        current,
        next,
        us_current,
        us_next,
        eu_current,
        eu_next,
    ]
};

/// Every name that the credentials look up.
///
/// See [`Credentials::from_lookup`](crate::Credentials::from_lookup).
pub const CREDENTIALS: &[&str] = &[
    REGION,
    url(None),
    token(None),
    url(Some(Region::UsEast1)),
    token(Some(Region::UsEast1)),
    url(Some(Region::EuCentral1)),
    token(Some(Region::EuCentral1)),
];

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Credentials, KeyRing};

    #[test]
    fn lists_hold_every_name_that_is_looked_up() {
        let asked = RefCell::new(BTreeSet::new());
        let look_up = |name: &str, primary: &str| {
            asked.borrow_mut().insert(name.to_owned());
            (name == REGION).then(|| primary.to_owned())
        };
        for primary in ["", "US_EAST_1", "EU_CENTRAL_1"] {
            assert!(KeyRing::from_lookup(|name| look_up(name, primary)).is_err());
        }
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        assert_eq!(asked.take(), list(KEY_RING));
        for primary in ["", "US_EAST_1", "EU_CENTRAL_1"] {
            let with_token = |name: &str| {
                look_up(name, primary).or_else(|| (name == token(None)).then(|| "t".to_owned()))
            };
            assert!(Credentials::from_lookup(with_token).is_ok());
            // With a token, the region's URL is looked up as well.
            let regional = |name: &str| look_up(name, primary).or(Some("t".to_owned()));
            assert!(Credentials::from_lookup(regional).is_ok() || primary.is_empty());
        }
        assert_eq!(asked.take(), list(CREDENTIALS));
    }

    #[test]
    fn regional_names_have_the_region_in_front() {
        for (region, prefix) in [
            (None, ""),
            (Some(Region::UsEast1), "US_EAST_1_"),
            (Some(Region::EuCentral1), "EU_CENTRAL_1_"),
        ] {
            let name = |name: &str| format!("{prefix}{name}");
            let [current, next] = signing_keys(region);
            assert_eq!(current, name("QSTASH_CURRENT_SIGNING_KEY"));
            assert_eq!(next, name("QSTASH_NEXT_SIGNING_KEY"));
            assert_eq!(url(region), name("QSTASH_URL"));
            assert_eq!(token(region), name("QSTASH_TOKEN"));
        }
    }
}
