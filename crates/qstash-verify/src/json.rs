//! Reads one JSON object, each of its members at most once.
//!
//! RFC 7515 §4 and RFC 7519 §4 demand unique names. `serde`'s own structs
//! can't tell an absent member from `null`, and a number beyond the range of a
//! double would read as broken JSON; looking at the raw text of the members
//! can, and allocates nothing.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The raw text of the members asked for, in the order of their names.
pub(crate) struct Object<'a, const N: usize> {
    pub(crate) members: [Option<&'a str>; N],
    /// A name that stands in the object more than once.
    pub(crate) repeated: Option<Cow<'static, str>>,
}

/// Reads `bytes` as a JSON object and picks the members called `names`.
/// `None` if it is not UTF-8, not JSON, or not an object.
pub(crate) fn object<'a, const N: usize>(
    bytes: &'a [u8],
    names: &[&'static str; N],
) -> Option<Object<'a, N>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut json = serde_json::Deserializer::from_str(text);
    let object = json.deserialize_map(Members { names }).ok()?;
    json.end().ok()?;
    Some(object)
}

/// The text of a JSON string; borrowed unless it holds escapes.
pub(crate) fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.as_bytes().contains(&b'\\') {
        // Lone surrogates, which raw text may hold, are found here.
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The value of a JSON number that a double can hold.
pub(crate) fn number(raw: &str) -> Option<f64> {
    // Of the JSON values only numbers start like this; `inf` and `NaN`, which
    // Rust would read, are no JSON.
    if !raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return None;
    }
    raw.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Whether the value is a string, or a list of nothing but strings.
pub(crate) fn is_string_or_strings(raw: &str) -> bool {
    string(raw).is_some() || serde_json::from_str::<Vec<String>>(raw).is_ok()
}

struct Members<'n, const N: usize> {
    names: &'n [&'static str; N],
}

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = Object<'de, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = [None; N];
        // A set: a stranger may send some 700 names in a token's header.
        let mut others = BTreeSet::new();
        let mut repeated = None;
        while let Some(name) = map.next_key_seed(Name { names: self.names })? {
            let value: &RawValue = map.next_value()?;
            match name {
                Member::Known(at) => {
                    if let Some(slot) = members.get_mut(at)
                        && slot.replace(value.get()).is_some()
                    {
                        repeated = self.names.get(at).map(|name| Cow::Borrowed(*name));
                    }
                }
                Member::Other(name) => {
                    if let Some(earlier) = others.replace(name) {
                        repeated = Some(Cow::Owned(earlier));
                    }
                }
            }
        }
        Ok(Object { members, repeated })
    }
}

enum Member {
    Known(usize),
    Other(String),
}

struct Name<'n, const N: usize> {
    names: &'n [&'static str; N],
}

impl<'de, const N: usize> DeserializeSeed<'de> for Name<'_, N> {
    type Value = Member;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Member, D::Error> {
        json.deserialize_identifier(self)
    }
}

impl<const N: usize> Visitor<'_> for Name<'_, N> {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Member, E> {
        Ok(match self.names.iter().position(|known| *known == name) {
            Some(at) => Member::Known(at),
            None => Member::Other(name.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Object<'_, 2>> {
        object(text.as_bytes(), &["a", "b"])
    }

    #[test]
    fn members_are_found_whatever_their_order_and_spelling() {
        let found = read(r#" { "x": [1,{"a":2}], "b" : null, "\u0061":"1" } "#).unwrap();
        assert_eq!(found.members, [Some("\"1\""), Some("null")]);
        assert!(found.repeated.is_none());
    }

    #[test]
    fn a_repeated_member_is_named() {
        for (text, name) in [
            (r#"{"a":1,"a":1}"#, "a"),
            (r#"{"b":1,"\u0062":1}"#, "b"),
            (r#"{"x":1,"a":1,"x":2}"#, "x"),
        ] {
            assert_eq!(
                read(text).unwrap().repeated.as_deref(),
                Some(name),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in [
            "",
            "1",
            "[]",
            "null",
            "{",
            "{}x",
            "{\"a\":}",
            "{\"a\":1,}",
            "{'a':1}",
            "{\"a\":\"\n\"}",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(object(b"{\"a\":\"\xff\"}", &["a"]).is_none());
    }

    #[test]
    fn deep_nesting_neither_overflows_nor_passes_for_more() {
        let deep = format!("{{\"x\":{}}}", "[".repeat(4000));
        assert!(read(&deep).is_none());
    }

    #[test]
    fn numbers_are_finite_json_numbers() {
        for (raw, value) in [
            ("0", 0.0),
            ("-62135596800", -62_135_596_800.0),
            ("1.7e9", 1.7e9),
            ("9223372036854775808000", 9_223_372_036_854_775_808_000.0),
            ("1.5", 1.5),
        ] {
            assert_eq!(number(raw), Some(value), "{raw}");
        }
        for raw in [
            "1e400", "-1e400", "\"1\"", "null", "true", "[1]", "{}", "inf", "NaN", "",
        ] {
            assert_eq!(number(raw), None, "{raw}");
        }
        // Beyond the range of a double, but still a number: not broken JSON.
        assert_eq!(read("{\"a\":1e400}").unwrap().members[0], Some("1e400"));
    }

    #[test]
    fn strings_are_borrowed_or_unescaped() {
        assert!(matches!(string("\"x\""), Some(Cow::Borrowed("x"))));
        assert_eq!(string(r#""a\u0026b\/""#).as_deref(), Some("a&b/"));
        for raw in [r#""\ud800""#, "1", "null", "\"", ""] {
            assert_eq!(string(raw), None, "{raw}");
        }
    }
}
