//! JSON objects (RFC 8259).
//!
//! It reads tokens, checks the grammar, then splits the outermost object into members.
//! Nothing recurses, so nesting is not limited.

/// A token of JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// One of `{}[]:,`.
    Mark(char),
    /// `true`, `false`, `null`.
    Word,
    /// A number as written.
    Number(String),
    /// A string; `None` if it has a lone surrogate, which only the grammar allows.
    Text(Option<String>),
}

/// The value of a member, as tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Value(Vec<Token>);

impl Value {
    /// Returns the text of a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.0[..] {
            [Token::Text(text)] => text.as_deref(),
            _ => None,
        }
    }

    /// Returns the value of a number within the range of a double.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match &self.0[..] {
            [Token::Number(text)] => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// Returns whether it is a list of only strings.
    #[must_use]
    pub fn is_list_of_strings(&self) -> bool {
        match &self.0[..] {
            [Token::Mark('['), inside @ .., Token::Mark(']')] => inside
                .iter()
                .all(|token| matches!(token, Token::Text(Some(_)) | Token::Mark(','))),
            _ => false,
        }
    }
}

/// Returns the members of a JSON object, in order; `None` for any other text.
#[must_use]
pub fn members(bytes: &[u8]) -> Option<Vec<(String, Value)>> {
    let tokens = tokens(std::str::from_utf8(bytes).ok()?)?;
    if tokens.first() != Some(&Token::Mark('{')) || !is_one_value(&tokens) {
        return None;
    }
    let mut members = Vec::new();
    let mut rest = &tokens[1..tokens.len() - 1];
    while let [Token::Text(name), _colon, value @ ..] = rest {
        let end = end_of_member(value);
        members.push((name.clone()?, Value(value[..end].to_vec())));
        rest = value.get(end + 1..).unwrap_or_default();
    }
    Some(members)
}

/// Returns the position of the first comma outside all brackets.
fn end_of_member(tokens: &[Token]) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark('{' | '[') => depth += 1,
            Token::Mark('}' | ']') => depth -= 1,
            Token::Mark(',') if depth == 0 => return at,
            _ => {}
        }
    }
    tokens.len()
}

/// Returns whether tokens are one value by the grammar of RFC 8259 §2 to §5.
fn is_one_value(tokens: &[Token]) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum Next {
        Value,
        ValueOrClose,
        Name,
        NameOrClose,
        Colon,
        Behind,
    }
    let mut open = Vec::new();
    let mut next = Next::Value;
    for token in tokens {
        next = match (next, token) {
            (Next::Value | Next::ValueOrClose, Token::Mark('{')) => {
                open.push('}');
                Next::NameOrClose
            }
            (Next::Value | Next::ValueOrClose, Token::Mark('[')) => {
                open.push(']');
                Next::ValueOrClose
            }
            (Next::Value | Next::ValueOrClose, Token::Word | Token::Number(_) | Token::Text(_)) => {
                Next::Behind
            }
            (Next::Name | Next::NameOrClose, Token::Text(_)) => Next::Colon,
            (Next::Colon, Token::Mark(':')) => Next::Value,
            (
                Next::ValueOrClose | Next::NameOrClose | Next::Behind,
                Token::Mark(close @ ('}' | ']')),
            ) => {
                if open.pop() != Some(*close) {
                    return false;
                }
                Next::Behind
            }
            (Next::Behind, Token::Mark(',')) => match open.last() {
                Some('}') => Next::Name,
                Some(_) => Next::Value,
                None => return false,
            },
            _ => return false,
        };
        // Refuses a second value after the outermost one.
        if next != Next::Behind && open.is_empty() {
            return false;
        }
    }
    next == Next::Behind && open.is_empty()
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let Some(first) = rest.chars().next() else {
            return Some(tokens);
        };
        let token;
        (token, rest) = match first {
            '{' | '}' | '[' | ']' | ':' | ',' => (Token::Mark(first), &rest[1..]),
            '"' => string(&rest[1..])?,
            '-' | '0'..='9' => number(rest)?,
            _ => {
                let words = ["true", "false", "null"];
                let behind = words.iter().find_map(|word| rest.strip_prefix(word))?;
                (Token::Word, behind)
            }
        };
        tokens.push(token);
    }
}

fn number(text: &str) -> Option<(Token, &str)> {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let mut rest = match rest.strip_prefix('0') {
        Some(rest) => rest,
        None => digits(rest)?,
    };
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = digits(fraction)?;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        rest = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))?;
    }
    let written = &text[..text.len() - rest.len()];
    Some((Token::Number(written.to_owned()), rest))
}

/// Strips at least one digit.
fn digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

/// Reads a string after its opening quote.
fn string(text: &str) -> Option<(Token, &str)> {
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text.chars();
    loop {
        match rest.next()? {
            '"' => {
                let text = String::from_utf16(&units).ok();
                return Some((Token::Text(text), rest.as_str()));
            }
            '\\' => units.push(match rest.next()? {
                c @ ('"' | '\\' | '/') => u16::try_from(u32::from(c)).ok()?,
                'b' => 8,
                'f' => 12,
                'n' => 10,
                'r' => 13,
                't' => 9,
                'u' => {
                    let mut unit = 0;
                    for _ in 0..4 {
                        unit = unit * 16 + u16::try_from(rest.next()?.to_digit(16)?).ok()?;
                    }
                    unit
                }
                _ => return None,
            }),
            c if c < ' ' => return None,
            c => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
        }
    }
}

#[test]
fn members_accepts_only_json_objects() {
    for text in [
        "{}",
        " {\t\"a\" : [ ] ,\r\n\"b\":{\"\":-0.5e+3}}",
        r#"{"\u0061":"\ud83d\ude00","b":"\ud800","c":[true,[false,null]]}"#,
    ] {
        assert!(members(text.as_bytes()).is_some(), "{text}");
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(9000), "]".repeat(9000));
    assert!(members(deep.as_bytes()).is_some());
    for text in [
        "",
        "1",
        "[]",
        "\"\"",
        "{",
        "}",
        "{}}",
        "{}{}",
        "{},",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":NaN}",
        "{\"a\":[1}",
        "{\"a\":[1,]}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"\\ud800\":1}",
        "{1:1}",
        "{'a':1}",
        "{\"a\":1 2}",
        "\u{feff}{}",
        "{\"a\":tru}",
        "{\"a\":\"}",
    ] {
        assert_eq!(members(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn members_are_in_order_with_their_values() {
    let text = r#"{"a":"x\n\u00e9","b":[1,{"c":2}],"b":1.5e3,"d":["x","y"],"e":[],"f":["x",1]}"#;
    let found = members(text.as_bytes()).unwrap();
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b", "b", "d", "e", "f"]);
    assert_eq!(found[0].1.text(), Some("x\né"));
    assert_eq!((found[1].1.text(), found[1].1.number()), (None, None));
    assert_eq!(found[2].1.number(), Some(1500.0));
    let lists: Vec<_> = found
        .iter()
        .map(|(_, it)| it.is_list_of_strings())
        .collect();
    assert_eq!(lists, [false, false, false, true, true, false]);
    let far = members(br#"{"a":1e400,"b":"\ud800","c":["\ud800"]}"#).unwrap();
    assert_eq!(far[0].1.number(), None);
    assert_eq!(far[1].1.text(), None);
    assert!(!far[2].1.is_list_of_strings());
}
