//! Fast parsing of a JSON object in QStash's form. An optimisation only.
//!
//! It saves 9,000 of the 13,700 instructions of a verification that are not cryptography:
//! `serde_json` takes nearly as long as the MAC.

use std::ops::BitOr as _;

use crate::token::value::Value;

/// Parses an object in the form that QStash writes; `None` for any other.
///
/// In this form there is no white space, members are in the order of `names`, strings
/// are ASCII without escapes, and integers have at most 15 digits.
pub(super) fn object<'a, const N: usize>(
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

/// Splits a value off the front of `json`.
// Inlined: the result, stored in parts and loaded as a whole, would stall the CPU.
#[inline(always)]
fn plain_value(json: &[u8]) -> Option<(Value<'_>, &[u8])> {
    if let [b'"', string @ ..] = json {
        let (text, behind) = string.split_at_checked(plain_prefix_len(string))?;
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
    Some((Value::Number(number), unsigned.get(length..)?))
}

/// Returns a word of eight copies of a byte.
const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Parses eight digits at once; `None` if any byte is no digit.
///
/// A loop would wait for one multiplication per digit, and each date has ten.
fn eight_digits(digits: &[u8; 8]) -> Option<u64> {
    // The first digit is in the lowest byte.
    let word = u64::from_le_bytes(*digits);
    // `0` to `?` have the high nibble 3; adding 6 keeps it for `0` to `9` only.
    let high = word & eight(0xf0);
    let high_of_six_more = word.wrapping_add(eight(6)) & eight(0xf0);
    if [high, high_of_six_more] != [eight(0x30); 2] {
        return None;
    }
    // Combines neighbours into numbers of two, then four, then eight digits: in each
    // pair the lower one is the more significant.
    let pairs = (word & eight(0x0f)).wrapping_mul((10 << 8) + 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul((100 << 16) + 1) >> 16;
    Some((fours & 0x0000_ffff_0000_ffff).wrapping_mul((10_000 << 32) + 1) >> 32)
}

/// Returns the length of the prefix that a JSON string can contain unescaped.
///
/// Only ASCII counts. It checks eight bytes at a time: these strings are too short for
/// vector code to pay off.
fn plain_prefix_len(bytes: &[u8]) -> usize {
    /// Returns the high bit of each byte of `word` below `limit` (at most 128).
    ///
    /// Bits above the lowest one set may be wrong.
    const fn below(word: u64, limit: u8) -> u64 {
        word.wrapping_sub(eight(limit)) & !word & eight(0x80)
    }

    let mut length = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let special = [
            below(word, b' '),
            below(word ^ eight(b'"'), 1),
            below(word ^ eight(b'\\'), 1),
            word & eight(0x80),
        ];
        let special = special.into_iter().fold(0, u64::bitor);
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let plain = |byte: &&u8| (b' '..0x80).contains(*byte) && !b"\"\\".contains(byte);
    length + rest.iter().take_while(plain).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::json;
    use proptest::prelude::*;

    const NAMES: [&str; 3] = [r#""a":"#, r#""b":"#, r#""c":"#];

    #[test]
    fn numbers_of_up_to_15_digits_are_plain() {
        for (json, plain) in [
            ("1,", true),
            ("123456789012345,", true),
            ("-123456789012345,", true),
            ("1234567890123456,", false),
        ] {
            assert_eq!(plain_value(json.as_bytes()).is_some(), plain, "{json}");
        }
    }

    #[test]
    fn plain_prefix_ends_at_the_first_special_byte() {
        for length in 0..20 {
            assert_eq!(plain_prefix_len(&vec![b'a'; length]), length);
            for (at, byte) in (0..length).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
                let mut text = vec![b'a'; length];
                text[at] = byte;
                let special = !(b' '..0x80).contains(&byte) || b"\"\\".contains(&byte);
                let expected = if special { at } else { length };
                assert_eq!(
                    plain_prefix_len(&text),
                    expected,
                    "{byte} at {at} of {length}"
                );
            }
        }
    }

    #[test]
    fn eight_digits_parses_digits_only() {
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
                    // `parse` accepts a sign.
                    let number = number.filter(|text| !text.starts_with('+'));
                    let number = number.and_then(|text| text.parse().ok());
                    assert_eq!(eight_digits(&text), number, "{text:?}");
                }
            }
        }
    }

    /// Asserts that `serde_json` parses what the fast parser does, and alike.
    fn assert_parsers_agree(text: &str) {
        let Some(fast) = object(text.as_bytes(), &NAMES) else {
            return;
        };
        let by_serde = json::object_with_serde(text, &NAMES).expect(text);
        assert!(by_serde.repeated.is_none(), "{text}");
        for (fast, by_serde) in fast.into_iter().zip(by_serde.members) {
            assert_eq!(
                fast.and_then(Value::string),
                by_serde.and_then(Value::string),
                "{text}"
            );
            assert_eq!(
                fast.and_then(Value::number),
                by_serde.and_then(Value::number),
                "{text}"
            );
            assert_eq!(fast.is_some(), by_serde.is_some(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

        #[test]
        fn parsers_agree_on_object_like_text(
            text in r#"\{("[a-dx]":("[ -~é]{0,4}"|-?[0-9]{0,17}|[0-9.eE+-]{1,4}|null|\[\])[,}]?){0,4}\}?"#
        ) {
            assert_parsers_agree(&text);
        }

        #[test]
        fn parsers_agree_on_objects_in_the_form_of_qstash(
            a in "[ -~]{0,9}", b in any::<i64>(), c in -999_999_999_999_999_i64..=999_999_999_999_999,
        ) {
            let text = format!(r#"{{"a":"{a}","b":{b},"c":{c}}}"#);
            assert_parsers_agree(&text);
            if !a.contains(['"', '\\']) {
                let short = text.replace(&format!("\"b\":{b},"), "");
                let found = object(short.as_bytes(), &NAMES).unwrap();
                prop_assert_eq!(found[0], Some(Value::Text(a.as_bytes())));
                #[expect(clippy::cast_precision_loss, reason = "15 digits fit")]
                let expected = Value::Number(c as f64);
                prop_assert_eq!(found[2], Some(expected));
            }
        }

        #[test]
        fn parsers_agree_on_any_text(text in any::<String>()) {
            assert_parsers_agree(&text);
        }
    }
}
