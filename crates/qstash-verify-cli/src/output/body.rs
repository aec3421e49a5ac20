//! Bodies in reports: cut, as JSON, and on one line.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{Line, SHOWN, count};

/// Maximum length of a body in a report, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// Returns at most the first `max` bytes of a body. The cut splits no character.
pub(crate) fn beginning(body: &[u8], max: usize) -> &[u8] {
    let Some(first) = body.get(..max).filter(|first| first.len() < body.len()) else {
        return body;
    };
    match std::str::from_utf8(first) {
        // An incomplete character at the end, and nothing wrong before it.
        Err(error) if error.error_len().is_none() => {
            first.get(..error.valid_up_to()).unwrap_or(first)
        }
        _ => first,
    }
}

/// A body for JSON: as text, or as base64 if it isn't UTF-8.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct JsonBody {
    pub(crate) text: Option<String>,
    pub(crate) base64: Option<String>,
    /// Whether there is more of it.
    pub(crate) is_cut: bool,
}

impl JsonBody {
    pub(crate) fn whole(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).ok();
        JsonBody {
            text: text.map(str::to_owned),
            base64: text.is_none().then(|| BASE64_STANDARD.encode(body)),
            is_cut: false,
        }
    }

    /// Takes at most the first [`MAX_BODY`] bytes.
    pub(crate) fn beginning(body: &[u8]) -> Self {
        let shown = beginning(body, MAX_BODY);
        JsonBody {
            is_cut: shown.len() < body.len(),
            ..JsonBody::whole(shown)
        }
    }
}

/// The beginning of a body, on one line.
pub(crate) struct Preview<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Preview<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = beginning(self.0, SHOWN);
        write!(f, "{}", Line(&String::from_utf8_lossy(shown)))?;
        match self.0.len() - shown.len() {
            0 => Ok(()),
            rest => write!(f, "… ({} more)", count(rest, "byte")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_splits_no_character() {
        let text = "aé漢😀";
        for (max, expected) in [
            (0, ""),
            (1, "a"),
            (2, "a"),
            (3, "aé"),
            (5, "aé"),
            (6, "aé漢"),
            (9, "aé漢"),
            (10, text),
            (11, text),
        ] {
            let shown = beginning(text.as_bytes(), max);
            assert_eq!(shown, expected.as_bytes(), "{max}");
        }
        // Whole, although it ends with half a character.
        assert_eq!(beginning(b"a\xc3", 2), b"a\xc3");
        // Binary.
        assert_eq!(beginning(b"\xffa\xc3\xa9", 3), b"\xffa\xc3");
    }

    #[test]
    fn json_body_is_text_or_base64() {
        let text = JsonBody::whole("é".as_bytes());
        assert_eq!((text.text.as_deref(), text.base64), (Some("é"), None));
        let binary = JsonBody::whole(b"\xff\0");
        assert_eq!(
            (binary.text, binary.base64.as_deref()),
            (None, Some("/wA="))
        );
        // Half a character that is not due to a cut.
        assert_eq!(JsonBody::whole(b"a\xc3").base64.as_deref(), Some("YcM="));
    }

    #[test]
    fn json_body_is_cut_beyond_64_kib() {
        let full = "x".repeat(MAX_BODY);
        assert!(!JsonBody::beginning(full.as_bytes()).is_cut);
        let longer = JsonBody::beginning(format!("{full}y").as_bytes());
        assert_eq!((longer.text, longer.is_cut), (Some(full.clone()), true));
        let short = "x".repeat(MAX_BODY - 1);
        let split = JsonBody::beginning(format!("{short}é").as_bytes());
        assert_eq!(split.text, Some(short));
        assert!(split.is_cut && split.base64.is_none());
    }

    #[test]
    fn preview_is_one_short_line() {
        let long = [b'x'; 205];
        assert!(Preview(&long).to_string().ends_with("x… (5 bytes more)"));
        let split = format!("{}é", "x".repeat(199));
        assert!(
            Preview(split.as_bytes())
                .to_string()
                .ends_with("x… (2 bytes more)")
        );
        assert_eq!(Preview(&[0xff, b'a', 0]).to_string(), "\u{fffd}a\\0");
    }
}
