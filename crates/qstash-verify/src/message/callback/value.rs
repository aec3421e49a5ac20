//! Lenient parsers of the values in a callback.
//!
//! Each returns a value that it can't parse as its error.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_PAD_INDIFFERENT, URL_SAFE_PAD_INDIFFERENT};
use serde_json::Value;

/// Parses a status code of three digits.
pub(super) fn status(value: Value) -> Result<u16, Value> {
    let status = whole_number(&value).and_then(|status| u16::try_from(status).ok());
    let status = status.filter(|status| (100..=999).contains(status));
    status.ok_or(value)
}

/// Parses a number of retries.
pub(super) fn count(value: Value) -> Result<u32, Value> {
    whole_number(&value).ok_or(value)
}

fn whole_number(value: &Value) -> Option<u32> {
    let number = number(value)?;
    let is_whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "is_whole"
    )]
    is_whole.then_some(number as u32)
}

/// Parses text; an id may be an integer.
pub(super) fn text(value: Value) -> Result<String, Value> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) if !number.is_f64() => Ok(number.to_string()),
        other => Err(other),
    }
}

/// Decodes base64 of either alphabet; padding may be absent.
///
/// Line breaks are ignored, as in Go, in which QStash is written.
pub(super) fn bytes(value: Value) -> Result<Vec<u8>, Value> {
    const LINE_BREAKS: [char; 2] = ['\r', '\n'];
    let decoded = value.as_str().and_then(|text| {
        let joined = if text.contains(LINE_BREAKS) {
            Cow::Owned(text.replace(LINE_BREAKS, ""))
        } else {
            Cow::Borrowed(text)
        };
        let engine = if joined.contains(['-', '_']) {
            URL_SAFE_PAD_INDIFFERENT
        } else {
            STANDARD_PAD_INDIFFERENT
        };
        engine.decode(&*joined).ok()
    });
    decoded.ok_or(value)
}

/// Parses the values of one header.
pub(super) fn header_values(value: Value) -> Result<Vec<String>, Value> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) if values.iter().all(is_header_value) => {
            Ok(values.into_iter().flat_map(text).collect())
        }
        Value::Array(_) => Err(value),
        value => text(value).map(|value| vec![value]),
    }
}

fn is_header_value(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Null)
}

/// Returns a number, or the decimal number in a string.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let text = text.trim_ascii();
            // `f64` also parses `inf`, `1e3` and `+1`.
            let is_decimal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
            let number = text.bytes().all(is_decimal).then(|| text.parse().ok());
            number.flatten()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_are_whole_numbers_or_strings_of_them() {
        for (value, expected) in [
            (json!(0), 0),
            (json!(u32::MAX), u32::MAX),
            (json!(3.0), 3),
            (json!(-0.0), 0),
            (json!("0"), 0),
            (json!(" 17 "), 17),
            (json!("2.0"), 2),
        ] {
            assert_eq!(count(value.clone()), Ok(expected), "{value}");
        }
        for value in [
            json!(-1),
            json!("-1"),
            json!("+1"),
            json!(1.5),
            json!("1.5"),
            json!(4_294_967_296_u64),
            json!(u64::MAX),
            json!(1e300),
            json!("9".repeat(400)),
            json!("1e1"),
            json!("inf"),
            json!("NaN"),
            json!("0x1"),
            json!("often"),
            json!(" "),
            json!("1-2"),
            json!(true),
            json!([3]),
        ] {
            assert_eq!(count(value.clone()), Err(value));
        }
    }

    #[test]
    fn status_has_three_digits() {
        for value in [100, 200, 599, 999] {
            assert_eq!(status(json!(value)), Ok(value));
            assert_eq!(status(json!(value.to_string())), Ok(value));
        }
        for value in [
            json!(-1),
            json!(0),
            json!(99),
            json!(1000),
            json!(65_736),
            json!(200.5),
            json!("OK"),
        ] {
            assert_eq!(status(value.clone()), Err(value));
        }
    }

    #[test]
    fn text_may_be_an_integer() {
        assert_eq!(text(json!("a")), Ok("a".to_owned()));
        assert_eq!(text(json!(17)), Ok("17".to_owned()));
        for value in [json!(true), json!(["a"]), json!({})] {
            assert_eq!(text(value.clone()), Err(value));
        }
    }

    #[test]
    fn base64_is_decoded_in_each_form() {
        for encoded in [
            "/+8=",
            "/+8",
            "_-8=",
            "_-8",
            "/+\n8=",
            "/+\r\n8=\r\n",
            "_-8\n",
            "\n_-8",
        ] {
            assert_eq!(bytes(json!(encoded)), Ok(b"\xff\xef".to_vec()), "{encoded}");
        }
        assert_eq!(bytes(json!("\n")), Ok(Vec::new()));
    }

    #[test]
    fn other_text_is_not_base64() {
        for value in [
            json!("YmFzZTY0kZWQgcm9keQ=="),
            json!("hello, world"),
            json!("two words"),
            json!("{\"a\":1}"),
            // Both alphabets, wrong padding, bits beyond the last byte, spaces.
            json!("/-8="),
            json!("_+8="),
            json!("/+8=="),
            json!("/+9="),
            json!("/+8 ="),
            json!("YQ==YQ=="),
            json!("="),
            json!("Y"),
            json!(7),
            json!(["YQ=="]),
        ] {
            assert_eq!(bytes(value.clone()), Err(value));
        }
    }

    #[test]
    fn header_is_a_string_or_a_list() {
        for (value, expected) in [
            (json!("1"), "1"),
            (json!(["1", "2"]), "1|2"),
            (json!(3), "3"),
            (json!([4, null, "5"]), "4|5"),
            (json!(""), ""),
            (json!([]), ""),
            (json!(null), ""),
        ] {
            assert_eq!(header_values(value).unwrap().join("|"), expected);
        }
        for value in [
            json!(true),
            json!([["a"]]),
            json!({"a": "b"}),
            json!(["a", {}]),
        ] {
            assert_eq!(header_values(value.clone()), Err(value));
        }
    }
}
