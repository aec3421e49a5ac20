//! Escapes in JSON strings, as serialisers write them.

/// The escapes that a serialiser writes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Escapes {
    /// The name in a report: "with Go's escapes".
    pub(super) label: &'static str,
    /// Characters that are escaped although JSON does not require it.
    special: &'static [(char, &'static str)],
    /// Whether all but ASCII is written as `\uXXXX`.
    ascii: bool,
    /// Whether hexadecimal digits are upper case.
    upper: bool,
    /// Whether U+0008 and U+000C have their short forms.
    short: bool,
}

const JAVASCRIPT: Escapes = Escapes {
    label: "with JavaScript's escapes",
    special: &[],
    ascii: false,
    upper: false,
    short: true,
};
const LINES: [(char, &str); 2] = [('\u{2028}', r"\u2028"), ('\u{2029}', r"\u2029")];
const GO: &[(char, &str)] = &[
    ('<', r"\u003c"),
    ('>', r"\u003e"),
    ('&', r"\u0026"),
    LINES[0],
    LINES[1],
];
const PHP: Escapes = Escapes {
    label: "with PHP's escapes",
    special: &[('/', r"\/")],
    ascii: true,
    ..JAVASCRIPT
};

/// The escapes that are tried, most common first.
pub(super) const ALL: [Escapes; 10] = [
    // `ensure_ascii`, the default. DEL counts as not printable.
    Escapes {
        label: PYTHON,
        special: &[('\u{7f}', r"\u007f")],
        ascii: true,
        ..JAVASCRIPT
    },
    JAVASCRIPT,
    PHP,
    // `JSON_UNESCAPED_UNICODE`.
    Escapes {
        special: &[('/', r"\/"), LINES[0], LINES[1]],
        ascii: false,
        ..PHP
    },
    // `JSON_UNESCAPED_SLASHES`.
    Escapes {
        special: &[],
        ..PHP
    },
    Escapes {
        label: "with Go's escapes",
        special: GO,
        ..JAVASCRIPT
    },
    // Before Go 1.22.
    Escapes {
        label: "with Go's escapes",
        special: GO,
        short: false,
        ..JAVASCRIPT
    },
    // Go's `SetEscapeHTML(false)`, and PHP's `JSON_UNESCAPED_SLASHES` and
    // `JSON_UNESCAPED_UNICODE`.
    Escapes {
        label: "with escaped line separators",
        special: &LINES,
        ..JAVASCRIPT
    },
    // Symfony's `JsonResponse`.
    Escapes {
        special: &[
            ('/', r"\/"),
            ('<', r"\u003C"),
            ('>', r"\u003E"),
            ('&', r"\u0026"),
            ('\'', r"\u0027"),
            ('"', r"\u0022"),
        ],
        ..PHP
    },
    // System.Text.Json.
    Escapes {
        label: "with .NET's escapes",
        special: &[
            ('"', r"\u0022"),
            ('&', r"\u0026"),
            ('\'', r"\u0027"),
            ('+', r"\u002B"),
            ('<', r"\u003C"),
            ('>', r"\u003E"),
            ('`', r"\u0060"),
            ('\u{7f}', r"\u007F"),
        ],
        ascii: true,
        upper: true,
        ..JAVASCRIPT
    },
];

pub(super) const PYTHON: &str = "with Python's escapes";

impl Escapes {
    /// Writes a string literal of JSON with these escapes.
    pub(super) fn write(&self, literal: &str, out: &mut String) {
        out.push('"');
        for unit in units(literal) {
            match unit {
                Ok(c) => self.write_char(c, out),
                Err(lone) => self.write_unit(lone, out),
            }
        }
        out.push('"');
    }

    fn write_char(&self, c: char, out: &mut String) {
        if let Some((_, escape)) = self.special.iter().find(|(special, _)| *special == c) {
            out.push_str(escape);
            return;
        }
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' if self.short => out.push_str("\\b"),
            '\u{c}' if self.short => out.push_str("\\f"),
            c if c < ' ' || (self.ascii && !c.is_ascii()) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    self.write_unit(*unit, out);
                }
            }
            c => out.push(c),
        }
    }

    fn write_unit(&self, unit: u16, out: &mut String) {
        out.push_str(&if self.upper {
            format!("\\u{unit:04X}")
        } else {
            format!("\\u{unit:04x}")
        });
    }
}

/// Returns the characters of a valid string literal; lone surrogates are errors.
fn units(literal: &str) -> impl Iterator<Item = Result<char, u16>> {
    let inner = literal.strip_prefix('"').unwrap_or(literal);
    let mut chars = inner.strip_suffix('"').unwrap_or(inner).chars();
    let units = std::iter::from_fn(move || {
        let c = chars.next()?;
        if c != '\\' {
            return Some(c as u32);
        }
        Some(match chars.next()? {
            'b' => 8,
            'f' => 12,
            'n' => u32::from(b'\n'),
            'r' => u32::from(b'\r'),
            't' => u32::from(b'\t'),
            'u' => {
                let digits: String = chars.by_ref().take(4).collect();
                u32::from_str_radix(&digits, 16).ok()?
            }
            c => c as u32,
        })
    });
    let mut units = units.peekable();
    std::iter::from_fn(move || {
        let unit = units.next()?;
        if let Some(c) = char::from_u32(unit) {
            return Some(Ok(c));
        }
        // Only an escape can be a surrogate, which has 16 bits.
        let high = u16::try_from(unit).ok()?;
        let low = units.peek().and_then(|low| u16::try_from(*low).ok());
        let pair = low.and_then(|low| char::decode_utf16([high, low]).next()?.ok());
        if pair.is_some() {
            units.next();
        }
        Some(pair.ok_or(high))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(escapes: &Escapes, literal: &str) -> String {
        let mut out = String::new();
        escapes.write(literal, &mut out);
        out
    }

    #[test]
    fn each_serialiser_has_its_escapes() {
        let given = "\"\u{e9}\u{1f600}/<&>'+`\\b\\f\\u001F\\\\\\\"\u{7f}\u{2028}\"";
        // Each as the serialiser itself writes it.
        let expected = [
            // json.dumps(s)
            (
                PYTHON,
                r#""\u00e9\ud83d\ude00/<&>'+`\b\f\u001f\\\"\u007f\u2028""#,
            ),
            // JSON.stringify(s)
            (
                "with JavaScript's escapes",
                "\"\u{e9}\u{1f600}/<&>'+`\\b\\f\\u001f\\\\\\\"\u{7f}\u{2028}\"",
            ),
            // json_encode($s)
            (
                "with PHP's escapes",
                "\"\\u00e9\\ud83d\\ude00\\/<&>'+`\\b\\f\\u001f\\\\\\\"\u{7f}\\u2028\"",
            ),
            // json_encode($s, JSON_UNESCAPED_UNICODE)
            (
                "with PHP's escapes",
                "\"\u{e9}\u{1f600}\\/<&>'+`\\b\\f\\u001f\\\\\\\"\u{7f}\\u2028\"",
            ),
            // json_encode($s, JSON_UNESCAPED_SLASHES)
            (
                "with PHP's escapes",
                "\"\\u00e9\\ud83d\\ude00/<&>'+`\\b\\f\\u001f\\\\\\\"\u{7f}\\u2028\"",
            ),
            // json.Marshal(s)
            (
                "with Go's escapes",
                "\"\u{e9}\u{1f600}/\\u003c\\u0026\\u003e'+`\\b\\f\\u001f\\\\\\\"\u{7f}\\u2028\"",
            ),
            // Likewise, before Go 1.22.
            (
                "with Go's escapes",
                "\"\u{e9}\u{1f600}/\\u003c\\u0026\\u003e'+`\\u0008\\u000c\\u001f\\\\\\\"\u{7f}\\u2028\"",
            ),
            // SetEscapeHTML(false)
            (
                "with escaped line separators",
                "\"\u{e9}\u{1f600}/<&>'+`\\b\\f\\u001f\\\\\\\"\u{7f}\\u2028\"",
            ),
            // new JsonResponse($s)
            (
                "with PHP's escapes",
                "\"\\u00e9\\ud83d\\ude00\\/\\u003C\\u0026\\u003E\\u0027+`\\b\\f\\u001f\\\\\\u0022\u{7f}\\u2028\"",
            ),
            // JsonSerializer.Serialize(s)
            (
                "with .NET's escapes",
                r#""\u00E9\uD83D\uDE00/\u003C\u0026\u003E\u0027\u002B\u0060\b\f\u001F\\\u0022\u007F\u2028""#,
            ),
        ];
        assert_eq!(expected.len(), ALL.len());
        for (escapes, (label, expected)) in ALL.iter().zip(expected) {
            assert_eq!(escapes.label, label);
            assert_eq!(written(escapes, given), expected, "{label}");
        }
    }

    #[test]
    fn lone_surrogates_stay_escaped() {
        for literal in [r#""\ud800""#, r#""\udc00\ud800x""#, r#""\ud800\u0041""#] {
            let expected = literal.replace(r"\u0041", "A");
            assert_eq!(written(&JAVASCRIPT, literal), expected);
        }
        assert_eq!(written(&ALL[0], r#""\uD83D\uDE00""#), r#""\ud83d\ude00""#);
    }
}
