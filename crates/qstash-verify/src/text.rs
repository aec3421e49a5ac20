//! Display forms: untrusted text as one bounded line, durations in seconds.

use std::fmt;
use std::time::Duration;

/// The first 300 characters of a text, with control characters and backslashes escaped.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.chars();
        for c in rest.by_ref().take(300) {
            match c {
                '"' | '\'' => write!(f, "{c}")?,
                c => write!(f, "{}", c.escape_debug())?,
            }
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

/// A duration in its two largest units, such as `4 min 12 s`. Below a minute it has
/// milliseconds unless it is whole.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
        let seconds = self.0.as_secs();
        if seconds < 60 && self.0.subsec_nanos() != 0 {
            return write!(f, "{:.3} s", self.0.as_secs_f64());
        }
        for ((size, name), (smaller, smaller_name)) in
            UNITS.into_iter().zip(UNITS.into_iter().skip(1))
        {
            if seconds >= size {
                let rest = seconds % size / smaller;
                return write!(f, "{} {name} {rest} {smaller_name}", seconds / size);
            }
        }
        write!(f, "{seconds} s")
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
    fn span_has_its_two_largest_units() {
        for (milliseconds, text) in [
            (0, "0 s"),
            (250, "0.250 s"),
            (42_000, "42 s"),
            (59_999, "59.999 s"),
            (60_000, "1 min 0 s"),
            (252_900, "4 min 12 s"),
            (3_600_000, "1 h 0 min"),
            (86_399_000, "23 h 59 min"),
            (90_000_000, "1 d 1 h"),
            (86_400_000_000, "1000 d 0 h"),
        ] {
            assert_eq!(Span(Duration::from_millis(milliseconds)).to_string(), text);
        }
    }

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
        assert_eq!(Shown("a\nb\u{202e}\\").to_string(), r"a\nb\u{202e}\\");
        assert_eq!(Shown("the store's").to_string(), "the store's");
        assert_eq!(Shown(&"é".repeat(300)).to_string(), "é".repeat(300));
        assert_eq!(Shown(&"é".repeat(301)).to_string(), "é".repeat(300) + "…");
    }
}
