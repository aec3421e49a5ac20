//! Output of all commands: colours, JSON Lines, masked secrets, escaped text.

mod body;
mod json;

use std::fmt;
use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};

pub(crate) use body::{JsonBody, MAX_BODY, Preview, beginning};
pub(crate) use json::{json_line, print_json, write_json};

/// The result of a command that could run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    Bad,
}

impl Verdict {
    /// Returns `Good` if true.
    pub(crate) fn of(good: bool) -> Self {
        if good { Verdict::Good } else { Verdict::Bad }
    }
}

/// The reason why a command could not run, in words.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl Failure {
    pub(crate) fn new(reason: impl fmt::Display) -> Self {
        Failure(reason.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::new(error)
    }
}

/// Prints to standard output, with styles only if it is a terminal.
pub(crate) fn print(text: impl fmt::Display) -> Result<(), Failure> {
    ignore_broken_pipe(write!(anstream::stdout().lock(), "{text}"))
}

/// Prints bytes for another program, unchanged.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    ignore_broken_pipe(io::stdout().write_all(bytes))
}

/// Ignores a closed pipe: a reader such as `head` may stop early, which changes no
/// verdict.
pub(crate) fn ignore_broken_pipe(printed: io::Result<()>) -> Result<(), Failure> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

/// The result of a command.
pub(crate) type Outcome = Result<Verdict, Failure>;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const ODD: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const ASIDE: Style = Style::new().dimmed();

/// Returns text in a style, which `anstream` removes unless a terminal shows it.
pub(crate) fn styled(style: Style, text: impl fmt::Display) -> impl fmt::Display {
    struct Styled<T>(Style, T);
    impl<T: fmt::Display> fmt::Display for Styled<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let Styled(style, text) = self;
            write!(f, "{style}{text}{style:#}")
        }
    }
    Styled(style, text)
}

/// Prints an error to standard error, whose own errors are ignored.
pub(crate) fn error(reason: &str) {
    let reason = Line(reason);
    let _ = writeln!(anstream::stderr(), "{} {reason}", styled(BAD, "error:"));
}

/// Prints a note to standard error, whose own errors are ignored.
pub(crate) fn note(text: impl fmt::Display) {
    let text = text.to_string();
    let text = Line(&text);
    let _ = writeln!(anstream::stderr(), "{} {text}", styled(ODD, "note:"));
}

/// A secret, shown as its first four and last two characters, or as `…` if it is
/// shorter than twelve.
pub(crate) struct Masked<'a>(pub(crate) &'a str);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Masked(secret) = *self;
        let length = secret.chars().count();
        if length < 12 {
            return f.write_str("…");
        }
        let first: String = secret.chars().take(4).collect();
        let last: String = secret.chars().skip(length - 2).collect();
        write!(f, "{}…{}", Line(&first), Line(&last))
    }
}

/// Returns whether a character of received text is escaped: control and format
/// characters, and others that are invisible.
pub(crate) fn is_escaped(c: char) -> bool {
    // Escaped quotes and backslashes would make JSON unreadable.
    !matches!(c, '"' | '\'' | '\\') && c.escape_debug().len() > 1
}

/// Received text on one line, escaped.
pub(crate) struct Line<'a>(pub(crate) &'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match is_escaped(c) {
            true => write!(f, "{}", c.escape_debug()),
            false => write!(f, "{c}"),
        })
    }
}

/// The beginning of received text on one line, escaped.
pub(crate) struct Short<'a>(pub(crate) &'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN) {
            Some((at, _)) => write!(f, "{}…", Line(self.0.get(..at).unwrap_or_default())),
            None => write!(f, "{}", Line(self.0)),
        }
    }
}

/// Maximum length of received text that is shown.
const SHOWN: usize = 200;

/// Formats a number and a noun, in the plural unless the number is one.
pub(crate) fn count(number: usize, word: &str) -> String {
    if number == 1 {
        format!("{number} {word}")
    } else {
        format!("{number} {word}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_secret_shows_six_characters_at_most() {
        let text = |secret: &str| Masked(secret).to_string();
        assert_eq!(text("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r"), "sig_…6r");
        assert_eq!(text("sig_12345678"), "sig_…78");
        assert_eq!(text("sig_1234567"), "…");
        assert_eq!(text(""), "…");
        assert_eq!(text("\u{1b}[2Jéééééééé"), "\\u{1b}[2J…éé");
    }

    #[test]
    fn control_and_format_characters_are_escaped() {
        for range in [
            0..=0x1f,
            0x7f..=0x9f,
            0xad..=0xad,
            0x61c..=0x61c,
            0x200b..=0x200f,
            0x2028..=0x202e,
            0x2060..=0x2064,
            0x2066..=0x206f,
            0xfeff..=0xfeff,
            0xfff9..=0xfffb,
            0xe0001..=0xe0001,
            0xe0020..=0xe007f,
        ] {
            for c in range.filter_map(char::from_u32) {
                assert!(is_escaped(c), "{c:?}");
                let text = c.to_string();
                assert!(!Line(&text).to_string().contains(c), "{c:?}");
                let mut line = Vec::new();
                write_json(&mut line, &text).unwrap();
                let line = String::from_utf8(line).unwrap();
                assert!(!line.trim_end_matches('\n').contains(c), "{c:?}");
                assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
            }
        }
        for c in " ~\"'\\é漢\u{1f600}".chars() {
            assert!(!is_escaped(c), "{c:?}");
        }
    }

    #[test]
    fn received_text_has_no_escape_sequences() {
        assert_eq!(
            Line("a\u{1b}[31m\n\"b\"").to_string(),
            "a\\u{1b}[31m\\n\"b\""
        );
        assert_eq!(Short(&"é".repeat(200)).to_string(), "é".repeat(200));
        assert_eq!(
            Short(&"\n".repeat(201)).to_string(),
            "\\n".repeat(200) + "…"
        );
    }
}
