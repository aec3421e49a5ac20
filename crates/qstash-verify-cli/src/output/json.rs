//! JSON Lines, with escapes for everything that a terminal interprets.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

use super::{Failure, is_escaped, print_bytes};

/// Prints a value as one line of JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut line = Vec::new();
    write_json(&mut line, value)?;
    print_bytes(&line)
}

/// Returns a value as one line of JSON, with its line end.
pub(crate) fn json_line(value: &impl Serialize) -> String {
    let mut line = Vec::new();
    // Writing these values to memory can't fail.
    let _ = write_json(&mut line, value);
    String::from_utf8_lossy(&line).into_owned()
}

/// Writes a value as one line of JSON, with `\uXXXX` for escaped characters.
pub(crate) fn write_json(output: &mut impl io::Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut *output,
        EscapingFormatter,
    ))?;
    output.write_all(b"\n")
}

struct EscapingFormatter;

impl Formatter for EscapingFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        output: &mut W,
        mut text: &str,
    ) -> io::Result<()> {
        let harmless = |byte: u8| matches!(byte, b' '..=b'~');
        while !text.bytes().all(harmless)
            && let Some((at, c)) = text.char_indices().find(|(_, c)| is_escaped(*c))
        {
            let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
            output.write_all(before.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(output, "\\u{unit:04x}")?;
            }
            text = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        output.write_all(text.as_bytes())
    }

    /// Writes raw JSON on one line. Escaped characters are in its strings only, except
    /// for white space.
    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        output: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for part in fragment.split_inclusive(['\n', '\r', '\t']) {
            let text = part.strip_suffix(['\n', '\r', '\t']);
            self.write_string_fragment(output, text.unwrap_or(part))?;
            if text.is_some() {
                output.write_all(b" ")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_json_is_written_on_one_line() {
        let raw = "{\n\t\"a\": \"\u{9b}\u{202e}é\u{e0001}\"\r}";
        let raw = serde_json::value::RawValue::from_string(raw.to_owned()).unwrap();
        let mut line = Vec::new();
        write_json(&mut line, &raw).unwrap();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{  \"a\": \"\\u009b\\u202eé\\udb40\\udc01\" }\n"
        );
    }
}
