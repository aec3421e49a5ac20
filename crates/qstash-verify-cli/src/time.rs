//! Times and durations for people.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Reads a time: seconds since the Unix epoch, or RFC 3339.
pub(crate) fn parse(text: &str) -> Result<SystemTime, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        // In seconds, this is the year 5138.
        if seconds > 1e11 {
            return Err(
                "it looks like milliseconds: give seconds, without the last three digits"
                    .to_owned(),
            );
        }
        return from_unix(seconds).ok_or_else(|| "it is out of range".to_owned());
    }
    match text.parse::<Timestamp>() {
        Ok(time) => Ok(time.into()),
        Err(_) => Err("it is neither seconds since 1970 nor a time like \
                       2026-07-11T18:25:55Z (RFC 3339)"
            .to_owned()),
    }
}

/// Reads a duration in seconds.
pub(crate) fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is not a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Returns the time at Unix seconds, if `SystemTime` can represent it.
pub(crate) fn from_unix(seconds: f64) -> Option<SystemTime> {
    let distance = Duration::try_from_secs_f64(seconds.abs()).ok()?;
    if seconds < 0.0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    }
}

/// Returns the seconds since the Unix epoch.
pub(crate) fn to_unix(time: SystemTime) -> f64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

/// Formats a NumericDate (RFC 7519 §2) as RFC 3339.
///
/// A date beyond the range of `Timestamp` is formatted as a number.
pub(crate) fn date(seconds: f64) -> String {
    let time = from_unix(seconds).and_then(|time| Timestamp::try_from(time).ok());
    match time {
        Some(time) => time.to_string(),
        None => seconds.to_string(),
    }
}

/// Formats a time in UTC to the second (RFC 3339).
pub(crate) fn seconds(time: SystemTime) -> String {
    rounded(time, 1000)
}

/// Formats a time in UTC to the millisecond (RFC 3339).
pub(crate) fn milliseconds(time: SystemTime) -> String {
    rounded(time, 1)
}

/// Rounds a time down to a number of milliseconds.
fn rounded(time: SystemTime, milliseconds: i64) -> String {
    let rounded = Timestamp::try_from(time).and_then(|time| {
        let time = time.as_millisecond();
        Timestamp::from_millisecond(time - time.rem_euclid(milliseconds))
    });
    match rounded {
        Ok(time) => time.to_string(),
        Err(_) => to_unix(time).to_string(),
    }
}

/// Formats a duration: `4 min 12 s`.
pub(crate) fn span(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s")];
    if seconds < 0.9995 {
        return format!("{:.0} ms", seconds * 1000.0);
    }
    // Days would have too many digits.
    if seconds > 1e12 {
        return format!("{seconds:e} s");
    }
    // To the millisecond below a minute, to the second above.
    let seconds = if seconds < 59.9995 {
        (seconds * 1000.0).round() / 1000.0
    } else {
        seconds.round()
    };
    if seconds.fract() != 0.0 {
        return format!("{seconds:.3} s");
    }
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        let many = (rest / length).floor();
        if many > 0.0 {
            parts.push(format!("{many} {unit}"));
        }
        rest -= many * length;
    }
    // The two largest units are precise enough.
    parts.truncate(2);
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_unix_seconds_or_rfc_3339() {
        let unix = |text| parse(text).map(to_unix);
        assert_eq!(unix("1721068900"), Ok(1_721_068_900.0));
        assert_eq!(unix("-1.5"), Ok(-1.5));
        assert_eq!(unix("2024-07-15T18:41:40Z"), Ok(1_721_068_900.0));
        assert_eq!(unix("2024-07-15T20:41:40+02:00"), Ok(1_721_068_900.0));
        for wrong in ["", "yesterday", "2024-07-15", "nan", "inf", "1e300"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn span_has_at_most_two_units() {
        for (seconds, expected) in [
            (0.25, "250 ms"),
            (1.0, "1 s"),
            (1.5, "1.500 s"),
            (0.9996, "1 s"),
            (1.0001, "1 s"),
            (59.0, "59 s"),
            (59.999, "59.999 s"),
            (59.9996, "1 min"),
            (1799.7, "30 min"),
            (60.0, "1 min"),
            (252.0, "4 min 12 s"),
            (3600.0, "1 h"),
            (3725.0, "1 h 2 min"),
            (90061.0, "1 d 1 h"),
            (86400.0 + 60.0, "1 d 1 min"),
            (1e300, "1e300 s"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }

    #[test]
    fn date_beyond_year_9999_is_a_number() {
        assert_eq!(date(1_721_068_900.0), "2024-07-15T18:41:40Z");
        assert_eq!(date(-62_135_596_800.0), "0001-01-01T00:00:00Z");
        assert_eq!(date(1e300), format!("{}", 1e300));
    }
}
