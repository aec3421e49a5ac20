//! Display forms: untrusted text as one bounded line, durations in seconds.

use std::fmt;
use std::time::Duration;

/// The first 300 characters of a text, with control characters escaped.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.chars();
        for c in rest.by_ref().take(300) {
            write!(f, "{}", c.escape_debug())?;
        }
        if rest.next().is_some() {
            f.write_str("…")
        } else {
            Ok(())
        }
    }
}

/// The first 128 bytes of a header value, with all but printable ASCII escaped.
pub(crate) struct Escaped<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 128;
        let shown = self.0.get(..SHOWN).unwrap_or(self.0);
        write!(f, "{}", shown.escape_ascii())?;
        if shown.len() < self.0.len() {
            f.write_str("…")
        } else {
            Ok(())
        }
    }
}

/// A character of an error of `serde_json`, with control characters escaped.
///
/// Quotes and backslashes are not: `serde_json` has escaped those of quoted values.
pub(crate) struct ShownChar(pub(crate) char);

impl fmt::Display for ShownChar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            c @ ('"' | '\'' | '\\') => write!(f, "{c}"),
            c => write!(f, "{}", c.escape_debug()),
        }
    }
}

/// A duration in seconds, with milliseconds unless it is whole.
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.subsec_nanos() == 0 {
            write!(f, "{}", self.0.as_secs())
        } else {
            write!(f, "{:.3}", self.0.as_secs_f64())
        }
    }
}

/// Returns a URL without its password, and shortens a key or token that was pasted in
/// place of a URL.
pub(crate) fn without_secrets(url: &str) -> String {
    if ["sig_", "eyJ"].iter().any(|begin| url.contains(begin)) {
        return url.chars().take(4).chain(['…']).collect();
    }
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        (None, Some((_, host))) => format!("…@{host}"),
        (_, None) => url.to_owned(),
    }
}

/// Returns "A is" or "A, B are".
pub(crate) fn is_or_are(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_printed_without_secrets() {
        for (url, printed) in [
            ("https://a.b/c?d=e", "https://a.b/c?d=e"),
            ("https://user:pass@a.b/c", "https://…@a.b/c"),
            ("user:pass@a.b", "…@a.b"),
            ("https://user:p@ss@a.b", "https://…@a.b"),
            ("sig_4fXrAz72mB9kQw1TnYc8vUeLpJd3", "sig_…"),
            ("https://a.b/?token=eyJVc2VySUQ", "http…"),
        ] {
            assert_eq!(without_secrets(url), printed);
        }
    }

    #[test]
    fn header_value_is_escaped_and_truncated() {
        assert_eq!(Escaped(b"msg_1\n\xff\"").to_string(), r#"msg_1\n\xff\""#);
        assert_eq!(Escaped(&[b'a'; 128]).to_string(), "a".repeat(128));
        assert_eq!(Escaped(&[b'a'; 129]).to_string(), "a".repeat(128) + "…");
    }

    #[test]
    fn text_is_escaped_and_truncated() {
        assert_eq!(Shown("a\nb\u{202e}").to_string(), r"a\nb\u{202e}");
        assert_eq!(Shown(&"é".repeat(300)).to_string(), "é".repeat(300));
        assert_eq!(Shown(&"é".repeat(301)).to_string(), "é".repeat(300) + "…");
    }

    #[test]
    fn whole_seconds_have_no_fraction() {
        for (duration, expected) in [
            (Duration::ZERO, "0"),
            (Duration::from_secs(252), "252"),
            (Duration::from_millis(250), "0.250"),
            (Duration::MAX, "18446744073709551616.000"),
        ] {
            assert_eq!(Seconds(duration).to_string(), expected);
        }
    }
}
