//! Reads one JSON object, each of its members at most once.
//!
//! RFC 7515 §4 and RFC 7519 §4 demand unique names. `serde`'s own structs
//! can't tell an absent member from `null`, and a number beyond the range of a
//! double would read as broken JSON; looking at the raw text of the members
//! can, and allocates nothing. What QStash writes is read without `serde_json`,
//! which takes nearly as long for it as the MAC does.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::BitOr as _;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members asked for, in the order of their names.
pub(crate) struct Object<'a, const N: usize> {
    pub(crate) members: [Option<Value<'a>>; N],
    /// A name that stands in the object more than once.
    pub(crate) repeated: Option<Cow<'static, str>>,
}

/// The value of a member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// The inside of a string of ASCII that holds no escapes.
    Text(&'a [u8]),
    /// A number that a double holds exactly.
    Integer(f64),
    /// Anything, as it stands in the JSON.
    Raw(&'a str),
}

impl<'a> Value<'a> {
    /// The text of a string, in UTF-8: most are only compared with other bytes.
    #[inline(always)]
    pub(crate) fn string(self) -> Option<Cow<'a, [u8]>> {
        match self {
            Value::Text(text) => Some(Cow::Borrowed(text)),
            Value::Integer(_) => None,
            Value::Raw(raw) => {
                let inside = raw.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
                if !inside.contains(&b'\\') {
                    return Some(Cow::Borrowed(inside));
                }
                // Lone surrogates, which raw text may hold, are found here.
                let text: String = serde_json::from_str(raw).ok()?;
                Some(Cow::Owned(text.into_bytes()))
            }
        }
    }

    /// The value of a number that a double can hold.
    pub(crate) fn number(self) -> Option<f64> {
        match self {
            Value::Text(_) => None,
            Value::Integer(number) => Some(number),
            // Of the values of JSON only numbers are read as such; what else Rust
            // reads, such as `inf`, is not finite.
            Value::Raw(raw) => raw.parse().ok().filter(|number: &f64| number.is_finite()),
        }
    }

    /// Whether it is a string, or a list of nothing but strings.
    pub(crate) fn is_string_or_strings(self) -> bool {
        match self {
            Value::Raw(raw) if raw.starts_with('[') => {
                serde_json::from_str::<Vec<String>>(raw).is_ok()
            }
            _ => self.string().is_some(),
        }
    }
}

/// Reads `bytes` as a JSON object and picks the members called `names`, which
/// are spelled as they stand in front of a value: `"exp":`. `None` if it is not
/// UTF-8, not JSON, or not an object.
pub(crate) fn object<'a, const N: usize>(
    bytes: &'a [u8],
    names: &[&'static str; N],
) -> Option<Object<'a, N>> {
    debug_assert!(
        names
            .iter()
            .all(|n| n.starts_with('"') && n.ends_with("\":")),
        "names come as they are written before a value"
    );
    if let Some(members) = plain(bytes, names) {
        return Some(Object {
            members,
            repeated: None,
        });
    }
    thorough(std::str::from_utf8(bytes).ok()?, names)
}

/// Reads any object, with all the rules of JSON.
fn thorough<'a, const N: usize>(text: &'a str, names: &[&'static str; N]) -> Option<Object<'a, N>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let object = json.deserialize_map(Members { names }).ok()?;
    json.end().ok()?;
    Some(object)
}

/// Reads the kind of object that QStash writes, quicker: no white space,
/// members in the order of `names`, strings of ASCII without escapes, integers
/// of up to 15 digits. Of any other object it says nothing.
fn plain<'a, const N: usize>(
    json: &'a [u8],
    names: &[&'static str; N],
) -> Option<[Option<Value<'a>>; N]> {
    let mut members = [None; N];
    let mut rest = json.strip_prefix(b"{")?;
    for (member, name) in members.iter_mut().zip(names) {
        let Some(value) = rest.strip_prefix(name.as_bytes()) else {
            continue;
        };
        let (value, behind) = plain_value(value)?;
        *member = Some(value);
        match behind {
            b"}" => return Some(members),
            [b',', behind @ ..] => rest = behind,
            _ => return None,
        }
    }
    None
}

/// A value and what stands behind it.
// Not a call: its result, written in pieces and read as a whole, would stall.
#[inline(always)]
fn plain_value(json: &[u8]) -> Option<(Value<'_>, &[u8])> {
    if let [b'"', string @ ..] = json {
        let (text, behind) = string.split_at_checked(unremarkable(string))?;
        return Some((Value::Text(text), behind.strip_prefix(b"\"")?));
    }
    let unsigned = json.strip_prefix(b"-").unwrap_or(json);
    let eight = unsigned.first_chunk().and_then(eight_digits);
    let (mut number, mut length) = eight.map_or((0, 0), |number| (number, 8));
    let others = unsigned.get(length..)?.iter();
    for digit in others.take_while(|byte| byte.is_ascii_digit()) {
        number = number * 10 + u64::from(digit - b'0');
        length += 1;
        // 15 digits are exact in a double.
        if length > 15 {
            return None;
        }
    }
    // JSON has no leading zeros.
    if length == 0 || (length > 1 && unsigned.starts_with(b"0")) {
        return None;
    }
    let number = if unsigned.len() < json.len() {
        -(number as f64)
    } else {
        number as f64
    };
    Some((Value::Integer(number), unsigned.get(length..)?))
}

/// This byte eight times.
const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The number that these are, if all of them are digits. One after the other they
/// would have to wait for each other's multiplication, and each date has ten.
fn eight_digits(digits: &[u8; 8]) -> Option<u64> {
    // The first digit is in the lowest byte.
    let word = u64::from_le_bytes(*digits);
    // `0` to `?` have a 3 above; of these, six more than `9` is the first not to.
    let high = word & eight(0xf0);
    let high_of_six_more = word.wrapping_add(eight(6)) & eight(0xf0);
    if [high, high_of_six_more] != [eight(0x30); 2] {
        return None;
    }
    // Neighbours become numbers of two digits, those of four, and those of eight: of
    // each pair the first, which is the lower, is multiplied and moved to the other.
    let pairs = (word & eight(0x0f)).wrapping_mul((10 << 8) + 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul((100 << 16) + 1) >> 16;
    Some((fours & 0x0000_ffff_0000_ffff).wrapping_mul((10_000 << 32) + 1) >> 32)
}

/// How many bytes from the start are ASCII and neither a control character, a
/// quotation mark nor a backslash. Looks at eight at a time: a search with
/// vector code takes longer to begin than these strings have bytes.
fn unremarkable(bytes: &[u8]) -> usize {
    /// The highest bit of each byte of `word` that is below `limit`, which is
    /// 128 at most. Of the bytes above the lowest one found it may be wrong.
    const fn below(word: u64, limit: u8) -> u64 {
        word.wrapping_sub(eight(limit)) & !word & eight(0x80)
    }

    let mut length = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let remarkable = [
            below(word, b' '),
            below(word ^ eight(b'"'), 1),
            below(word ^ eight(b'\\'), 1),
            word & eight(0x80),
        ];
        let remarkable = remarkable.into_iter().fold(0, u64::bitor);
        if remarkable != 0 {
            return length + remarkable.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let plain = |byte: &&u8| (b' '..0x80).contains(*byte) && !b"\"\\".contains(byte);
    length + rest.iter().take_while(plain).count()
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
        // A set, since anyone can send a token's header, with many names in it.
        let mut others = BTreeSet::new();
        let mut repeated = None;
        while let Some(name) = map.next_key_seed(Name { names: self.names })? {
            let value: &RawValue = map.next_value()?;
            match name {
                Member::Known(at) => {
                    if let Some(slot) = members.get_mut(at)
                        && slot.replace(Value::Raw(value.get())).is_some()
                    {
                        repeated = self.names.get(at).map(|name| Cow::Borrowed(bare(name)));
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

/// A name without what stands around it.
fn bare(name: &'static str) -> &'static str {
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
            match self.names.iter().position(|known| bare(known) == name) {
                Some(at) => Member::Known(at),
                None => Member::Other(name.to_owned()),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::{IntoDeserializer as _, value};

    const NAMES: [&str; 3] = [r#""a":"#, r#""b":"#, r#""c":"#];

    fn read(text: &str) -> Option<Object<'_, 3>> {
        object(text.as_bytes(), &NAMES)
    }

    #[test]
    fn members_are_found_whatever_their_order_and_spelling() {
        let text = r#" { "x": [1,{"a":2}], "b" : null, "\u0061":"1" } "#;
        let found = read(text).unwrap();
        let (a, b) = (Value::Raw("\"1\""), Value::Raw("null"));
        assert_eq!(found.members, [Some(a), Some(b), None]);
        assert!(found.repeated.is_none());

        let found = read(r#"{"a":-62135596800,"b":0,"c":"x"}"#).unwrap();
        let (a, b) = (Value::Integer(-62_135_596_800.0), Value::Integer(0.0));
        assert_eq!(found.members, [Some(a), Some(b), Some(Value::Text(b"x"))]);
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
    fn errors_say_what_was_expected() {
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
            assert_eq!(Value::Raw(raw).number(), Some(value), "{raw}");
        }
        for raw in [
            "1e400", "-1e400", "\"1\"", "null", "true", "[1]", "{}", "inf", "NaN", "",
        ] {
            assert_eq!(Value::Raw(raw).number(), None, "{raw}");
        }
        assert_eq!(Value::Text(b"1").number(), None);
        // Beyond the range of a double, but still a number: not broken JSON.
        assert_eq!(
            read("{\"a\":1e400}").unwrap().members[0],
            Some(Value::Raw("1e400"))
        );
    }

    #[test]
    fn eight_digits_are_read_at_once() {
        for number in [0, 1, 9_999_999, 12_345_678, 90_807_060, 99_999_999] {
            let digits = format!("{number:08}");
            let eight = digits.as_bytes().try_into().unwrap();
            assert_eq!(eight_digits(eight), Some(number), "{digits}");
        }
        for at in 0..8 {
            for byte in 0..=u8::MAX {
                for others in [b'0', b'9'] {
                    let mut text = [others; 8];
                    text[at] = byte;
                    let number = std::str::from_utf8(&text).ok();
                    // Rust reads a sign as well.
                    let number = number.filter(|text| !text.starts_with('+'));
                    let number = number.and_then(|text| text.parse().ok());
                    assert_eq!(eight_digits(&text), number, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(Value::Text(b"x").string().as_deref(), Some(&b"x"[..]));
        assert_eq!(
            Value::Raw(r#""a\u0026b\/""#).string().as_deref(),
            Some(&b"a&b/"[..])
        );
        for raw in [r#""\ud800""#, "1", "null", "\"", ""] {
            assert_eq!(Value::Raw(raw).string(), None, "{raw}");
        }
        assert_eq!(Value::Integer(1.0).string(), None);
        let plain = Value::Raw("\"x\"").string();
        assert!(matches!(plain, Some(Cow::Borrowed(b"x"))), "{plain:?}");
    }

    #[test]
    fn an_audience_is_a_string_or_strings() {
        for (value, expected) in [
            (Value::Text(b""), true),
            (Value::Raw("\"\\u0041\""), true),
            (Value::Raw("[]"), true),
            (Value::Raw("[\"a\", \"b\"]"), true),
            (Value::Raw("[1]"), false),
            (Value::Raw("null"), false),
            (Value::Raw("{}"), false),
            (Value::Integer(1.0), false),
        ] {
            assert_eq!(value.is_string_or_strings(), expected, "{value:?}");
        }
    }

    /// What the quick reader says must be what the thorough one says.
    fn readers_agree(text: &str) {
        let Some(quick) = plain(text.as_bytes(), &NAMES) else {
            return;
        };
        let thorough = thorough(text, &NAMES).expect(text);
        assert!(thorough.repeated.is_none(), "{text}");
        for (quick, thorough) in quick.into_iter().zip(thorough.members) {
            assert_eq!(
                quick.and_then(Value::string),
                thorough.and_then(Value::string),
                "{text}"
            );
            assert_eq!(
                quick.and_then(Value::number),
                thorough.and_then(Value::number),
                "{text}"
            );
            assert_eq!(quick.is_some(), thorough.is_some(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

        #[test]
        fn readers_agree_on_what_looks_like_an_object(
            text in r#"\{("[a-dx]":("[ -~é]{0,4}"|-?[0-9]{0,17}|[0-9.eE+-]{1,4}|null|\[\])[,}]?){0,4}\}?"#
        ) {
            readers_agree(&text);
        }

        #[test]
        fn readers_agree_on_genuine_shapes(
            a in "[ -~]{0,9}", b in any::<i64>(), c in -999_999_999_999_999_i64..=999_999_999_999_999,
        ) {
            let text = format!(r#"{{"a":"{a}","b":{b},"c":{c}}}"#);
            readers_agree(&text);
            if !a.contains(['"', '\\']) {
                let short = text.replace(&format!("\"b\":{b},"), "");
                let found = plain(short.as_bytes(), &NAMES).unwrap();
                prop_assert_eq!(found[0], Some(Value::Text(a.as_bytes())));
                #[expect(clippy::cast_precision_loss, reason = "15 digits fit")]
                let expected = Value::Integer(c as f64);
                prop_assert_eq!(found[2], Some(expected));
            }
        }

        #[test]
        fn readers_agree_on_anything(text in any::<String>()) {
            readers_agree(&text);
        }
    }
}
