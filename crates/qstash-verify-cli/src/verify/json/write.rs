//! Re-serialisation of JSON text, which keeps the order of members.

use super::escapes::Escapes;
use super::numbers::{Numbers, is_integer};

/// White space between tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// As given.
    Given,
    None,
    /// `, ` and `: `.
    Python,
    /// An item a line, indented by this for each level.
    Indented(&'static str),
}

impl Space {
    pub(super) const ALL: [Space; 6] = [
        Space::None,
        Space::Python,
        Space::Given,
        Space::Indented("  "),
        Space::Indented("    "),
        Space::Indented("\t"),
    ];

    pub(super) fn label(self) -> Option<&'static str> {
        match self {
            Space::Given => None,
            Space::None => Some("without white space"),
            Space::Python => Some("as Python does"),
            Space::Indented("  ") => Some("indented by 2"),
            Space::Indented("\t") => Some("indented by tabs"),
            Space::Indented(_) => Some("indented by 4"),
        }
    }
}

/// The style of written JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style<'a> {
    pub(super) space: Space,
    /// `None` keeps the given ones.
    pub(super) escapes: Option<&'a Escapes>,
    pub(super) numbers: Numbers<'a>,
}

/// Bounds the output: indentation can multiply a deeply nested body.
const MAX_LENGTH: usize = 64 * 1024 * 1024;

/// Writes valid JSON in a style; returns false if it is too long.
pub(super) fn write(json: &str, style: Style<'_>, out: &mut String) -> bool {
    out.clear();
    let (mut depth, mut opened, mut integers) = (0_usize, false, 0);
    let line = |out: &mut String, depth: usize| {
        if let Space::Indented(indent) = style.space {
            out.push('\n');
            out.extend(std::iter::repeat_n(indent, depth));
        }
    };
    for token in tokens(json) {
        if out.len() > MAX_LENGTH {
            return false;
        }
        let first = token.as_bytes().first().copied().unwrap_or_default();
        if first.is_ascii_whitespace() {
            if style.space == Space::Given {
                out.push_str(token);
            }
            continue;
        }
        let closes = matches!(first, b'}' | b']');
        if closes {
            depth = depth.saturating_sub(1);
        }
        // An empty list or object stays on its line.
        if closes != opened {
            line(out, depth);
        }
        opened = matches!(first, b'{' | b'[');
        match (first, style.space) {
            (b',', Space::Python) => out.push_str(", "),
            (b':', Space::Python | Space::Indented(_)) => out.push_str(": "),
            (b'"', _) => match style.escapes {
                Some(escapes) => escapes.write(token, out),
                None => out.push_str(token),
            },
            (b'-' | b'0'..=b'9', _) => style.numbers.write(token, &mut integers, out),
            _ => out.push_str(token),
        }
        if opened {
            depth += 1;
        }
        if first == b',' {
            line(out, depth);
        }
    }
    true
}

/// Returns the tokens of valid JSON, and the white space between them.
fn tokens(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        let first = *rest.as_bytes().first()?;
        let run = |stop: &dyn Fn(u8) -> bool| rest.bytes().position(stop).unwrap_or(rest.len());
        let length = match first {
            b'"' => string_length(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            first if first.is_ascii_whitespace() => run(&|byte| !byte.is_ascii_whitespace()),
            _ => {
                run(&|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b':' | b'}' | b']'))
            }
        };
        let (token, tail) = rest.split_at_checked(length.max(1))?;
        rest = tail;
        Some(token)
    })
}

/// Returns the length of the leading string literal, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The structure of JSON, for the search.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) depth: usize,
    /// The group of each integer.
    ///
    /// Of few integers, each is a group; of many, those with one name, since a field
    /// has one type in all objects of a list.
    pub(super) groups: Vec<usize>,
    pub(super) group_count: usize,
}

/// Maximum number of integers of which each is a group.
const FEW: usize = 10;

impl Shape {
    pub(super) fn of(json: &str) -> Self {
        let mut shape = Shape::default();
        let mut names: Vec<&str> = Vec::new();
        // The name that a container belongs to, for each open one.
        let mut open: Vec<&str> = Vec::new();
        let (mut name, mut last) = ("", "");
        for token in tokens(json) {
            match token.as_bytes().first() {
                Some(b'{' | b'[') => {
                    open.push(name);
                    shape.depth = shape.depth.max(open.len());
                }
                Some(b'}' | b']') => name = open.pop().unwrap_or_default(),
                Some(b':') => name = last,
                Some(b'"') => last = token,
                Some(b'-' | b'0'..=b'9') if is_integer(token) => names.push(name),
                _ => {}
            }
        }
        if names.len() <= FEW {
            shape.groups = (0..names.len()).collect();
            shape.group_count = names.len();
            return shape;
        }
        let mut known = std::collections::HashMap::new();
        for name in names {
            let next = known.len();
            shape.groups.push(*known.entry(name).or_insert(next));
        }
        shape.group_count = known.len();
        shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPACT: &str = r#"{"b":[1,{"x y":"a \"b\" , :[ "}],"a":{},"c":[]}"#;

    fn spaced(json: &str, space: Space) -> String {
        let style = Style {
            space,
            escapes: None,
            numbers: Numbers::Given,
        };
        let mut out = String::new();
        assert!(write(json, style, &mut out));
        out
    }

    #[test]
    fn only_white_space_changes() {
        let pretty = "{\n  \"b\": [\n    1,\n    {\n      \"x y\": \"a \\\"b\\\" , :[ \"\n    }\n  \
                      ],\n  \"a\": {},\n  \"c\": []\n}";
        assert_eq!(spaced(COMPACT, Space::Indented("  ")), pretty);
        assert_eq!(spaced(pretty, Space::None), COMPACT);
        assert_eq!(spaced(pretty, Space::Given), pretty);
        let python = r#"{"b": [1, {"x y": "a \"b\" , :[ "}], "a": {}, "c": []}"#;
        assert_eq!(spaced(pretty, Space::Python), python);
    }

    #[test]
    fn many_integers_are_grouped_by_name() {
        let few = Shape::of(r#"{"a":[1,2],"b":3.5}"#);
        assert_eq!((few.groups, few.depth), (vec![0, 1], 2));
        let item = r#"{"id":1,"sizes":[2,{"id":3},4]}"#;
        let many = Shape::of(&format!("[{}]", [item; 3].join(",")));
        assert_eq!(many.groups, [0, 1, 0, 1].repeat(3));
        assert_eq!(many.group_count, 2);
    }

    #[test]
    fn output_is_bounded() {
        let deep = format!(
            "{}{}{}",
            "[".repeat(100),
            "0,".repeat(400_000) + "0",
            "]".repeat(100)
        );
        let style = Style {
            space: Space::Indented("    "),
            escapes: None,
            numbers: Numbers::Given,
        };
        assert!(!write(&deep, style, &mut String::new()));
    }
}
