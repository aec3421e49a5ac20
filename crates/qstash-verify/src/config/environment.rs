//! The variables of QStash: from a look-up to keys and warnings.

use zeroize::Zeroizing;

use crate::config::error::{ConfigError, ConfigWarning};
use crate::config::variables;
use crate::keys::public::is_public;
use crate::keys::{KeyRing, SigningKeys};
use crate::region::Region;

/// An environment by its look-up function: values without the white space
/// around them, and empty counted as unset.
pub(crate) struct Variables<F>(F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    pub(crate) fn new(lookup: F) -> Self {
        Variables(lookup)
    }

    /// Wiped on drop, since most of what is looked up here is secret.
    pub(crate) fn get(&self, name: &str) -> Option<Zeroizing<String>> {
        let value = Zeroizing::new((self.0)(name)?);
        let trimmed = value.trim();
        (!trimmed.is_empty()).then(|| Zeroizing::new(trimmed.to_owned()))
    }

    /// The primary region, if this is multi-region mode.
    pub(crate) fn region(&self) -> Result<Option<Region>, ConfigError> {
        let Some(value) = self.get(variables::REGION) else {
            return Ok(None);
        };
        match Region::from_bytes(value.as_bytes()) {
            Some(region) => Ok(Some(region)),
            None => Err(ConfigError::InvalidRegion {
                value: presentable(&value),
            }),
        }
    }

    fn development(&self) -> bool {
        self.get(variables::DEVELOPMENT)
            .is_some_and(|value| *value == "1" || value.eq_ignore_ascii_case("true"))
    }
}

/// A value that was meant to be a region: whole, unless it is so long, or so
/// begun, that it may be a key or a token pasted amiss.
fn presentable(value: &str) -> String {
    if value.len() <= 24 && !value.starts_with("sig_") {
        return value.to_owned();
    }
    value.chars().take(4).chain(['…']).collect()
}

impl KeyRing {
    /// The keys that the process's environment holds.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `QSTASH_CURRENT_SIGNING_KEY`, `QSTASH_NEXT_SIGNING_KEY` | the default pair |
    /// | `QSTASH_REGION` | `US_EAST_1` or `EU_CENTRAL_1`: the primary region; that it is set turns multi-region mode on |
    /// | `US_EAST_1_QSTASH_CURRENT_SIGNING_KEY`, `US_EAST_1_QSTASH_NEXT_SIGNING_KEY` | the pair of US; used in multi-region mode only |
    /// | `EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY`, `EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY` | the pair of EU; used in multi-region mode only |
    /// | `QSTASH_DEV` | `1` or `true`: use the development server's public keys and no others; an error in a build without debug assertions, as is one of those keys in any of the variables above |
    ///
    /// White space around a value is dropped, and an empty value counts as
    /// unset (QStash documentation, "Multi-region").
    ///
    /// # Errors
    /// [`ConfigError::NoSigningKeys`] if no complete pair is usable,
    /// [`ConfigError::InvalidRegion`] if `QSTASH_REGION` names no region, and
    /// [`ConfigError::DevelopmentKeysInRelease`] if `QSTASH_DEV` is on, or a key
    /// of the development server is set, in a build without debug assertions.
    pub fn from_env() -> Result<Self, ConfigError> {
        KeyRing::from_lookup(|name| std::env::var(name).ok())
    }

    /// The keys of any other environment: the rules of
    /// [`from_env`](Self::from_env), for the values that `lookup` finds. Each
    /// variable is looked up once, here.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use qstash_verify::KeyRing;
    ///
    /// let secrets = HashMap::from([
    ///     ("QSTASH_CURRENT_SIGNING_KEY", "sig_current"),
    ///     ("QSTASH_NEXT_SIGNING_KEY", "sig_next"),
    /// ]);
    /// let ring = KeyRing::from_lookup(|name| secrets.get(name).map(|value| value.to_string()))?;
    /// assert!(ring.warnings().is_empty());
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`from_env`](Self::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let ring = read_keys(&Variables::new(lookup), cfg!(debug_assertions))?;
        for warning in ring.warnings() {
            tracing::warn!(target: "qstash_verify", "{warning}");
        }
        Ok(ring)
    }

    /// Reads the keys as [`from_lookup`](Self::from_lookup) does in a debug build,
    /// whatever build this is: the development server's public keys are accepted,
    /// with a warning in [`warnings`](Self::warnings). **Anyone can sign with
    /// them.** For tools on a developer's machine. Logs nothing.
    ///
    /// ```
    /// use qstash_verify::{ConfigWarning, KeyRing};
    ///
    /// let lookup = |name: &str| (name == "QSTASH_DEV").then(|| "1".to_owned());
    /// let ring = KeyRing::from_lookup_allow_development_keys(lookup)?;
    /// assert_eq!(ring.warnings(), [ConfigWarning::DevelopmentKeys]);
    /// # Ok::<_, qstash_verify::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`from_env`](Self::from_env) but for
    /// [`ConfigError::DevelopmentKeysInRelease`].
    #[cfg(feature = "signing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "signing")))]
    pub fn from_lookup_allow_development_keys(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        read_keys(&Variables::new(lookup), true)
    }
}

/// `debug_build`: whether the development server's keys are only warned of.
pub(crate) fn read_keys<F: Fn(&str) -> Option<String>>(
    variables: &Variables<F>,
    debug_build: bool,
) -> Result<KeyRing, ConfigError> {
    if variables.development() {
        if !debug_build {
            return Err(ConfigError::DevelopmentKeysInRelease);
        }
        let warnings = vec![ConfigWarning::DevelopmentKeys];
        return Ok(KeyRing::single_region(SigningKeys::development(), warnings));
    }

    let default = Texts::read(variables, None);
    let us = Texts::read(variables, Some(Region::UsEast1));
    let eu = Texts::read(variables, Some(Region::EuCentral1));
    let mut ring = if variables.region()?.is_some() {
        multi_region(&default, &us, &eu)
    } else {
        single_region(&default, &us, &eu)
    }?;
    // However they got there, anyone can sign with them.
    if [&default, &us, &eu].iter().any(|texts| texts.are_public()) {
        if !debug_build {
            return Err(ConfigError::DevelopmentKeysInRelease);
        }
        ring.push_warning(ConfigWarning::DevelopmentKeys);
    }
    Ok(ring)
}

fn single_region(default: &Texts, us: &Texts, eu: &Texts) -> Result<KeyRing, ConfigError> {
    let unused: Vec<_> = us
        .set()
        .chain(eu.set())
        .map(|(variable, _)| variable)
        .collect();
    let Some(keys) = default.keys()? else {
        let half = default.half().into_iter().collect();
        let looked_for = default.names().to_vec();
        return Err(ConfigError::NoSigningKeys {
            looked_for,
            half,
            unused,
        });
    };
    let mut warnings = Vec::new();
    if !unused.is_empty() {
        warnings.push(ConfigWarning::RegionNotSet { unused });
    }
    warn_of_shared_keys(&mut warnings, &[default, us, eu]);
    Ok(KeyRing::single_region(keys, warnings))
}

fn multi_region(default: &Texts, us: &Texts, eu: &Texts) -> Result<KeyRing, ConfigError> {
    let all = [us, eu, default];
    let (us_keys, eu_keys, default_keys) = (us.keys()?, eu.keys()?, default.keys()?);
    if us_keys.is_none() && eu_keys.is_none() && default_keys.is_none() {
        let looked_for = all.iter().flat_map(|texts| texts.names()).collect();
        let half = all.iter().filter_map(|texts| texts.half()).collect();
        return Err(ConfigError::NoSigningKeys {
            looked_for,
            half,
            unused: Vec::new(),
        });
    }
    let mut warnings = Vec::new();
    for texts in all {
        match (texts.half(), texts.region) {
            (Some(missing), region) => warnings.push(ConfigWarning::HalfPair { region, missing }),
            (None, Some(region)) if texts.set().next().is_none() => {
                warnings.push(ConfigWarning::NoKeysForRegion { region });
            }
            _ => {}
        }
    }
    warn_of_shared_keys(&mut warnings, &all);
    Ok(KeyRing::multi_region(
        us_keys,
        eu_keys,
        default_keys,
        warnings,
    ))
}

fn warn_of_shared_keys(warnings: &mut Vec<ConfigWarning>, pairs: &[&Texts]) {
    for (at, pair) in pairs.iter().enumerate() {
        for other in pairs.iter().skip(at + 1) {
            for (first, key) in pair.set() {
                for (second, other_key) in other.set() {
                    if key == other_key {
                        warnings.push(ConfigWarning::SharedKey { first, second });
                    }
                }
            }
        }
    }
}

/// The texts of one pair, as far as they are set.
struct Texts {
    region: Option<Region>,
    values: [Option<Zeroizing<String>>; 2],
}

impl Texts {
    fn read<F: Fn(&str) -> Option<String>>(
        variables: &Variables<F>,
        region: Option<Region>,
    ) -> Self {
        Texts {
            region,
            values: variables::signing_keys(region).map(|name| variables.get(name)),
        }
    }

    fn names(&self) -> [&'static str; 2] {
        variables::signing_keys(self.region)
    }

    /// The variables that are set, with their values.
    fn set(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let named = self.names().into_iter().zip(&self.values);
        named.filter_map(|(name, value)| Some((name, value.as_ref()?.as_str())))
    }

    /// Whether one of them is a key of the development server.
    fn are_public(&self) -> bool {
        self.set().any(|(_, key)| is_public(key))
    }

    /// The variable that keeps this pair from being complete, if just one does.
    fn half(&self) -> Option<&'static str> {
        let [current, next] = self.names();
        match &self.values {
            [None, Some(_)] => Some(current),
            [Some(_), None] => Some(next),
            _ => None,
        }
    }

    fn keys(&self) -> Result<Option<SigningKeys>, ConfigError> {
        match &self.values {
            [Some(current), Some(next)] => {
                SigningKeys::new(current.as_str(), next.as_str()).map(Some)
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeySource;
    use crate::keys::public::DEVELOPMENT_KEYS;

    fn read(set: &[(&str, &str)], debug_build: bool) -> Result<KeyRing, ConfigError> {
        let lookup = |name: &str| {
            let found = set.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        read_keys(&Variables::new(lookup), debug_build)
    }

    fn debug(set: &[(&str, &str)]) -> Result<KeyRing, ConfigError> {
        read(set, true)
    }

    const DEFAULT: [(&str, &str); 2] = [
        ("QSTASH_CURRENT_SIGNING_KEY", "sig_dc"),
        ("QSTASH_NEXT_SIGNING_KEY", "sig_dn"),
    ];
    const US: [(&str, &str); 2] = [
        ("US_EAST_1_QSTASH_CURRENT_SIGNING_KEY", "sig_uc"),
        ("US_EAST_1_QSTASH_NEXT_SIGNING_KEY", "sig_un"),
    ];
    const EU: [(&str, &str); 2] = [
        ("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY", "sig_ec"),
        ("EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY", "sig_en"),
    ];
    const MODE: (&str, &str) = ("QSTASH_REGION", "EU_CENTRAL_1");

    fn source(ring: &KeyRing, region: Option<Region>) -> Option<KeySource> {
        ring.resolve(region).map(|(_, source)| source)
    }

    #[test]
    fn the_order_of_keys() {
        let (us, eu) = (Some(Region::UsEast1), Some(Region::EuCentral1));
        let default = Some(KeySource::Default);
        let regional = Some(KeySource::Region);
        type Case<'a> = (&'a [&'a [(&'a str, &'a str)]], [Option<KeySource>; 3]);
        // What is set; the source for US, for EU, for no known region.
        let cases: [Case<'_>; 6] = [
            (&[&DEFAULT], [default, default, default]),
            (&[&DEFAULT, &US, &EU], [default, default, default]),
            (
                &[&DEFAULT, &US, &EU, &[MODE]],
                [regional, regional, default],
            ),
            (&[&DEFAULT, &US, &[MODE]], [regional, default, default]),
            (&[&US, &EU, &[MODE]], [regional, regional, None]),
            (
                &[&DEFAULT, &US, &EU[..1], &[MODE]],
                [regional, default, default],
            ),
        ];
        for (set, sources) in cases {
            let ring = debug(&set.concat()).unwrap();
            assert_eq!(
                [us, eu, None].map(|region| source(&ring, region)),
                sources,
                "{set:?}"
            );
        }
    }

    #[test]
    fn keys_given_in_code_come_first() {
        let ring = KeyRing::from(SigningKeys::development());
        assert_eq!(
            source(&ring, Some(Region::UsEast1)),
            Some(KeySource::Explicit)
        );
    }

    #[test]
    fn no_usable_pair_names_all_that_was_looked_for() {
        let error = debug(&[DEFAULT[0], ("QSTASH_NEXT_SIGNING_KEY", " \n")]).unwrap_err();
        let ConfigError::NoSigningKeys {
            looked_for,
            half,
            unused,
        } = error
        else {
            panic!()
        };
        assert_eq!(looked_for, DEFAULT.map(|(name, _)| name));
        assert!(unused.is_empty());
        assert_eq!(half, [DEFAULT[1].0]);

        let error = debug(&[US, EU].concat()).unwrap_err();
        let text = error.to_string();
        let ConfigError::NoSigningKeys {
            looked_for,
            half,
            unused,
        } = error
        else {
            panic!()
        };
        assert_eq!((looked_for.len(), half.len(), unused.len()), (2, 0, 4));
        assert!(text.contains("QSTASH_REGION is unset"), "{text}");

        let error = debug(&[MODE, EU[0]]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(&format!("{} is missing beside", EU[1].0)),
            "{text}"
        );
        for (name, _) in [DEFAULT, US, EU].concat() {
            assert!(text.contains(name), "{text}");
        }
    }

    #[test]
    fn a_region_that_is_none_is_an_error_with_its_value() {
        for value in ["MARS_1", "us", "eu-central-2"] {
            let error = debug(&[&DEFAULT[..], &[("QSTASH_REGION", value)]].concat()).unwrap_err();
            assert_eq!(
                error,
                ConfigError::InvalidRegion {
                    value: value.to_owned()
                }
            );
            assert!(error.to_string().contains(value));
        }
        for secret in ["sig_x", "abcdefghijklmnopqrstuvwxyz"] {
            let error = debug(&[&DEFAULT[..], &[("QSTASH_REGION", secret)]].concat()).unwrap_err();
            assert!(!format!("{error}").contains(secret), "{error}");
        }
        for value in ["", "  ", "us-east-1", " US-EAST-1\n"] {
            assert!(debug(&[&DEFAULT[..], &US, &[("QSTASH_REGION", value)]].concat()).is_ok());
        }
    }

    #[test]
    fn warnings_are_typed() {
        let warnings = |set: &[&[(&str, &str)]]| debug(&set.concat()).unwrap().warnings().to_vec();
        assert_eq!(warnings(&[&DEFAULT]), []);
        assert_eq!(warnings(&[&DEFAULT, &US, &EU, &[MODE]]), []);
        assert_eq!(warnings(&[&US, &EU, &[MODE]]), []);
        assert_eq!(
            warnings(&[&DEFAULT, &EU, &[MODE]]),
            [ConfigWarning::NoKeysForRegion {
                region: Region::UsEast1
            }]
        );
        assert_eq!(
            warnings(&[&DEFAULT, &US[1..], &EU, &[MODE]]),
            [ConfigWarning::HalfPair {
                region: Some(Region::UsEast1),
                missing: US[0].0
            }]
        );
        assert_eq!(
            warnings(&[&DEFAULT[..1], &US, &EU, &[MODE]]),
            [ConfigWarning::HalfPair {
                region: None,
                missing: DEFAULT[1].0
            }]
        );
        assert_eq!(
            warnings(&[&DEFAULT, &US[..1]]),
            [ConfigWarning::RegionNotSet {
                unused: vec![US[0].0]
            }]
        );
        let shared = [(EU[0].0, "sig_uc"), EU[1]];
        assert_eq!(
            warnings(&[&DEFAULT, &US, &shared, &[MODE]]),
            [ConfigWarning::SharedKey {
                first: US[0].0,
                second: EU[0].0
            }]
        );
    }

    #[test]
    fn a_default_pair_that_repeats_a_region_is_what_migrating_looks_like() {
        let default = [(DEFAULT[0].0, EU[0].1), (DEFAULT[1].0, EU[1].1)];
        let ring = debug(&[&default[..], &US, &EU, &[MODE]].concat()).unwrap();
        assert_eq!(ring.warnings().len(), 2);
        for warning in ring.warnings() {
            assert!(warning.to_string().contains("right if"), "{warning}");
        }
        let wrong = ConfigWarning::SharedKey {
            first: US[0].0,
            second: EU[0].0,
        };
        assert!(!wrong.to_string().contains("right if"), "{wrong}");
    }

    #[test]
    fn development_keys_need_a_debug_build() {
        for value in ["1", "true", "TRUE", " true "] {
            let set = [&DEFAULT[..], &[("QSTASH_DEV", value)]].concat();
            assert_eq!(
                read(&set, false).unwrap_err(),
                ConfigError::DevelopmentKeysInRelease
            );
            assert_eq!(
                debug(&set).unwrap().warnings(),
                [ConfigWarning::DevelopmentKeys]
            );
        }
        let pasted = [DEFAULT[0], (DEFAULT[1].0, DEVELOPMENT_KEYS[0])];
        assert_eq!(
            read(&pasted, false).unwrap_err(),
            ConfigError::DevelopmentKeysInRelease
        );
        assert_eq!(
            debug(&pasted).unwrap().warnings(),
            [ConfigWarning::DevelopmentKeys]
        );
        for value in ["", "0", "false"] {
            let set = [&DEFAULT[..], &[("QSTASH_DEV", value)]].concat();
            assert_eq!(read(&set, false).unwrap().warnings(), []);
        }
    }

    #[cfg(feature = "signing")]
    #[test]
    fn development_keys_can_be_allowed_in_any_build() {
        let [current, next] = DEVELOPMENT_KEYS.map(str::to_owned);
        let pasted = |name: &str| match name {
            "QSTASH_CURRENT_SIGNING_KEY" => Some(current.clone()),
            "QSTASH_NEXT_SIGNING_KEY" => Some(next.clone()),
            _ => None,
        };
        let on = |name: &str| (name == variables::DEVELOPMENT).then(|| "TRUE".to_owned());
        for ring in [
            KeyRing::from_lookup_allow_development_keys(pasted),
            KeyRing::from_lookup_allow_development_keys(on),
        ] {
            assert_eq!(ring.unwrap().warnings(), [ConfigWarning::DevelopmentKeys]);
        }
    }

    #[test]
    fn no_key_is_printed() {
        let set = [&DEFAULT[..], &US[..], &EU[..1], &[MODE]].concat();
        let ring = debug(&set).unwrap();
        let mut printed = format!("{ring:?}");
        for warning in ring.warnings() {
            printed += &format!("{warning} {warning:?}");
        }
        assert!(!printed.contains("sig_"), "{printed}");
    }
}
