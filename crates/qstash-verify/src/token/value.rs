//! Values of the members of a JSON object.

use std::borrow::Cow;

/// The value of a member of a JSON object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// The UTF-8 content of a string without escapes.
    Text(&'a [u8]),
    /// A number that a double can hold.
    Number(f64),
    /// Any other value, as written in the JSON.
    Raw(&'a str),
}

impl<'a> Value<'a> {
    /// Classifies a value from its JSON text, which must be valid.
    pub(crate) fn from_raw(raw: &'a str) -> Self {
        let inside = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        if let Some(text) = inside.filter(|text| !text.contains('\\')) {
            return Value::Text(text.as_bytes());
        }
        // Rust parses JSON numbers, and `1e400` as infinity.
        match raw.parse() {
            Ok(number) if f64::is_finite(number) => Value::Number(number),
            _ => Value::Raw(raw),
        }
    }

    /// Returns the content of a string, as UTF-8 bytes.
    #[inline(always)]
    pub(crate) fn string(self) -> Option<Cow<'a, [u8]>> {
        match self {
            Value::Text(text) => Some(Cow::Borrowed(text)),
            Value::Number(_) => None,
            // Refuses lone surrogates, which `RawValue` accepts.
            Value::Raw(raw) => {
                let text: String = serde_json::from_str(raw).ok()?;
                Some(Cow::Owned(text.into_bytes()))
            }
        }
    }

    /// Returns the value of a number within the range of a double.
    pub(crate) fn number(self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(number),
            Value::Text(_) | Value::Raw(_) => None,
        }
    }

    /// Returns whether it is a string or a list of strings.
    pub(crate) fn is_string_or_strings(self) -> bool {
        match self {
            Value::Raw(raw) if raw.starts_with('[') => {
                serde_json::from_str::<Vec<String>>(raw).is_ok()
            }
            _ => self.string().is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_numbers_are_numbers() {
        for (raw, value) in [
            ("0", 0.0),
            ("-62135596800", -62_135_596_800.0),
            ("1.7e9", 1.7e9),
            ("9223372036854775808000", 9_223_372_036_854_775_808_000.0),
            ("1.5", 1.5),
        ] {
            assert_eq!(Value::from_raw(raw).number(), Some(value), "{raw}");
        }
        for raw in [
            "1e400", "-1e400", "\"1\"", "null", "true", "[1]", "{}", "inf", "NaN", "",
        ] {
            assert_eq!(Value::from_raw(raw).number(), None, "{raw}");
        }
        assert_eq!(Value::Text(b"1").number(), None);
    }

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(Value::Text(b"x").string().as_deref(), Some(&b"x"[..]));
        assert_eq!(
            Value::from_raw(r#""a\u0026b\/""#).string().as_deref(),
            Some(&b"a&b/"[..])
        );
        for raw in [r#""\ud800""#, "1", "1e400", "null", "\"", ""] {
            assert_eq!(Value::from_raw(raw).string(), None, "{raw}");
        }
        assert_eq!(Value::Number(1.0).string(), None);
        let plain = Value::from_raw("\"x\"").string();
        assert!(matches!(plain, Some(Cow::Borrowed(b"x"))), "{plain:?}");
    }

    #[test]
    fn audience_is_a_string_or_strings() {
        for (raw, expected) in [
            ("\"\"", true),
            ("\"\\u0041\"", true),
            ("[]", true),
            ("[\"a\", \"b\"]", true),
            ("[1]", false),
            ("null", false),
            ("{}", false),
            ("1", false),
        ] {
            let value = Value::from_raw(raw);
            assert_eq!(value.is_string_or_strings(), expected, "{raw}");
        }
    }
}
