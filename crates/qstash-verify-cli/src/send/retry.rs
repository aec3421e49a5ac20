//! The retry schedule of QStash.
//! Source: <https://upstash.com/docs/qstash/features/retry>.

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use qstash_verify::Retry;

const DAY: Duration = Duration::from_secs(86_400);

/// The next step of QStash after a response, if retries are left.
#[derive(Debug, PartialEq)]
pub(crate) enum NextStep {
    Done,
    GiveUp,
    Wait {
        delay: Duration,
        source: DelaySource,
    },
}

/// The source of a delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DelaySource {
    BackOff,
    RetryAfter,
    /// The back-off, because the response's `Retry-After` is invalid or too long.
    InvalidRetryAfter,
}

/// Returns the next step after a response; `None` is a failed connection.
///
/// `retry` is the number of the next retry, from 1.
pub(crate) fn next(
    answer: Option<(StatusCode, &HeaderMap)>,
    retry: u32,
    now: SystemTime,
) -> NextStep {
    let back_off = |source| NextStep::Wait {
        delay: back_off(retry),
        source,
    };
    let Some((status, headers)) = answer else {
        return back_off(DelaySource::BackOff);
    };
    if status.is_success() {
        return NextStep::Done;
    }
    let (never, value) = Retry::Never.header();
    if status.as_u16() == Retry::Never.status()
        && headers
            .get(never)
            .is_some_and(|found| found == value.as_str())
    {
        return NextStep::GiveUp;
    }
    let Some(value) = headers.get(RETRY_AFTER) else {
        return back_off(DelaySource::BackOff);
    };
    let delay = value
        .to_str()
        .ok()
        .and_then(|value| retry_after(value, now));
    match delay {
        Some(delay) => NextStep::Wait {
            delay,
            source: DelaySource::RetryAfter,
        },
        None => back_off(DelaySource::InvalidRetryAfter),
    }
}

/// Returns the delay before a retry: `min(86400, e^(2.5 n))` seconds.
fn back_off(retry: u32) -> Duration {
    let seconds = (2.5 * f64::from(retry)).exp().min(DAY.as_secs_f64());
    Duration::try_from_secs_f64(seconds).unwrap_or(DAY)
}

/// Parses seconds, an HTTP-date, or a duration such as `6m5s`, of at most a day.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let delay = if let Ok(seconds) = value.parse() {
        Duration::from_secs(seconds)
    } else if let Ok(time) = httpdate::parse_http_date(value) {
        time.duration_since(now).unwrap_or_default()
    } else {
        duration(value)?
    };
    (delay <= DAY).then_some(delay)
}

/// Parses a duration in the format of Go: numbers, each with its unit.
fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 7] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("\u{b5}s", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
    ];
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(end)?;
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.');
        let (unit, tail) = tail.split_at_checked(end.unwrap_or(tail.len()))?;
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds += number.parse::<f64>().ok()? * length;
        rest = tail;
    }
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn after(status: u16, headers: &[(&'static str, &str)], retry: u32) -> NextStep {
        let headers = headers.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        let headers = headers.collect();
        let status = StatusCode::from_u16(status).unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        next(Some((status, &headers)), retry, now)
    }

    fn wait(seconds: f64, source: DelaySource) -> NextStep {
        let delay = Duration::from_secs_f64(seconds);
        NextStep::Wait { delay, source }
    }

    #[test]
    fn back_off_is_exponential_up_to_a_day() {
        for (retry, seconds) in [
            (1, 12.0),
            (2, 148.0),
            (3, 1808.0),
            (4, 22026.0),
            (5, 86400.0),
        ] {
            let NextStep::Wait { delay, source } = after(500, &[], retry) else {
                panic!("{retry}");
            };
            assert_eq!(
                (delay.as_secs_f64().floor(), source),
                (seconds, DelaySource::BackOff)
            );
        }
        assert_eq!(
            after(500, &[], u32::MAX),
            wait(86400.0, DelaySource::BackOff)
        );
        assert_eq!(
            next(None, 5, UNIX_EPOCH),
            wait(86400.0, DelaySource::BackOff)
        );
    }

    #[test]
    fn retry_after_has_three_forms() {
        let delay = |value: &str| after(503, &[("retry-after", value)], 5);
        assert_eq!(delay("30"), wait(30.0, DelaySource::RetryAfter));
        assert_eq!(delay("0"), wait(0.0, DelaySource::RetryAfter));
        assert_eq!(
            delay("Sun, 06 Nov 1994 08:50:07 GMT"),
            wait(30.0, DelaySource::RetryAfter)
        );
        assert_eq!(
            delay("Sun, 06 Nov 1994 08:49:07 GMT"),
            wait(0.0, DelaySource::RetryAfter)
        );
        assert_eq!(delay("6m5s"), wait(365.0, DelaySource::RetryAfter));
        assert_eq!(delay("1h0m0.5s"), wait(3600.5, DelaySource::RetryAfter));
        assert_eq!(delay("1.5h"), wait(5400.0, DelaySource::RetryAfter));
        assert_eq!(
            delay("1s500ms2us3ns"),
            wait(1.500_002_003, DelaySource::RetryAfter)
        );
        for ignored in [
            "86401",
            "25h",
            "-5s",
            "soon",
            "",
            "Mon, 07 Nov 1994 08:49:38 GMT",
        ] {
            assert_eq!(
                delay(ignored),
                wait(86400.0, DelaySource::InvalidRetryAfter),
                "{ignored}"
            );
        }
    }

    #[test]
    fn headers_of_the_core_are_parsed() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let delay = Duration::new(365, 1_002_003);
        for (retry, seconds) in [
            (Retry::AfterSeconds(7), 7.0),
            (Retry::At(now + Duration::from_secs(9)), 9.0),
            (Retry::After(delay), delay.as_secs_f64()),
        ] {
            let (name, value) = retry.header();
            assert_eq!(
                after(retry.status(), &[(name, &value)], 5),
                wait(seconds, DelaySource::RetryAfter)
            );
        }
    }

    #[test]
    fn success_and_never_end_the_retries() {
        assert_eq!(after(204, &[], 1), NextStep::Done);
        let (name, value) = Retry::Never.header();
        assert_eq!(after(489, &[(name, &value)], 1), NextStep::GiveUp);
        // Status and header count only together.
        assert!(matches!(after(489, &[], 1), NextStep::Wait { .. }));
        assert!(matches!(
            after(500, &[(name, &value)], 1),
            NextStep::Wait { .. }
        ));
    }
}
