//! Detection of values that can't be a signing key or a token of QStash.

use std::fmt;

use crate::keys::signing_key::QUOTES;

/// A problem with the value of a variable, or of any other source of secrets.
///
/// The [`Display`](fmt::Display) form is a predicate that follows the variable's name.
///
/// ```
/// use qstash_verify::ValueProblem;
///
/// let problem = ValueProblem::of_signing_key("your_current_key").unwrap();
/// assert_eq!(problem, ValueProblem::Placeholder);
/// assert_eq!(problem.code(), "placeholder");
/// assert_eq!(ValueProblem::of_signing_key("sig_4fXrAz72mB9kQw1TnYc8vUeLpJd3"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueProblem {
    /// The value has quotes around it.
    Quotes,
    /// The value is a placeholder, such as `your_current_key`.
    Placeholder,
    /// The value of a signing key is a token.
    TokenAsKey,
    /// The value of a token is a signing key.
    KeyAsToken,
    /// The value contains white space.
    WhiteSpace,
    /// The value contains a character that no key or token has.
    ///
    /// Such as an invisible one.
    InvalidCharacter,
    /// A signing key doesn't begin with `sig_`.
    KeyPrefix,
    /// A signing key is shorter than QStash's keys are, as if truncated.
    CutOff,
}

impl ValueProblem {
    /// Returns the problem of a value as a signing key, if it has one.
    ///
    /// White space around the value is ignored.
    #[must_use]
    pub fn of_signing_key(value: &str) -> Option<Self> {
        let value = value.trim();
        if let Some(problem) = of_any(value) {
            return Some(problem);
        }
        let Some(key) = value.strip_prefix("sig_") else {
            let token = is_token(value.strip_prefix("Bearer ").unwrap_or(value));
            return Some(match value {
                _ if token => ValueProblem::TokenAsKey,
                _ if value.contains(char::is_whitespace) => ValueProblem::WhiteSpace,
                _ => ValueProblem::KeyPrefix,
            });
        };
        if key.contains(char::is_whitespace) {
            return Some(ValueProblem::WhiteSpace);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !key.chars().all(allowed) {
            return Some(ValueProblem::InvalidCharacter);
        }
        // Invented keys of tests (`sig_current`) have neither digits nor capitals.
        let random = key.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase());
        (random && value.len() < SHORTEST_KEY).then_some(ValueProblem::CutOff)
    }

    /// Returns the problem of a value as a token for publishing, if it has one.
    ///
    /// White space around the value is ignored.
    #[must_use]
    pub fn of_token(value: &str) -> Option<Self> {
        let value = value.trim();
        if let Some(problem) = of_any(value) {
            return Some(problem);
        }
        if value.starts_with("sig_") {
            Some(ValueProblem::KeyAsToken)
        } else if value.contains(char::is_whitespace) {
            Some(ValueProblem::WhiteSpace)
        } else {
            None
        }
    }

    /// Returns the stable code of the problem, such as `quotes`.
    ///
    /// | code | meaning |
    /// |---|---|
    /// | `quotes` | the value has quotes around it |
    /// | `placeholder` | the value is a placeholder |
    /// | `token_as_key` | the value of a signing key is a token |
    /// | `key_as_token` | the value of a token is a signing key |
    /// | `white_space` | the value contains white space |
    /// | `invalid_character` | the value contains a character that no key or token has |
    /// | `key_prefix` | a signing key doesn't begin with `sig_` |
    /// | `cut_off` | a signing key is shorter than QStash's keys are |
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            ValueProblem::Quotes => "quotes",
            ValueProblem::Placeholder => "placeholder",
            ValueProblem::TokenAsKey => "token_as_key",
            ValueProblem::KeyAsToken => "key_as_token",
            ValueProblem::WhiteSpace => "white_space",
            ValueProblem::InvalidCharacter => "invalid_character",
            ValueProblem::KeyPrefix => "key_prefix",
            ValueProblem::CutOff => "cut_off",
        }
    }
}

impl fmt::Display for ValueProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValueProblem::Quotes => {
                "has quotes around its value, and they count as part of it: remove them (docker's \
                 --env-file keeps quotes, a shell doesn't)"
            }
            ValueProblem::Placeholder => {
                "holds a placeholder: copy the value from the QStash console"
            }
            ValueProblem::TokenAsKey => {
                "holds a token in place of a signing key: copy the signing key from the QStash \
                 console"
            }
            ValueProblem::KeyAsToken => {
                "holds a signing key in place of a token: copy the token from the QStash console"
            }
            ValueProblem::WhiteSpace => {
                "has white space in its value: copy the value from the QStash console, whole and \
                 alone"
            }
            ValueProblem::InvalidCharacter => {
                "holds a character that no key or token has, such as an invisible one: copy the \
                 value from the QStash console"
            }
            ValueProblem::KeyPrefix => {
                "does not begin with sig_, as every signing key does: copy the signing key from \
                 the QStash console"
            }
            ValueProblem::CutOff => {
                "is shorter than signing keys are, as if it was cut off: copy the whole key from \
                 the QStash console"
            }
        })
    }
}

/// The length below which a key counts as truncated.
///
/// Known keys have 32 characters; an encoded random number may be somewhat shorter.
const SHORTEST_KEY: usize = 24;

/// Substrings of placeholders, in lower case, that no real key or token contains.
const PLACEHOLDERS: [&str; 17] = [
    "<",
    ">",
    "...",
    "…",
    "***",
    "${",
    "$(",
    "{{",
    "your_",
    "your-",
    "changeme",
    "change_me",
    "change-me",
    "replace_",
    "replace-",
    "replaceme",
    "placeholder",
];

fn of_any(value: &str) -> Option<ValueProblem> {
    if value.starts_with(QUOTES) || value.ends_with(QUOTES) {
        Some(ValueProblem::Quotes)
    } else if is_placeholder(value) {
        Some(ValueProblem::Placeholder)
    } else if !value
        .chars()
        .all(|c| c.is_ascii_graphic() || c.is_whitespace())
    {
        Some(ValueProblem::InvalidCharacter)
    } else {
        None
    }
}

fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    PLACEHOLDERS.iter().any(|part| lower.contains(part))
        || lower.trim_start_matches("sig_").chars().all(|c| c == 'x')
        || lower.starts_with(['$', '%'])
        || ["undefined", "null", "none", "todo"].contains(&lower.as_str())
}

/// Returns whether a value begins like the base64 of a JSON object.
fn is_token(value: &str) -> bool {
    value.starts_with("eyJ")
}

/// Returns a value in a form fit for an error message.
///
/// It is truncated if it looks like a secret pasted by mistake.
pub(super) fn redacted(value: &str) -> String {
    let is_secret = ["sig_", "eyJ"].iter().any(|begin| value.contains(begin));
    if value.len() <= 24 && !is_secret {
        return value.to_owned();
    }
    value.chars().take(4).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_signing_key_finds_each_problem() {
        use ValueProblem::{
            CutOff, InvalidCharacter, KeyPrefix, Placeholder, Quotes, TokenAsKey, WhiteSpace,
        };
        for (value, problem) in [
            ("sig_4fXrAz72mB9kQw1TnYc8vUeLpJd3", None),
            (" sig_4fXrAz72mB9kQw1TnYc8vUeLpJd3\n", None),
            ("sig_current", None),
            ("sig_us_next", None),
            ("\"sig_current\"", Some(Quotes)),
            ("'sig_current'", Some(Quotes)),
            ("“sig_current”", Some(Quotes)),
            ("sig_current'", Some(Quotes)),
            ("your_current_key", Some(Placeholder)),
            ("sig_YOUR_KEY", Some(Placeholder)),
            ("<current key>", Some(Placeholder)),
            ("sig_...", Some(Placeholder)),
            ("sig_…", Some(Placeholder)),
            ("sig_xxxxxxxxxxxxxxxxxxxxxxxxxxxx", Some(Placeholder)),
            ("changeme", Some(Placeholder)),
            ("$QSTASH_CURRENT_SIGNING_KEY", Some(Placeholder)),
            ("${QSTASH_CURRENT_SIGNING_KEY}", Some(Placeholder)),
            ("undefined", Some(Placeholder)),
            ("eyJVc2VySUQiOiJhIn0=", Some(TokenAsKey)),
            ("Bearer eyJVc2VySUQiOiJhIn0=", Some(TokenAsKey)),
            ("sig_one sig_two", Some(WhiteSpace)),
            ("sig one", Some(WhiteSpace)),
            ("QSTASH_CURRENT_SIGNING_KEY=sig_one", Some(KeyPrefix)),
            ("4fXrAz72mB9kQw1TnYc8vUeLpJd3", Some(KeyPrefix)),
            ("sig_one,sig_two", Some(InvalidCharacter)),
            ("\u{feff}sig_current", Some(InvalidCharacter)),
            ("sig_curr\u{200b}ent", Some(InvalidCharacter)),
            ("sig_curr\u{0}ent", Some(InvalidCharacter)),
            ("sig_4fXrAz72mB9kQw1TnYc", Some(CutOff)),
            ("sig_4fXrAz72mB9kQw1TnYc8", None),
        ] {
            assert_eq!(ValueProblem::of_signing_key(value), problem, "{value:?}");
        }
    }

    #[test]
    fn of_token_finds_each_problem() {
        use ValueProblem::{InvalidCharacter, KeyAsToken, Placeholder, Quotes, WhiteSpace};
        for (value, problem) in [
            ("eyJVc2VySUQiOiJhIn0=", None),
            ("any-token", None),
            ("'eyJVc2VySUQiOiJhIn0='", Some(Quotes)),
            ("<token>", Some(Placeholder)),
            ("sig_current", Some(KeyAsToken)),
            ("Bearer eyJVc2VySUQiOiJhIn0=", Some(WhiteSpace)),
            ("eyJ\u{a0}a", Some(WhiteSpace)),
            ("eyJ\u{200b}a", Some(InvalidCharacter)),
        ] {
            assert_eq!(ValueProblem::of_token(value), problem, "{value:?}");
        }
    }

    #[test]
    fn redacted_truncates_secrets() {
        for (value, shown) in [
            ("MARS_1", "MARS_1"),
            ("123456789012345678901234", "123456789012345678901234"),
            ("1234567890123456789012345", "1234…"),
            ("sig_x", "sig_…"),
            ("eyJVc2Vy", "eyJV…"),
            ("'sig_4fXrAz72mB9kQ'", "'sig…"),
        ] {
            assert_eq!(redacted(value), shown);
        }
    }
}
