//! The variables of QStash: from a look-up to keys and warnings.

use crate::config::config_error::ConfigError;
use crate::config::config_warning::ConfigWarning;
use crate::config::lookup::{Variables, process_variable};
use crate::config::pair::PairText;
use crate::config::value::presentable;
use crate::config::{development, variables};
use crate::keys::{KeyRing, SigningKeys};
use crate::region::Region;

impl KeyRing {
    /// The keys that the process's environment holds.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `QSTASH_CURRENT_SIGNING_KEY`, `QSTASH_NEXT_SIGNING_KEY` | the default pair |
    /// | `QSTASH_REGION` | `US_EAST_1` or `EU_CENTRAL_1`: the primary region; that it is set turns multi-region mode on |
    /// | `US_EAST_1_QSTASH_CURRENT_SIGNING_KEY`, `US_EAST_1_QSTASH_NEXT_SIGNING_KEY` | the pair of US; used in multi-region mode only |
    /// | `EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY`, `EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY` | the pair of EU; used in multi-region mode only |
    /// | `QSTASH_DEV` | `true` or `1`: use the development server's public keys and no others; an error in a build without debug assertions, as is a publicly known key in any of the variables above. `false` or `0`: off |
    ///
    /// White space around a value is dropped, and an empty value counts as
    /// unset (QStash documentation, "Multi-region"). A value that can't be a signing
    /// key is a [warning](ConfigWarning::UnlikelyValue). No `.env` file is read.
    ///
    /// # Errors
    /// - [`ConfigError::NoSigningKeys`] if no complete pair is usable;
    /// - [`ConfigError::InvalidRegion`] if `QSTASH_REGION` names no region;
    /// - [`ConfigError::InvalidDevelopmentMode`] if `QSTASH_DEV` is neither on nor off;
    /// - [`ConfigError::NotUnicode`] if one of the variables is not UTF-8;
    /// - [`ConfigError::DevelopmentKeysInRelease`] if `QSTASH_DEV` is on, or a publicly
    ///   known key is set, in a build without debug assertions.
    pub fn from_env() -> Result<Self, ConfigError> {
        KeyRing::from_lookup(process_variable)
    }

    /// The keys of any other environment: the rules of
    /// [`from_env`](Self::from_env), for the values that `lookup` finds. Each
    /// variable is looked up once, here. A value with U+FFFD in it, as a lossy
    /// conversion leaves behind, is [`ConfigError::NotUnicode`].
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
    /// whatever build this is: publicly known keys are accepted,
    /// with a warning in [`warnings`](Self::warnings). **Anyone can sign with
    /// them.** For tools on a developer's machine. Logs nothing.
    ///
    /// ```
    /// use qstash_verify::{ConfigWarning, KeyRing};
    ///
    /// let lookup = |name: &str| (name == "QSTASH_DEV").then(|| "1".to_owned());
    /// let ring = KeyRing::from_lookup_allow_development_keys(lookup)?;
    /// assert!(matches!(ring.warnings(), [ConfigWarning::DevelopmentKeys { .. }]));
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
    let development = variables.get(variables::DEVELOPMENT)?;
    if development::is_on(development.as_ref().map(|value| value.as_str()))? {
        let warning = development::judge(vec![variables::DEVELOPMENT], debug_build)?;
        return Ok(KeyRing::single_region(
            SigningKeys::development(),
            vec![warning],
        ));
    }

    let default = PairText::read(variables, None)?;
    let us = PairText::read(variables, Some(Region::UsEast1))?;
    let eu = PairText::read(variables, Some(Region::EuCentral1))?;
    let mut ring = if primary_region(variables)?.is_some() {
        multi_region(&default, &us, &eu)
    } else {
        single_region(&default, &us, &eu)
    }?;
    let pairs = [&default, &us, &eu];
    for warning in pairs.iter().flat_map(|pair| pair.warnings()) {
        ring.push_warning(warning);
    }
    // Those that are not used as well: a change of QSTASH_REGION would use them.
    let public: Vec<_> = pairs.iter().flat_map(|pair| pair.public()).collect();
    if !public.is_empty() {
        ring.push_warning(development::judge(public, debug_build)?);
    }
    Ok(ring)
}

/// The primary region, if `QSTASH_REGION` is set.
pub(super) fn primary_region<F: Fn(&str) -> Option<String>>(
    variables: &Variables<F>,
) -> Result<Option<Region>, ConfigError> {
    let Some(value) = variables.get(variables::REGION)? else {
        return Ok(None);
    };
    match Region::from_bytes(value.as_bytes()) {
        Some(region) => Ok(Some(region)),
        None => Err(ConfigError::InvalidRegion {
            value: presentable(&value),
        }),
    }
}

fn single_region(default: &PairText, us: &PairText, eu: &PairText) -> Result<KeyRing, ConfigError> {
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

fn multi_region(default: &PairText, us: &PairText, eu: &PairText) -> Result<KeyRing, ConfigError> {
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

fn warn_of_shared_keys(warnings: &mut Vec<ConfigWarning>, pairs: &[&PairText]) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::ValueProblem;
    use crate::keys::KeySource;
    use crate::keys::public::{DEVELOPMENT_KEYS, public_keys};

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
                ConfigError::DevelopmentKeysInRelease {
                    variables: vec!["QSTASH_DEV"]
                }
            );
            assert_eq!(
                debug(&set).unwrap().warnings(),
                [ConfigWarning::DevelopmentKeys {
                    variables: vec!["QSTASH_DEV"]
                }]
            );
        }
        for value in ["", "0", "false"] {
            let set = [&DEFAULT[..], &[("QSTASH_DEV", value)]].concat();
            assert_eq!(read(&set, false).unwrap().warnings(), []);
        }
        for value in ["yes", "off"] {
            let set = [&DEFAULT[..], &[("QSTASH_DEV", value)]].concat();
            let value = value.to_owned();
            let error = ConfigError::InvalidDevelopmentMode { value };
            assert_eq!(debug(&set).unwrap_err(), error);
            assert_eq!(read(&set, false).unwrap_err(), error);
        }
    }

    #[test]
    fn public_keys_need_a_debug_build_in_every_variable() {
        for key in public_keys() {
            for set in [&DEFAULT[..], &[&DEFAULT[..], &US, &EU, &[MODE]].concat()] {
                for at in 0..set.len() {
                    let mut set = set.to_vec();
                    let variable = set[at].0;
                    if variable == MODE.0 {
                        continue;
                    }
                    let quoted = format!("'{key}'");
                    for text in [key, &quoted] {
                        set[at].1 = text;
                        let variables = vec![variable];
                        let warning = ConfigWarning::DevelopmentKeys {
                            variables: variables.clone(),
                        };
                        let ring = debug(&set).unwrap();
                        assert!(ring.warnings().contains(&warning), "{variable}={text}");
                        let error = ConfigError::DevelopmentKeysInRelease { variables };
                        assert_eq!(read(&set, false).unwrap_err(), error, "{variable}={text}");
                    }
                }
            }
            // Unused, and in half a pair.
            for variable in [US[1].0, EU[0].0] {
                let set = [&DEFAULT[..], &[(variable, key)]].concat();
                assert_eq!(
                    read(&set, false).unwrap_err().code(),
                    "development_keys_in_release"
                );
            }
        }
    }

    #[test]
    fn unlikely_values_are_warnings() {
        let unlikely = |variable, problem| ConfigWarning::UnlikelyValue { variable, problem };
        let [current, next] = [DEFAULT[0].0, DEFAULT[1].0];
        for (values, warnings) in [
            (
                ["\"sig_dc\"", "eyJhIjoxfQ=="],
                vec![
                    unlikely(current, ValueProblem::Quotes),
                    unlikely(next, ValueProblem::TokenAsKey),
                ],
            ),
            (
                ["your_current_key", "sig_dn"],
                vec![unlikely(current, ValueProblem::Placeholder)],
            ),
            (
                ["sig_dc", " sig_dc "],
                vec![ConfigWarning::RepeatedKey { current, next }],
            ),
        ] {
            let set = [(current, values[0]), (next, values[1])];
            assert_eq!(debug(&set).unwrap().warnings(), warnings, "{values:?}");
        }
        let set = [&DEFAULT[..], &US, &[(EU[0].0, "'sig_ec'"), EU[1], MODE]].concat();
        let warnings = debug(&set).unwrap().warnings().to_vec();
        assert_eq!(warnings, [unlikely(EU[0].0, ValueProblem::Quotes)]);
    }

    #[test]
    fn bytes_that_are_not_unicode_are_an_error_that_names_the_variable() {
        for variable in variables::KEY_RING {
            let mut set = [&DEFAULT[..], &US, &EU, &[MODE]].concat();
            set.retain(|(name, _)| *name != variable);
            set.push((variable, "sig_\u{fffd}"));
            assert_eq!(
                debug(&set).unwrap_err(),
                ConfigError::NotUnicode { variable }
            );
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
            assert!(matches!(
                ring.unwrap().warnings(),
                [ConfigWarning::DevelopmentKeys { .. }]
            ));
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
