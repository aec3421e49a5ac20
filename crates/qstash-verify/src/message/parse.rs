//! The one rule by which a delivery's body becomes a typed message.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::text::ShownChar;

/// Parses the body of a genuine delivery as JSON (RFC 8259).
///
/// An empty body is `null`: a schedule without a body sends one, which an
/// `Option<T>`, a `()` or a `serde_json::Value` takes. A body of white space alone
/// is not JSON. `content-type` is ignored: it isn't signed, and QStash passes the
/// publisher's on unchecked.
///
/// ```
/// use qstash_verify::parse_message;
///
/// let message: Vec<u32> = parse_message(b"[1, 2]")?;
/// assert_eq!(message, [1, 2]);
///
/// let message: Option<Vec<u32>> = parse_message(b"")?;
/// assert_eq!(message, None);
///
/// let error = parse_message::<Vec<u32>>(b"[1, -2]").unwrap_err();
/// assert_eq!(error.status(), 422);
/// # Ok::<_, qstash_verify::MessageError>(())
/// ```
///
/// # Errors
/// A [`MessageError`] if the body is not the JSON of a `T`.
pub fn parse_message<T: DeserializeOwned>(body: &[u8]) -> Result<T, MessageError> {
    if body.is_empty() {
        return serde_json::from_slice(b"null").map_err(|_| MessageError {
            text: "the body is empty, and this endpoint expects JSON".to_owned(),
            place: None,
        });
    }
    serde_json::from_slice(body).map_err(|error| MessageError::new(&error))
}

/// Why the body of a genuine delivery is not the message that the handler wants.
///
/// The [`Display`](fmt::Display) form is one sentence in one line of at most
/// 512 bytes, meant for the answer, which QStash shows in its console. It may
/// quote a value of the body, which a log should not hold; [`log`](Self::log)
/// doesn't.
///
/// ```
/// use qstash_verify::{MessageError, parse_message};
///
/// let error: MessageError = parse_message::<u32>(br#""ten""#).unwrap_err();
/// assert_eq!(error.status(), 422);
/// assert_eq!(
///     error.to_string(),
///     "the body is not the JSON that this endpoint expects: invalid type: string \"ten\", \
///      expected u32 at line 1 column 5"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageError {
    text: String,
    /// Line and column, from 1, where there is a place to be named.
    pub(crate) place: Option<(usize, usize)>,
}

impl MessageError {
    /// The longest text, in bytes: an error may quote a value of any length.
    const MAX_LENGTH: usize = 512;

    fn new(error: &serde_json::Error) -> Self {
        // Where it is stands last, and is worth more than the end of a quote.
        let all = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let (what, position) = match all.strip_suffix(&position) {
            Some(what) => (what, position.as_str()),
            None => (all.as_str(), ""),
        };

        let mut text = "the body is not the JSON that this endpoint expects: ".to_owned();
        let room = Self::MAX_LENGTH - position.len() - "…".len();
        // Counted after escaping: names in it may hold line breaks.
        for c in what.chars() {
            let piece = ShownChar(c).to_string();
            if text.len() + piece.len() > room {
                text.push('…');
                break;
            }
            text.push_str(&piece);
        }
        text.push_str(position);
        MessageError {
            text,
            // An error of a type's own has none, and says 0.
            place: Some((error.line(), error.column())).filter(|(line, _)| *line > 0),
        }
    }

    /// The status code that answers such a delivery: 422 (RFC 9110 §15.5.21).
    ///
    /// QStash retries after it as after any answer outside 2xx. Where no retry
    /// can help, answer with [`Retry::Never`](crate::Retry::Never) instead.
    #[must_use]
    pub const fn status(&self) -> u16 {
        422
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for MessageError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        id: u64,
    }

    fn error(body: &str) -> String {
        let error = parse_message::<Order>(body.as_bytes()).unwrap_err();
        assert_eq!(error.status(), 422);
        let text = error.to_string();
        assert!(text.len() <= MessageError::MAX_LENGTH, "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        text
    }

    #[test]
    fn the_message_is_read() {
        assert_eq!(parse_message(br#" {"id":7} "#), Ok(Order { id: 7 }));
    }

    #[test]
    fn the_error_says_what_is_wrong_and_where() {
        assert_eq!(
            error(r#"{"name": "a"}"#),
            "the body is not the JSON that this endpoint expects: unknown field `name`, expected \
             `id` at line 1 column 7"
        );
        assert!(error("{}").ends_with("missing field `id` at line 1 column 2"));
        assert!(error("{").contains("EOF"));
        assert!(error(r#"{"id":1} x"#).contains("trailing characters"));
        assert!(parse_message::<Order>(b"{\"\xff\":1}").is_err());
    }

    #[test]
    fn empty_body_is_null() {
        assert_eq!(parse_message::<Option<Order>>(b""), Ok(None));
        assert_eq!(parse_message::<()>(b""), Ok(()));
        assert_eq!(parse_message(b""), Ok(serde_json::Value::Null));
    }

    #[test]
    fn empty_body_is_an_error_where_null_is_one() {
        let expected = "the body is empty, and this endpoint expects JSON";
        assert_eq!(error(""), expected);
        for error in [
            parse_message::<u64>(b"").unwrap_err(),
            parse_message::<String>(b"").unwrap_err(),
            parse_message::<Vec<u8>>(b"").unwrap_err(),
        ] {
            assert_eq!((error.to_string().as_str(), error.place), (expected, None));
        }
    }

    #[test]
    fn white_space_alone_is_not_json() {
        for body in [" ", "\n", "\r\n\t "] {
            let error = parse_message::<Option<Order>>(body.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("EOF while parsing"), "{error}");
        }
    }

    #[test]
    fn a_long_error_is_cut_and_keeps_its_place() {
        for value in ["x", "é", "€", "😀", "\\n", "\\u202e"] {
            for lead in ["", "a", "ab", "abc"] {
                let value = value.repeat(3000);
                let text = error(&format!(r#"{{"id":"{lead}{value}"}}"#));
                assert!(text.contains("invalid type: string"), "{text}");
                assert!(text.contains("… at line 1 column "), "{text}");
                assert!(text.len() > MessageError::MAX_LENGTH - 20, "{text}");
            }
        }
    }

    #[test]
    fn a_name_in_it_stays_in_its_line() {
        let text = error(r#"{"a\nERROR \u001b[2J\u202e": 1}"#);
        assert!(text.contains(r"`a\nERROR \u{1b}[2J\u{202e}`"), "{text}");
    }
}
