//! Output of all commands: verdicts, colours, JSON Lines, masked secrets, escaped
//! text of strangers.

mod body;
mod json;

use std::fmt;
use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};

pub(crate) use body::{JsonBody, MAX_BODY, Preview, beginning};
pub(crate) use json::{json_line, print_json, write_json};

/// How a command ended that could run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    Bad,
}

impl Verdict {
    /// `Good` if it holds.
    pub(crate) fn of(good: bool) -> Self {
        if good { Verdict::Good } else { Verdict::Bad }
    }
}

/// Why a command could not run: it was used wrongly, or what it needs isn't
/// there; in words.
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

/// Prints to standard output, escapes that style it only where a terminal shows
/// them.
pub(crate) fn print(text: impl fmt::Display) -> Result<(), Failure> {
    even_if_unread(write!(anstream::stdout().lock(), "{text}"))
}

/// Prints what is for another program, byte for byte.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    even_if_unread(io::stdout().write_all(bytes))
}

/// Whoever reads the output may have had enough of it, as `head` does: that
/// changes nothing of what is to be done, and no verdict.
pub(crate) fn even_if_unread(printed: io::Result<()>) -> Result<(), Failure> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

/// How a command ends.
pub(crate) type Outcome = Result<Verdict, Failure>;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const ODD: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const ASIDE: Style = Style::new().dimmed();

/// Text in a style. `anstream` takes the style away where there is no terminal
/// to show it, or `NO_COLOR` is set.
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

pub(crate) fn complain(reason: &str) {
    // Without a stderr there is nobody to tell.
    let reason = Line(reason);
    let _ = writeln!(anstream::stderr(), "{} {reason}", styled(BAD, "error:"));
}

pub(crate) fn note(text: impl fmt::Display) {
    let text = text.to_string();
    let text = Line(&text);
    let _ = writeln!(anstream::stderr(), "{} {text}", styled(ODD, "note:"));
}

/// A secret, of which at most the first four and the last two characters are
/// shown, and nothing of one that would be half told by that.
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

/// Whether a character of a stranger's text is escaped: control characters, format
/// characters such as those of bidirectional text, and all else that is not visible.
pub(crate) fn is_escaped(c: char) -> bool {
    // Escaped, quotes and back-slashes would hide what JSON says.
    !matches!(c, '"' | '\'' | '\\') && c.escape_debug().len() > 1
}

/// Text of a stranger on one line, without anything that a terminal obeys.
pub(crate) struct Line<'a>(pub(crate) &'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match is_escaped(c) {
            true => write!(f, "{}", c.escape_debug()),
            false => write!(f, "{c}"),
        })
    }
}

/// Likewise, and of a text of any length the beginning.
pub(crate) struct Short<'a>(pub(crate) &'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN) {
            Some((at, _)) => write!(f, "{}…", Line(self.0.get(..at).unwrap_or_default())),
            None => write!(f, "{}", Line(self.0)),
        }
    }
}

/// How much of a stranger's text is shown.
const SHOWN: usize = 200;

/// A count and the word for what is counted, in the plural unless it is one.
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
    fn of_a_secret_six_characters_are_told_at_most() {
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
    fn a_terminal_obeys_no_stranger() {
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
