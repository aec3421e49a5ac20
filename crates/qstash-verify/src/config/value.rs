//! Values that can't be a signing key or a token of QStash.

use std::fmt;

use crate::keys::signing_key::QUOTES;

/// What is wrong with the value of a variable, or of any other source of secrets.
/// The [`Display`](fmt::Display) form goes after the variable's name.
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
    /// It has quotes around it.
    Quotes,
    /// It is a placeholder, such as `your_current_key`.
    Placeholder,
    /// A signing key is a token.
    TokenAsKey,
    /// A token is a signing key.
    KeyAsToken,
    /// There is white space in it.
    WhiteSpace,
    /// It has a character that no key or token has, such as an invisible one.
    InvalidCharacter,
    /// A signing key doesn't begin with `sig_`.
    KeyPrefix,
    /// A signing key is shorter than those of QStash, as if it was cut off.
    CutOff,
}

impl ValueProblem {
    /// Returns what keeps a value from being a signing key, if anything does. White
    /// space around it is ignored.
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
        // A made-up key of a test has neither digits nor capitals.
        let random = key.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase());
        (random && value.len() < SHORTEST_KEY).then_some(ValueProblem::CutOff)
    }

    /// Returns what keeps a value from being a token to publish with, if anything
    /// does. White space around it is ignored.
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

    /// Returns the problem as a stable word for machines, such as `quotes`.
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

/// A shorter key was cut off. Those seen have 32 characters; the text of a random
/// number may be some shorter.
const SHORTEST_KEY: usize = 24;

/// Parts of placeholders, in lower case. None of them is in a real key or token.
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

/// Whether it begins as the base64 of a JSON object does.
fn is_token(value: &str) -> bool {
    value.starts_with("eyJ")
}

/// A value for an error: whole, unless it is so long, or begins so, that it may be a
/// key or a token pasted by mistake.
pub(super) fn presentable(value: &str) -> String {
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
    fn signing_keys_are_judged() {
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
    fn tokens_are_judged() {
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
    fn secrets_are_not_presentable() {
        for (value, shown) in [
            ("MARS_1", "MARS_1"),
            ("123456789012345678901234", "123456789012345678901234"),
            ("1234567890123456789012345", "1234…"),
            ("sig_x", "sig_…"),
            ("eyJVc2Vy", "eyJV…"),
            ("'sig_4fXrAz72mB9kQ'", "'sig…"),
        ] {
            assert_eq!(presentable(value), shown);
        }
    }
}
