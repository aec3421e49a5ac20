//! Parsing of a JSON object with unique names (RFC 7515 §4, RFC 7519 §4).
//!
//! Values are read from their raw text: a derived struct can't tell an absent member
//! from `null`, and `serde_json` reports a number beyond the range of a double as
//! invalid JSON.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::token::json_fast;
use crate::token::value::Value;

/// The requested members of an object, in the order of their names.
pub(crate) struct Object<'a, const N: usize> {
    pub(crate) members: [Option<Value<'a>>; N],
    /// A name that appears more than once in the object.
    pub(crate) repeated: Option<Cow<'static, str>>,
}

/// Parses a JSON object and returns the members called `names`.
///
/// Each name is in quotes and followed by a colon: `"exp":`. `None` if `bytes` are not
/// UTF-8, not JSON, or not an object.
pub(crate) fn object<'a, const N: usize>(
    bytes: &'a [u8],
    names: &[&'static str; N],
) -> Option<Object<'a, N>> {
    debug_assert!(
        names
            .iter()
            .all(|n| n.starts_with('"') && n.ends_with("\":")),
        "names are in quotes and followed by a colon"
    );
    if let Some(members) = json_fast::object(bytes, names) {
        return Some(Object {
            members,
            repeated: None,
        });
    }
    object_with_serde(std::str::from_utf8(bytes).ok()?, names)
}

/// Parses any object with `serde_json`.
pub(super) fn object_with_serde<'a, const N: usize>(
    text: &'a str,
    names: &[&'static str; N],
) -> Option<Object<'a, N>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let object = json.deserialize_map(Members { names }).ok()?;
    json.end().ok()?;
    Some(object)
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
        // A set, since anyone can send a JOSE header with many names.
        let mut others = BTreeSet::new();
        let mut repeated = None;
        while let Some(name) = map.next_key_seed(Name { names: self.names })? {
            let value: &RawValue = map.next_value()?;
            match name {
                Member::Known(at) => {
                    if let Some(slot) = members.get_mut(at)
                        && slot.replace(Value::from_raw(value.get())).is_some()
                    {
                        repeated = self.names.get(at).map(|name| Cow::Borrowed(unquoted(name)));
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

/// Returns a name without its quotes and colon.
fn unquoted(name: &'static str) -> &'static str {
    name.trim_end_matches(':').trim_matches('"')
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
        Ok(
            match self.names.iter().position(|known| unquoted(known) == name) {
                Some(at) => Member::Known(at),
                None => Member::Other(name.to_owned()),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::{IntoDeserializer as _, value};

    const NAMES: [&str; 3] = [r#""a":"#, r#""b":"#, r#""c":"#];

    fn read(text: &str) -> Option<Object<'_, 3>> {
        object(text.as_bytes(), &NAMES)
    }

    #[test]
    fn members_are_found_in_any_order_and_spelling() {
        let text = r#" { "x": [1,{"a":2}], "b" : null, "\u0061":"1" } "#;
        let found = read(text).unwrap();
        let (a, b) = (Value::Text(b"1"), Value::Raw("null"));
        assert_eq!(found.members, [Some(a), Some(b), None]);
        assert!(found.repeated.is_none());

        let found = read(r#"{"a":-62135596800,"b":0,"c":"x"}"#).unwrap();
        let (a, b) = (Value::Number(-62_135_596_800.0), Value::Number(0.0));
        assert_eq!(found.members, [Some(a), Some(b), Some(Value::Text(b"x"))]);
    }

    #[test]
    fn repeated_member_is_reported() {
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
    fn malformed_json_and_other_values_are_refused() {
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
            "{,}",
            "{\"a\":\"\n\"}",
            "{\"a\":01}",
            "{\"a\":-}",
            "{\"a\":1}}",
            "{\"a\":1,\"b\"}",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":\"}",
            "{a:1}",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(object(b"{\"a\":\"\xff\"}", &[r#""a":"#]).is_none());
    }

    #[test]
    fn errors_name_the_expected_type() {
        let names = &NAMES;
        let object = serde_json::Deserializer::from_str("1").deserialize_map(Members { names });
        let error = object.err().unwrap().to_string();
        assert!(error.contains("expected a JSON object"), "{error}");
        let number: value::U8Deserializer<value::Error> = 1_u8.into_deserializer();
        let error = Name { names }.deserialize(number).err().unwrap();
        assert!(
            error.to_string().contains("expected a member's name"),
            "{error}"
        );
    }

    #[test]
    fn deep_nesting_is_refused_without_overflow() {
        let deep = format!("{{\"x\":{}}}", "[".repeat(4000));
        assert!(read(&deep).is_none());
    }
}
