//! Parsing of times in a callback: milliseconds, seconds or RFC 3339.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::value::number;

/// The least number of milliseconds, in 1973; a smaller number is in seconds.
const FIRST_MILLISECONDS: f64 = 1e11;

/// The years 1 to 9999, in milliseconds since the Unix epoch.
const YEARS: RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// Parses a time, or returns the value as an error.
pub(super) fn time(value: Value) -> Result<SystemTime, Value> {
    let millis = match number(&value) {
        Some(number) => unix_millis(number),
        None => value.as_str().and_then(rfc3339_millis),
    };
    millis.and_then(time_at).ok_or(value)
}

/// Returns a number of milliseconds or seconds in milliseconds.
fn unix_millis(number: f64) -> Option<i64> {
    let in_seconds = number.abs() < FIRST_MILLISECONDS;
    let millis = if in_seconds { number * 1000.0 } else { number };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, beyond the years"
    )]
    millis.is_finite().then(|| millis.round() as i64)
}

/// Returns a time of the years 1 to 9999, if the platform can represent it.
fn time_at(millis: i64) -> Option<SystemTime> {
    if !YEARS.contains(&millis) {
        return None;
    }
    let distance = Duration::from_millis(millis.unsigned_abs());
    if millis.is_negative() {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}

/// Parses a date and time of RFC 3339 §5.6, down to the millisecond.
fn rfc3339_millis(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let (time, offset_minutes) = match rest.strip_suffix(['Z', 'z']) {
        Some(time) => (time, 0),
        None => {
            let (time, offset) = rest.split_at_checked(rest.rfind(['+', '-'])?)?;
            let [hours, minutes] = numbers(offset.get(1..)?, ':', [2, 2])?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            (time, sign * (hours * 60 + minutes))
        }
    };
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    // A leap second counts as the next second.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days(numbers(date, '-', [4, 2, 2])?)?;
    let seconds = ((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + second;
    Some(seconds * 1000 + thousandths(fraction)?)
}

/// Returns the days from the Unix epoch to a date of the Gregorian calendar.
fn days([year, month, day]: [i64; 3]) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if is_leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month.checked_sub(1)?).ok()?;
    if year < 1 || !(1..=*lengths.get(before)?).contains(&day) {
        return None;
    }
    let years = year - 1;
    // 719,162 is the number of days from 0001-01-01 to the epoch.
    let days = years * 365 + years / 4 - years / 100 + years / 400 - 719_162;
    Some(days + lengths.iter().take(before).sum::<i64>() + day - 1)
}

/// Parses separated numbers of exactly these numbers of digits.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !is_digits(part) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Parses the first three digits of a fraction.
fn thousandths(fraction: &str) -> Option<i64> {
    let digits = fraction.bytes().chain([b'0'; 2]).take(3);
    let digits = digits.fold(0, |number, digit| {
        number * 10 + i64::from(digit.wrapping_sub(b'0'))
    });
    is_digits(fraction).then_some(digits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn millis(value: Value) -> Result<i64, Value> {
        time(value).map(|time| match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap(),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap(),
        })
    }

    #[test]
    fn numbers_are_milliseconds_or_seconds() {
        for (value, expected) in [
            (json!(1_701_198_447_054_i64), 1_701_198_447_054),
            (json!("1701198447054"), 1_701_198_447_054),
            (json!(1_701_198_447), 1_701_198_447_000),
            (json!("1701198447"), 1_701_198_447_000),
            (json!(1_701_198_447.054), 1_701_198_447_054),
            (json!("1701198447.054"), 1_701_198_447_054),
            (json!(1.701_198_447_054e12), 1_701_198_447_054),
            (json!(0), 0),
            (json!(99_999_999_999_i64), 99_999_999_999_000),
            (json!(100_000_000_000_i64), 100_000_000_000),
            (json!(-1.5), -1500),
            // Go's zero time.
            (json!(-62_135_596_800_i64), *YEARS.start()),
            (json!(-62_135_596_800_000_i64), *YEARS.start()),
            (json!(253_402_300_799_999_i64), *YEARS.end()),
        ] {
            assert_eq!(millis(value.clone()), Ok(expected), "{value}");
        }
    }

    #[test]
    fn rfc_3339_is_parsed() {
        for (text, expected) in [
            ("2023-11-28T19:07:27.054Z", 1_701_198_447_054),
            ("2023-11-28T19:07:27Z", 1_701_198_447_000),
            ("2023-11-28t19:07:27.05499z", 1_701_198_447_054),
            ("2023-11-28 20:37:27.5+01:30", 1_701_198_447_500),
            ("2023-11-28T11:07:27-08:00", 1_701_198_447_000),
            ("1970-01-01T00:00:00-00:00", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2024-03-01T00:00:00Z", 1_709_251_200_000),
            ("1900-03-01T00:00:00Z", -2_203_891_200_000),
            ("0001-01-01T00:00:00Z", *YEARS.start()),
            ("9999-12-31T23:59:59.999Z", *YEARS.end()),
        ] {
            assert_eq!(millis(json!(text)), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_values_are_no_time() {
        for text in [
            "yesterday",
            "2023-11-28",
            "2023-11-28T19:07:27",
            "2023-11-28T19:07Z",
            "2023-11-28T19:07:27.Z",
            "2023-11-28T19:07:27.5 Z",
            "2023-11-28T19:07:27+0100",
            "2023-11-28T19:07:27+24:00",
            "2023-11-28T19:07:27+01:60",
            "2023-11-28T24:00:00Z",
            "2023-11-28T19:60:00Z",
            "2023-11-28T19:07:61Z",
            "2023-00-28T19:07:27Z",
            "2023-13-28T19:07:27Z",
            "2023-02-29T19:07:27Z",
            "1900-02-29T19:07:27Z",
            "2023-11-00T19:07:27Z",
            "2023-11-31T19:07:27Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:60Z",
            "+023-11-28T19:07:27Z",
            "23-11-28T19:07:27Z",
            "2023-11-28-01T19:07:27Z",
            "2023-11-28T19:07:27é",
            "2023-11-28T19:07:27é+é1:00",
            "99999999999999999999",
        ] {
            assert_eq!(millis(json!(text)), Err(json!(text)));
        }
        for value in [
            json!(true),
            json!([0]),
            json!(1e300),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(253_402_300_800_000_i64),
            json!(-62_135_596_800_001_i64),
        ] {
            assert_eq!(millis(value.clone()), Err(value));
        }
    }
}
