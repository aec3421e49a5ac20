//! Responses that control when QStash delivers a message again.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A response that tells QStash when to deliver the message again, if at all.
///
/// It is a response with this [`status`](Self::status) and [`header`](Self::header).
///
/// QStash retries after any response outside 2xx, until the message has no retries left;
/// the message then moves to the dead letter queue. Unless the publisher set a delay, the
/// `n`th retry is `min(86400, e^(2.5 n))` seconds after the response (12 s, 2 min 28 s,
/// 30 min 8 s, 6 h 7 min, then a day). The delay of a `Retry` replaces that; QStash
/// ignores a delay of more than a day. Source:
/// <https://upstash.com/docs/qstash/features/retry>.
///
/// ```
/// use qstash_verify::Retry;
///
/// let busy = Retry::AfterSeconds(30);
/// assert_eq!(busy.status(), 503);
/// assert_eq!(busy.header(), ("retry-after", "30".to_owned()));
///
/// let hopeless = Retry::Never;
/// assert_eq!(hopeless.status(), 489);
/// assert_eq!(hopeless.header(), ("upstash-nonretryable-error", "true".to_owned()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// Retry after this many seconds: `Retry-After` with delay-seconds.
    ///
    /// 0 is an immediate retry. See RFC 9110 §10.2.3.
    AfterSeconds(u64),
    /// Retry at this time: `Retry-After` with an HTTP-date.
    ///
    /// HTTP-dates have whole seconds (RFC 9110 §5.6.7): a fraction is rounded up, so that
    /// QStash doesn't retry early. Times are clamped to the years 1970 to 9999; a time in
    /// the past is an immediate retry.
    At(SystemTime),
    /// Retry after this time, in QStash's own format: `6m5s`.
    ///
    /// It is precise to the nanosecond, but **not** in RFC 9110: a proxy or another
    /// client may not understand it.
    After(Duration),
    /// Do not retry.
    ///
    /// QStash marks the message as failed, even with retries left, and moves it to the
    /// dead letter queue. For permanent failures, such as an invalid message. The status
    /// 489 is QStash's own.
    Never,
}

impl Retry {
    /// Returns the status code of the response.
    ///
    /// It is 503 (RFC 9110 §15.6.4) for a delay and 489 for [`Never`](Self::Never).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Retry::AfterSeconds(_) | Retry::At(_) | Retry::After(_) => 503,
            Retry::Never => 489,
        }
    }

    /// Returns the name, in lower case, and the value of the response's header.
    #[must_use]
    pub fn header(&self) -> (&'static str, String) {
        const RETRY_AFTER: &str = "retry-after";
        match self {
            Retry::AfterSeconds(seconds) => (RETRY_AFTER, seconds.to_string()),
            Retry::At(time) => (RETRY_AFTER, http_date(*time)),
            Retry::After(delay) => (RETRY_AFTER, units(*delay)),
            Retry::Never => ("upstash-nonretryable-error", "true".to_owned()),
        }
    }
}

/// Writes a form for logs: `retry after 30 s`, `do not retry`.
impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Retry::AfterSeconds(seconds) => write!(f, "retry after {seconds} s"),
            Retry::At(time) => write!(f, "retry at {}", http_date(*time)),
            Retry::After(delay) => write!(f, "retry after {}", units(*delay)),
            Retry::Never => f.write_str("do not retry"),
        }
    }
}

/// Returns an HTTP-date, rounded up to the second.
fn http_date(time: SystemTime) -> String {
    // 9999-12-31 23:59:59. `httpdate` panics for later years, which have five digits.
    const LAST: u64 = 253_402_300_799;
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let begun = u64::from(since_epoch.subsec_nanos() > 0);
    let seconds = since_epoch.as_secs().saturating_add(begun).min(LAST);
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    httpdate::fmt_http_date(time.unwrap_or(UNIX_EPOCH))
}

/// Returns a duration in the format of Go: `1h`, `6m5s`, `1s500ms`, `0s`.
fn units(duration: Duration) -> String {
    let (seconds, nanos) = (duration.as_secs(), u64::from(duration.subsec_nanos()));
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
        (nanos / 1_000_000, "ms"),
        (nanos / 1000 % 1000, "us"),
        (nanos % 1000, "ns"),
    ];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(retry: Retry) -> String {
        let (name, value) = retry.header();
        assert_eq!((retry.status(), name), (503, "retry-after"));
        value
    }

    #[test]
    fn after_seconds_is_delay_seconds() {
        assert_eq!(value(Retry::AfterSeconds(0)), "0");
        assert_eq!(value(Retry::AfterSeconds(u64::MAX)), "18446744073709551615");
    }

    #[test]
    fn time_is_an_http_date_rounded_up() {
        let at = |nanos| value(Retry::At(UNIX_EPOCH + Duration::from_nanos(nanos)));
        // The example of RFC 9110 §5.6.7.
        assert_eq!(at(784_111_777_000_000_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(at(784_111_777_001_000_000), "Sun, 06 Nov 1994 08:49:38 GMT");
    }

    #[test]
    fn http_dates_are_clamped_to_1970_and_9999() {
        let day = Duration::from_secs(86400);
        let before = UNIX_EPOCH - day;
        assert_eq!(value(Retry::At(before)), "Thu, 01 Jan 1970 00:00:00 GMT");
        let last = UNIX_EPOCH + Duration::new(253_402_300_799, 1);
        for after in [last, last + day] {
            assert_eq!(value(Retry::At(after)), "Fri, 31 Dec 9999 23:59:59 GMT");
        }
    }

    #[test]
    fn duration_is_in_the_format_of_go() {
        let after = |seconds, nanos| value(Retry::After(Duration::new(seconds, nanos)));
        for ((seconds, nanos), expected) in [
            ((0, 0), "0s"),
            ((365, 0), "6m5s"),
            ((3600, 0), "1h"),
            ((86400, 0), "24h"),
            ((3605, 0), "1h5s"),
            ((1, 500_000_000), "1s500ms"),
            ((0, 1_002_003), "1ms2us3ns"),
            ((59, 999_999_999), "59s999ms999us999ns"),
        ] {
            assert_eq!(after(seconds, nanos), expected);
        }
        let longest = value(Retry::After(Duration::MAX));
        assert_eq!(longest, "5124095576030431h15s999ms999us999ns");
    }

    #[test]
    fn display_form_is_in_words() {
        for (retry, expected) in [
            (Retry::AfterSeconds(30), "retry after 30 s"),
            (
                Retry::At(UNIX_EPOCH),
                "retry at Thu, 01 Jan 1970 00:00:00 GMT",
            ),
            (Retry::After(Duration::from_secs(365)), "retry after 6m5s"),
            (Retry::Never, "do not retry"),
        ] {
            assert_eq!(retry.to_string(), expected);
        }
    }
}
