//! The model of reading keys and credentials from an environment.

use std::collections::BTreeMap;

use qstash_verify::ValueProblem;

/// A current and a next key.
pub type Pair = [String; 2];

/// The variables that are set.
pub type Environment = BTreeMap<&'static str, String>;

/// The current and the next variable of each pair: default, US, EU.
pub const KEYS: [(&str, [&str; 2]); 3] = [
    (
        "default",
        ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"],
    ),
    (
        "US_EAST_1",
        [
            "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY",
            "US_EAST_1_QSTASH_NEXT_SIGNING_KEY",
        ],
    ),
    (
        "EU_CENTRAL_1",
        [
            "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY",
            "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY",
        ],
    ),
];

/// Published keys. `QSTASH_DEV` selects the first two.
pub const PUBLISHED: [&str; 10] = [
    "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
    "sig_7GVPjvuwsfqF65iC8fSrs1dfYruM",
    "sig_5NoELc3EFnZn4DVS5bDs2Nk4b7Ua",
    "sig_6jWGaWRxHsw4vMSPJprXadyvrybF",
    "sig_7qHbvhmahe5GwfePDiS5Lg3pi6Qx",
    "sig_5T8FcSsynBjn9mMLBsXhpacRovJf",
    "sig_7GFR4YaDshFcqsxWRZpRB161jguD",
    "sig_testCurrentKeyKnownToEveryone",
    "sig_testNextKeyKnownToEveryone",
];

/// The keys of a service.
#[derive(Clone, Debug)]
pub enum Keys {
    /// Keys given in code.
    Explicit(Pair),
    /// Keys of an environment.
    ///
    /// Regional pairs are `None` unless `QSTASH_REGION` is set.
    Environment {
        /// The default pair.
        default: Option<Pair>,
        /// The pair of US.
        us: Option<Pair>,
        /// The pair of EU.
        eu: Option<Pair>,
    },
}

impl Keys {
    /// Returns the pair for a delivery of this region, and its source.
    #[must_use]
    pub fn for_region(&self, region: Option<&str>) -> Option<(&Pair, &'static str)> {
        match self {
            Keys::Explicit(pair) => Some((pair, "explicit")),
            Keys::Environment { default, us, eu } => {
                let regional = match region {
                    Some("US_EAST_1") => us.as_ref(),
                    Some("EU_CENTRAL_1") => eu.as_ref(),
                    _ => None,
                };
                match regional {
                    Some(pair) => Some((pair, "region")),
                    None => default.as_ref().map(|pair| (pair, "default")),
                }
            }
        }
    }
}

/// A result with sorted warnings, or an error, both in the words of this model.
pub type Outcome<T> = Result<(T, Vec<String>), String>;

/// Reads the keys by the documentation of `KeyRing::from_env`.
///
/// # Errors
/// The error in words.
pub fn keys(environment: &Environment, debug_build: bool) -> Outcome<Keys> {
    let get = |name| value(environment, name);
    let development = unicode(environment, "QSTASH_DEV")?.map(str::to_ascii_lowercase);
    let on = match development.as_deref() {
        Some("1" | "true") => true,
        Some("0" | "false") | None => false,
        Some(_) => return Err("invalid development mode".to_owned()),
    };
    if on {
        let words = "development keys: QSTASH_DEV".to_owned();
        if !debug_build {
            return Err(words);
        }
        let pair = [PUBLISHED[0], PUBLISHED[1]].map(str::to_owned);
        let keys = Keys::Environment {
            default: Some(pair),
            us: None,
            eu: None,
        };
        return Ok((keys, vec![words]));
    }

    for name in KEYS.iter().flat_map(|(_, names)| *names) {
        unicode(environment, name)?;
    }
    let multi = primary(environment)?.is_some();
    let pairs = KEYS.map(|(_, names)| names.map(get));
    let whole = |at: usize| match pairs[at] {
        [Some(current), Some(next)] => Some([current.to_owned(), next.to_owned()]),
        _ => None,
    };
    let keys = Keys::Environment {
        default: whole(0),
        us: whole(1).filter(|_| multi),
        eu: whole(2).filter(|_| multi),
    };
    // The owner, name and value of every variable with a key.
    let mut set = Vec::new();
    let mut halves = Vec::new();
    let mut empty = Vec::new();
    for ((owner, names), values) in KEYS.iter().zip(pairs) {
        set.extend(names.iter().zip(values).filter_map(|(name, value)| {
            let value = value?;
            Some((*owner, *name, value))
        }));
        match values {
            [Some(_), None] => halves.push((*owner, names[1])),
            [None, Some(_)] => halves.push((*owner, names[0])),
            [None, None] if *owner != "default" => empty.push(*owner),
            _ => {}
        }
    }
    let unused: Vec<_> = set
        .iter()
        .filter(|(owner, ..)| !multi && *owner != "default")
        .map(|(_, name, _)| *name)
        .collect();

    if let Keys::Environment {
        default: None,
        us: None,
        eu: None,
    } = keys
    {
        let looked_for = KEYS
            .iter()
            .filter(|(owner, _)| multi || *owner == "default");
        let looked_for = looked_for.flat_map(|(_, names)| *names).collect();
        let half = halves
            .iter()
            .filter(|(owner, _)| multi || *owner == "default");
        let half = half.map(|(_, missing)| *missing).collect();
        return Err(no_keys(looked_for, half, unused));
    }
    let Keys::Environment { default, us, eu } = &keys else {
        unreachable!()
    };
    let used = [us, eu, default];
    if used
        .into_iter()
        .flatten()
        .flatten()
        .any(|key| is_blank(key))
    {
        return Err("empty key".to_owned());
    }
    let mut warnings = Vec::new();
    if multi {
        for (owner, missing) in halves {
            warnings.push(format!("half of {owner}: {missing}"));
        }
        for owner in empty {
            warnings.push(format!("no keys for {owner}"));
        }
    } else if !unused.is_empty() {
        warnings.push(not_used(unused));
    }
    for (owner, name, key) in &set {
        for (other_owner, other, other_key) in &set {
            if owner != other_owner && name < other && key == other_key {
                warnings.push(shared(name, other));
            }
        }
    }
    for (_, name, key) in &set {
        warnings.extend(unlikely(name, ValueProblem::of_signing_key(key)));
    }
    for [current, next] in KEYS.map(|(_, names)| names) {
        if get(current).is_some() && get(current) == get(next) {
            warnings.push(format!("{current} and {next} repeat a key"));
        }
    }
    let public = set
        .iter()
        .filter(|(.., key)| PUBLISHED.iter().any(|public| key.contains(public)));
    let public: Vec<_> = public.map(|(_, name, _)| *name).collect();
    if !public.is_empty() {
        let words = format!("development keys: {}", public.join(", "));
        if !debug_build {
            return Err(words);
        }
        warnings.push(words);
    }
    warnings.sort();
    Ok((keys, warnings))
}

/// URL and token for publishing, and their sources.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "as in `qstash_verify::Credentials`")]
pub struct Credentials {
    pub url: String,
    pub token: String,
    pub url_source: &'static str,
    pub token_source: &'static str,
}

/// Reads the credentials by the documentation of `Credentials`.
///
/// # Errors
/// The error in words.
pub fn credentials(environment: &Environment) -> Outcome<Credentials> {
    let url = |url: &str| url.strip_suffix('/').unwrap_or(url).to_owned();
    let names = match primary(environment)? {
        Some("US_EAST_1") => Some(["US_EAST_1_QSTASH_URL", "US_EAST_1_QSTASH_TOKEN"]),
        Some(_) => Some(["EU_CENTRAL_1_QSTASH_URL", "EU_CENTRAL_1_QSTASH_TOKEN"]),
        None => None,
    };
    let mut warnings = Vec::new();
    let mut looked_for = vec!["QSTASH_TOKEN"];
    if let Some([url_name, token_name]) = names {
        let token = unicode(environment, token_name)?;
        let found = match token {
            Some(_) => unicode(environment, url_name)?,
            None => None,
        };
        if let (Some(found), Some(token)) = (found, token) {
            warnings.extend(unlikely(token_name, ValueProblem::of_token(token)));
            let found = Credentials {
                url: url(found),
                token: token.to_owned(),
                url_source: url_name,
                token_source: token_name,
            };
            return Ok((found, warnings));
        }
        let region = token_name.split("_QSTASH").next().unwrap();
        warnings.push(format!("no credentials for {region}"));
        looked_for.push(token_name);
    }
    let Some(token) = unicode(environment, "QSTASH_TOKEN")? else {
        return Err(no_token(looked_for));
    };
    warnings.extend(unlikely("QSTASH_TOKEN", ValueProblem::of_token(token)));
    warnings.sort();
    let set = unicode(environment, "QSTASH_URL")?;
    let found = Credentials {
        url: url(set.unwrap_or("https://qstash.upstash.io")),
        token: token.to_owned(),
        url_source: set.map_or("built in", |_| "QSTASH_URL"),
        token_source: "QSTASH_TOKEN",
    };
    Ok((found, warnings))
}

/// Returns a value without the white space around it; empty is unset.
fn value<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    let value = environment.get(name)?.trim_matches(char::is_whitespace);
    (!value.is_empty()).then_some(value)
}

/// Returns a value as [`value`] does, or an error if it is not Unicode.
fn unicode<'a>(environment: &'a Environment, name: &str) -> Result<Option<&'a str>, String> {
    match environment.get(name) {
        Some(value) if value.contains('\u{fffd}') => Err(format!("not unicode: {name}")),
        _ => Ok(value(environment, name)),
    }
}

/// Returns whether a key consists of quotes and invisible characters.
fn is_blank(key: &str) -> bool {
    key.chars().all(|c| {
        "\"'`“”‘’\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}".contains(c)
            || c.is_whitespace()
            || c.is_control()
    })
}

/// Returns the words for a value that is no key or token.
///
/// The core detects the problem, which its own tests check; the model only checks that
/// the problem is reported for the variable.
fn unlikely(name: &str, problem: Option<ValueProblem>) -> Option<String> {
    problem.map(|problem| format!("{name}: {problem:?}"))
}

fn primary(environment: &Environment) -> Result<Option<&'static str>, String> {
    let Some(value) = unicode(environment, "QSTASH_REGION")? else {
        return Ok(None);
    };
    let region = region(value.as_bytes());
    region.map(Some).ok_or_else(|| "invalid region".to_owned())
}

/// Parses `US_EAST_1` or `EU_CENTRAL_1`, in any case, with `-` or `_`.
#[must_use]
pub fn region(value: &[u8]) -> Option<&'static str> {
    let spelled = value.to_ascii_uppercase().into_iter();
    let spelled: Vec<u8> = spelled
        .map(|byte| if byte == b'-' { b'_' } else { byte })
        .collect();
    ["US_EAST_1", "EU_CENTRAL_1"]
        .into_iter()
        .find(|region| region.as_bytes() == spelled)
}

/// Returns the words for `ConfigError::NoSigningKeys`.
#[must_use]
pub fn no_keys(
    looked_for: Vec<&'static str>,
    half: Vec<&'static str>,
    unused: Vec<&'static str>,
) -> String {
    let [looked_for, half, unused] = [looked_for, half, unused].map(sorted);
    format!("no keys: looked for {looked_for}; half {half}; unused {unused}")
}

/// Returns the words for `ConfigError::NoToken`.
#[must_use]
pub fn no_token(looked_for: Vec<&'static str>) -> String {
    format!("no token: looked for {}", sorted(looked_for))
}

/// Returns the words for `ConfigWarning::RegionNotSet`.
#[must_use]
pub fn not_used(unused: Vec<&'static str>) -> String {
    format!("not used: {}", sorted(unused))
}

/// Returns the words for `ConfigWarning::SharedKey`, in either order.
#[must_use]
pub fn shared(one: &'static str, other: &'static str) -> String {
    format!("same key: {}", sorted(vec![one, other]))
}

fn sorted(mut names: Vec<&'static str>) -> String {
    names.sort_unstable();
    names.join(" ")
}
