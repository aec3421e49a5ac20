//! Parsing of a delivery's body into a typed message.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::text::ShownChar;

/// Parses the body of a genuine delivery as JSON (RFC 8259).
///
/// An empty body is parsed as `null`, which `Option<T>`, `()` and `serde_json::Value`
/// accept: a schedule without a body sends one. A body of white space only is not JSON.
/// The `content-type` header is ignored: it isn't signed, and QStash forwards the
/// publisher's unchecked.
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
            kind: "the body is empty",
            place: None,
        });
    }
    serde_json::from_slice(body).map_err(|error| MessageError::new(&error))
}

/// The error of parsing the body of a genuine delivery.
///
/// The [`Display`](fmt::Display) form is one line of at most 512 bytes. It is meant for
/// the response, which QStash shows in its console. It may quote a value of the body, so it
/// should not be logged; [`log`](Self::log) quotes nothing.
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
    /// The kind of the error, without any text of the body.
    pub(crate) kind: &'static str,
    /// Line and column, from 1, if the error has a position.
    pub(crate) place: Option<(usize, usize)>,
}

impl MessageError {
    /// The longest text, in bytes, since an error may quote a value of any length.
    const MAX_LENGTH: usize = 512;

    fn new(error: &serde_json::Error) -> Self {
        // The position comes last; truncation must keep it.
        let all = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let (what, position) = match all.strip_suffix(&position) {
            Some(what) => (what, position.as_str()),
            None => (all.as_str(), ""),
        };

        let mut text = "the body is not the JSON that this endpoint expects: ".to_owned();
        let room = Self::MAX_LENGTH - position.len() - "…".len();
        // Counted after escaping, since a quoted name may contain line breaks.
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
            kind: kind(error.classify(), &all),
            // Errors of `Deserialize` implementations may have no position: line 0.
            place: Some((error.line(), error.column())).filter(|(line, _)| *line > 0),
        }
    }

    /// Returns the status code of the response: 422 (RFC 9110 §15.5.21).
    ///
    /// QStash retries after it, as after any response outside 2xx. To prevent retries,
    /// respond with [`Retry::Never`](crate::Retry::Never) instead.
    #[must_use]
    pub const fn status(&self) -> u16 {
        422
    }
}

/// Returns the kind of an error with this text, which begins with the kind if the error
/// is one of serde's own.
fn kind(category: Category, text: &str) -> &'static str {
    const OF_SERDE: [&str; 7] = [
        "invalid type",
        "invalid value",
        "invalid length",
        "unknown variant",
        "unknown field",
        "missing field",
        "duplicate field",
    ];
    match category {
        Category::Eof => "unexpected end of JSON",
        Category::Syntax | Category::Io => "invalid JSON",
        Category::Data => {
            let kind = OF_SERDE.into_iter().find(|kind| text.starts_with(kind));
            kind.unwrap_or("refused by the type")
        }
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
    fn json_body_is_parsed() {
        assert_eq!(parse_message(br#" {"id":7} "#), Ok(Order { id: 7 }));
    }

    #[test]
    fn error_names_the_cause_and_the_position() {
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
    fn kind_of_serde_is_the_start_of_its_text() {
        use serde::de::Error as _;
        let kind = |error: serde_json::Error| MessageError::new(&error).kind;
        let unexpected = serde::de::Unexpected::Bool(true);
        for (error, expected) in [
            (
                serde_json::Error::invalid_type(unexpected, &"x"),
                "invalid type",
            ),
            (
                serde_json::Error::invalid_value(unexpected, &"x"),
                "invalid value",
            ),
            (serde_json::Error::invalid_length(1, &"x"), "invalid length"),
            (
                serde_json::Error::unknown_variant("x", &[]),
                "unknown variant",
            ),
            (serde_json::Error::unknown_field("x", &[]), "unknown field"),
            (serde_json::Error::missing_field("x"), "missing field"),
            (serde_json::Error::duplicate_field("x"), "duplicate field"),
            (serde_json::Error::custom("secret"), "refused by the type"),
        ] {
            assert_eq!(kind(error), expected);
        }
    }

    #[test]
    fn kind_has_no_text_of_the_body() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(try_from = "String")]
        struct Custom;
        impl TryFrom<String> for Custom {
            type Error = String;
            fn try_from(secret: String) -> Result<Self, String> {
                Err(secret)
            }
        }
        let order = |body: &str| parse_message::<Order>(body.as_bytes()).unwrap_err().kind;
        for (body, kind) in [
            ("", "the body is empty"),
            ("{", "unexpected end of JSON"),
            ("secret", "invalid JSON"),
            (r#""secret""#, "invalid type"),
            (r#"{"secret": 1}"#, "unknown field"),
            ("{}", "missing field"),
        ] {
            assert_eq!(order(body), kind, "{body}");
        }
        let custom = parse_message::<Custom>(br#""secret""#).unwrap_err();
        assert_eq!(custom.kind, "refused by the type");
    }

    #[test]
    fn empty_body_is_null() {
        assert_eq!(parse_message::<Option<Order>>(b""), Ok(None));
        assert_eq!(parse_message::<()>(b""), Ok(()));
        assert_eq!(parse_message(b""), Ok(serde_json::Value::Null));
    }

    #[test]
    fn empty_body_is_an_error_for_types_without_null() {
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
    fn long_error_is_truncated_and_keeps_its_position() {
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
    fn control_characters_in_a_field_name_are_escaped() {
        let text = error(r#"{"a\nERROR \u001b[2J\u202e": 1}"#);
        assert!(text.contains(r"`a\nERROR \u{1b}[2J\u{202e}`"), "{text}");
    }
}
