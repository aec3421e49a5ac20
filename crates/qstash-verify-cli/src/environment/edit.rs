//! Changes of variables in the text of a `.env` file; all else stays to the byte.

use std::path::Path;

use super::file::EnvFile;

/// Returns the text with these values: in place where a variable is set, else at the end.
///
/// # Errors
/// Why it can't be changed, if the result would not be read as it should.
pub(super) fn with_values(text: &[u8], values: &[(&str, &str)]) -> Result<Vec<u8>, String> {
    let mut edited = Vec::with_capacity(text.len());
    let mut missing: Vec<_> = values.to_vec();
    for entry in entries(text) {
        let found = values
            .iter()
            .find_map(|(name, value)| Some((name, value, value_in(entry, name)?)));
        match found {
            Some((name, value, (before, after))) => {
                missing.retain(|(missing, _)| missing != name);
                edited.extend_from_slice(before);
                edited.extend_from_slice(value.as_bytes());
                edited.extend_from_slice(after);
            }
            None => edited.extend_from_slice(entry),
        }
    }
    let line_end = if text.windows(2).any(|pair| pair == b"\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    for (name, value) in missing {
        if !edited.is_empty() && !edited.ends_with(b"\n") {
            edited.extend_from_slice(line_end.as_bytes());
        }
        edited.extend_from_slice(format!("{name}={value}{line_end}").as_bytes());
    }
    check(text, &edited, values)?;
    Ok(edited)
}

/// Fails unless the edited text has these values, and all others as before.
fn check(text: &[u8], edited: &[u8], values: &[(&str, &str)]) -> Result<(), String> {
    let [old, new] = [text, edited].map(|text| EnvFile::parse(Path::new(""), text));
    let mut expected = old.values;
    for (name, value) in values {
        expected.insert((*name).to_owned(), (*value).to_owned());
    }
    for (name, value) in &expected {
        if new.values.get(name) != Some(value) {
            return Err(format!("{name} would not be read as it should"));
        }
    }
    let same_lines = old.malformed == new.malformed && old.repeated == new.repeated;
    if !same_lines || expected.len() != new.values.len() {
        return Err("other lines would be read otherwise".to_owned());
    }
    Ok(())
}

/// Splits a text into entries, each with its line end: one line, or several if a quoted
/// value has line ends in it.
fn entries(text: &[u8]) -> Vec<&[u8]> {
    let mut entries = Vec::new();
    let (mut rest, mut length, mut quote) = (text, 0, None);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        length += line.len();
        if quote.is_some() || !line.trim_ascii_start().starts_with(b"#") {
            quote = open_quote(quote, line);
        }
        if quote.is_none() {
            let (entry, behind) = rest.split_at_checked(length).unwrap_or((rest, b""));
            entries.push(entry);
            (rest, length) = (behind, 0);
        }
    }
    if !rest.is_empty() {
        entries.push(rest);
    }
    entries
}

/// Returns the quote that is open at the end of a line.
fn open_quote(mut quote: Option<u8>, line: &[u8]) -> Option<u8> {
    let mut before = b'=';
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (_, b'\\') => {
                bytes.next();
            }
            (None, b'#') if before.is_ascii_whitespace() => break,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if byte == open => quote = None,
            _ => {}
        }
        before = byte;
    }
    quote
}

/// Returns what is before and behind the value, without its quotes, if the entry sets
/// this variable.
fn value_in<'a>(entry: &'a [u8], name: &str) -> Option<(&'a [u8], &'a [u8])> {
    let mut rest = entry.strip_prefix("\u{feff}".as_bytes()).unwrap_or(entry);
    rest = rest.trim_ascii_start();
    if let Some(exported) = rest.strip_prefix(b"export")
        && exported.starts_with(b" ")
    {
        rest = exported.trim_ascii_start();
    }
    rest = rest.strip_prefix(name.as_bytes())?;
    rest = without_blanks(rest).strip_prefix(b"=")?;
    rest = without_blanks(rest);
    let quote = rest.first().copied().filter(|byte| b"\"'".contains(byte));
    let length = match quote {
        Some(quote) => {
            rest = rest.get(1..)?;
            rest.iter().position(|byte| *byte == quote)?
        }
        None => rest
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(rest.len()),
    };
    let before = entry.len().checked_sub(rest.len())?;
    Some((entry.get(..before)?, rest.get(length..)?))
}

fn without_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [(&str, &str); 2] = [("A_KEY", "sig_new1"), ("B_KEY", "sig_new2")];

    #[test]
    fn values_change_and_all_else_stays() {
        for (text, edited) in [
            ("", "A_KEY=sig_new1\nB_KEY=sig_new2\n"),
            ("A_KEY=\nB_KEY=x\n", "A_KEY=sig_new1\nB_KEY=sig_new2\n"),
            (
                "\u{feff}A_KEY=old # current\r\n\r\n  export B_KEY = \"old\"  # next\r\nC=1",
                "\u{feff}A_KEY=sig_new1 # current\r\n\r\n  export B_KEY = \"sig_new2\"  # next\r\nC=1",
            ),
            (
                "# A_KEY=old\nB_KEY='old'\nC=\"1\nA_KEY=inner\n\"\nMY_A_KEY=2\nA_KEY2=3",
                "# A_KEY=old\nB_KEY='sig_new2'\nC=\"1\nA_KEY=inner\n\"\nMY_A_KEY=2\nA_KEY2=3\nA_KEY=sig_new1\n",
            ),
            // Programs differ in which one they read.
            (
                "B_KEY=1\r\nA_KEY=1\r\nA_KEY=2\r\n",
                "B_KEY=sig_new2\r\nA_KEY=sig_new1\r\nA_KEY=sig_new1\r\n",
            ),
            (
                "C=it\\'s\nA_KEY=old\nwrong\nB_KEY=old\nD=x#'\n\n",
                "C=it\\'s\nA_KEY=sig_new1\nwrong\nB_KEY=sig_new2\nD=x#'\n\n",
            ),
        ] {
            let result = with_values(text.as_bytes(), &VALUES);
            let result = result.map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(result.as_deref(), Ok(edited), "{text}");
        }
        let result = with_values(b"C=\xff\xfe\nA_KEY=1\nB_KEY=2", &VALUES);
        let edited = b"C=\xff\xfe\nA_KEY=sig_new1\nB_KEY=sig_new2";
        assert_eq!(result.as_deref(), Ok(&edited[..]));
    }

    #[test]
    fn text_that_would_be_read_otherwise_is_an_error() {
        for text in [
            "A_KEY=\"old\nB_KEY=1\n",
            "C='open\n",
            "A_KEY='1' 2\nB_KEY=1\n",
            "A_KEY=1\nC=${A_KEY}\n",
        ] {
            assert!(with_values(text.as_bytes(), &VALUES).is_err(), "{text:?}");
        }
    }
}
