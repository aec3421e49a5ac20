//! The regions of QStash and their spellings.

use std::fmt;
use std::str::FromStr;

/// A region of QStash, with signing keys, tokens and messages of its own.
///
/// Parsing accepts both spellings in use, `US-EAST-1` in the `upstash-region` header
/// and `US_EAST_1` in variable names, in any case.
///
/// ```
/// use qstash_verify::Region;
///
/// assert_eq!("us-east-1".parse(), Ok(Region::UsEast1));
/// assert_eq!(Region::EuCentral1.to_string(), "EU_CENTRAL_1");
/// assert!("MARS_1".parse::<Region>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Region {
    /// `US_EAST_1`, served from `https://qstash-us-east-1.upstash.io`.
    UsEast1,
    /// `EU_CENTRAL_1`, served from `https://qstash.upstash.io`.
    ///
    /// Also from `https://qstash-eu-central-1.upstash.io`.
    EuCentral1,
}

impl Region {
    /// All regions.
    pub const ALL: &'static [Region] = &[Region::UsEast1, Region::EuCentral1];

    /// Returns the spelling in variable names: `US_EAST_1` or `EU_CENTRAL_1`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Region::UsEast1 => "US_EAST_1",
            Region::EuCentral1 => "EU_CENTRAL_1",
        }
    }

    /// Returns the URLs of the region's API, without a trailing `/`.
    ///
    /// A later version may return more.
    #[must_use]
    pub const fn urls(self) -> &'static [&'static str] {
        match self {
            Region::UsEast1 => &["https://qstash-us-east-1.upstash.io"],
            Region::EuCentral1 => &[
                "https://qstash.upstash.io",
                "https://qstash-eu-central-1.upstash.io",
            ],
        }
    }

    /// Parses the value of an `upstash-region` header or of `QSTASH_REGION`.
    ///
    /// As in the official SDK, `-` is `_`, and case doesn't matter.
    pub(crate) fn from_bytes(value: &[u8]) -> Option<Region> {
        Region::ALL.iter().copied().find(|region| {
            let name = region.as_str().as_bytes();
            name.len() == value.len()
                && name.iter().zip(value).all(|(want, got)| {
                    *want
                        == match got {
                            b'-' => b'_',
                            other => other.to_ascii_uppercase(),
                        }
                })
        })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Region {
    type Err = ParseRegionError;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Region::from_bytes(value.as_bytes()).ok_or(ParseRegionError(()))
    }
}

/// The error of parsing a [`Region`] from text that names none.
///
/// ```
/// use qstash_verify::Region;
///
/// let error = "MARS_1".parse::<Region>().unwrap_err();
/// assert_eq!(error.to_string(), "not a QStash region: use US_EAST_1 or EU_CENTRAL_1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseRegionError(());

impl fmt::Display for ParseRegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a QStash region: use US_EAST_1 or EU_CENTRAL_1")
    }
}

impl std::error::Error for ParseRegionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_of_a_region_is_parsed() {
        for spelling in ["us-east-1", "US_EAST_1", "US-EAST-1", "Us_East-1"] {
            assert_eq!(
                Region::from_bytes(spelling.as_bytes()),
                Some(Region::UsEast1)
            );
        }
        for spelling in ["eu-central-1", "EU_CENTRAL_1", "EU-CENTRAL-1"] {
            assert_eq!(spelling.parse(), Ok(Region::EuCentral1));
        }
    }

    #[test]
    fn display_form_is_the_spelling_in_variable_names() {
        for region in Region::ALL {
            assert_eq!(region.to_string(), region.as_str());
            assert_eq!(region.to_string().parse(), Ok(*region));
        }
        assert_eq!(format!("[{:<13}]", Region::UsEast1), "[US_EAST_1    ]");
    }

    #[test]
    fn error_names_all_regions() {
        let error = "MARS_1".parse::<Region>().unwrap_err().to_string();
        for region in Region::ALL {
            assert!(error.contains(region.as_str()), "{error}");
        }
    }

    #[test]
    fn other_text_is_no_region() {
        for other in [
            "",
            "US",
            "US_EAST_11",
            " US_EAST_1",
            "US EAST 1",
            "US_EAST_1, US_EAST_1",
            "\u{ff}",
        ] {
            assert_eq!(Region::from_bytes(other.as_bytes()), None, "{other:?}");
        }
    }
}
