//! The source of a pair of keys.

use std::fmt;

/// The source of the pair of keys for a delivery.
///
/// ```
/// assert_eq!(qstash_verify::KeySource::Region.as_str(), "region");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeySource {
    /// Given in code, for every delivery or as the default pair.
    ///
    /// See [`default_keys`](crate::KeyRingBuilder::default_keys).
    Explicit,
    /// The pair of the region that the `upstash-region` header names.
    Region,
    /// Given in code for the region that the `upstash-region` header names.
    ExplicitRegion,
    /// The default pair of the environment.
    ///
    /// `QSTASH_CURRENT_SIGNING_KEY` and `QSTASH_NEXT_SIGNING_KEY`.
    Default,
    /// The default pair, replaced while the verifier is in use.
    ///
    /// Given to [`Verifier::set_keys`](crate::Verifier::set_keys), which
    /// `qstash-verify-keys` calls with fetched keys.
    Replaced,
    /// The pair of a region, replaced while the verifier is in use.
    ///
    /// Given to [`Verifier::set_keys`](crate::Verifier::set_keys) for the region that the
    /// `upstash-region` header names.
    ReplacedRegion,
}

impl KeySource {
    /// Returns the variant's name in snake case, such as `explicit_region`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            KeySource::Explicit => "explicit",
            KeySource::ExplicitRegion => "explicit_region",
            KeySource::Region => "region",
            KeySource::Default => "default",
            KeySource::Replaced => "replaced",
            KeySource::ReplacedRegion => "replaced_region",
        }
    }

    /// Returns whether it is the pair of a region, rather than the default pair.
    #[must_use]
    pub const fn is_regional(self) -> bool {
        matches!(
            self,
            KeySource::Region | KeySource::ExplicitRegion | KeySource::ReplacedRegion
        )
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_printed_by_its_name() {
        for (source, name, is_regional) in [
            (KeySource::Explicit, "explicit", false),
            (KeySource::ExplicitRegion, "explicit_region", true),
            (KeySource::Region, "region", true),
            (KeySource::Default, "default", false),
            (KeySource::Replaced, "replaced", false),
            (KeySource::ReplacedRegion, "replaced_region", true),
        ] {
            assert_eq!(source.as_str(), name);
            assert_eq!(format!("[{source:>15}]"), format!("[{name:>15}]"));
            assert_eq!(source.is_regional(), is_regional, "{name}");
        }
    }
}
