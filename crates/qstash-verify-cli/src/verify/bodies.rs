//! Variants of a body: the usual changes on its way, undone.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// Returns variants of a body, each with the text for a match: "…, it matches".
pub(super) fn variants(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut variants = Vec::new();
    let mut add = |what, variant: Vec<u8>| {
        if variant != body {
            variants.push((what, variant));
        }
    };
    for end in ["\r\n", "\n"] {
        if let Some(rest) = body.strip_suffix(end.as_bytes()) {
            add("a trailing newline removed", rest.to_vec());
        }
    }
    add("white space around it removed", body.trim_ascii().to_vec());
    add("a trailing newline added", [body, b"\n"].concat());
    add("a trailing newline (CR LF) added", [body, b"\r\n"].concat());
    const BOM: &[u8] = b"\xef\xbb\xbf";
    match body.strip_prefix(BOM) {
        Some(rest) => add("the byte-order mark removed", rest.to_vec()),
        None => add("a byte-order mark added", [BOM, body].concat()),
    }
    add("nothing in it, as if it was read already", Vec::new());
    if let Some(decoded) = base64_decoded(body.trim_ascii()) {
        add("decoded from base64", decoded);
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let unix = text.replace("\r\n", "\n");
        add("its line ends made LF", unix.clone().into_bytes());
        add(
            "its line ends made CR LF",
            unix.replace('\n', "\r\n").into_bytes(),
        );
        for (what, variant) in json(text) {
            add(what, variant.into_bytes());
        }
    }
    variants
}

/// Variants of JSON by other serialisers.
fn json(text: &str) -> Vec<(&'static str, String)> {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Vec::new();
    };
    let mut variants = Vec::new();
    if let Value::String(inner) = &value {
        variants.push(("taken out of the JSON string that it is", inner.clone()));
    }
    let spaced = |item, name, indent| respace(text, item, name, indent);
    let plain = [
        (
            "its JSON written anew without white space",
            spaced(",", ":", None),
        ),
        (
            "its JSON written anew as Python does",
            spaced(", ", ": ", None),
        ),
        (
            "its JSON written anew, indented by 2",
            spaced(",", ": ", Some(2)),
        ),
        (
            "its JSON written anew, indented by 4",
            spaced(",", ": ", Some(4)),
        ),
        // Sorted members, shortest numbers and escapes.
        ("its JSON written anew with sorted names", value.to_string()),
    ];
    for (what, variant) in plain {
        variants.push((what, format!("{variant}\n")));
        variants.push((what, variant));
    }
    variants
}

/// Changes the white space of valid JSON, and nothing else.
fn respace(json: &str, item: &str, name: &str, indent: Option<usize>) -> String {
    let mut out = String::with_capacity(json.len());
    let mut depth = 0_usize;
    let line = |out: &mut String, depth: usize| {
        if let Some(width) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', width * depth));
        }
    };
    let mut rest = json.trim_start();
    while let Some(c) = rest.chars().next() {
        let length = if c == '"' {
            string_length(rest)
        } else {
            c.len_utf8()
        };
        let (token, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = behind.trim_start();
        match c {
            '{' | '[' => {
                out.push(c);
                depth += 1;
                if !rest.starts_with(['}', ']']) {
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !out.ends_with(['{', '[']) {
                    line(&mut out, depth);
                }
                out.push(c);
            }
            ',' => {
                out.push_str(item);
                line(&mut out, depth);
            }
            ':' => out.push_str(name),
            _ => out.push_str(token),
        }
    }
    out
}

/// Returns the length of the leading string literal, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Decodes base64 of either alphabet, padded or not.
pub(super) fn base64_decoded(text: &[u8]) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
    STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPACT: &str = r#"{"b":[1,{"x y":"a \"b\" , :[ "}],"a":{},"c":[]}"#;

    #[test]
    fn only_white_space_changes() {
        let pretty = "{\n  \"b\": [\n    1,\n    {\n      \"x y\": \"a \\\"b\\\" , :[ \"\n    }\n  \
                      ],\n  \"a\": {},\n  \"c\": []\n}";
        assert_eq!(respace(COMPACT, ",", ": ", Some(2)), pretty);
        assert_eq!(respace(pretty, ",", ":", None), COMPACT);
        let python = r#"{"b": [1, {"x y": "a \"b\" , :[ "}], "a": {}, "c": []}"#;
        assert_eq!(respace(pretty, ", ", ": ", None), python);
    }

    #[test]
    fn changes_are_found() {
        let signed = COMPACT.as_bytes();
        let sorted = r#"{"a":{},"b":[1,{"x y":"a \"b\" , :[ "}],"c":[]}"#;
        for (arrived, what) in [
            (format!("{COMPACT}\n"), "a trailing newline removed"),
            (format!("{COMPACT}\r\n"), "a trailing newline removed"),
            (format!(" {COMPACT}\n\n"), "white space around it removed"),
            (format!("\u{feff}{COMPACT}"), "the byte-order mark removed"),
            (
                respace(COMPACT, ",", ": ", Some(4)),
                "its JSON written anew without white space",
            ),
            (
                serde_json::to_string(COMPACT).unwrap(),
                "taken out of the JSON string that it is",
            ),
        ] {
            let found = variants(arrived.as_bytes());
            let found = found.iter().find(|(_, variant)| variant == signed);
            assert_eq!(found.map(|(what, _)| *what), Some(what), "{arrived:?}");
        }
        // The inverse changes.
        for (signed, what) in [
            (format!("{COMPACT}\n"), "a trailing newline added"),
            (sorted.to_owned(), "its JSON written anew with sorted names"),
            (String::new(), "nothing in it, as if it was read already"),
        ] {
            let found = variants(COMPACT.as_bytes());
            let found = found
                .iter()
                .find(|(_, variant)| variant == signed.as_bytes());
            assert_eq!(found.map(|(what, _)| *what), Some(what), "{signed:?}");
        }
    }

    #[test]
    fn base64_of_any_kind() {
        for text in ["_-8=", "_-8", "/+8=", "/+8"] {
            assert_eq!(base64_decoded(text.as_bytes()), Some(vec![0xff, 0xef]));
        }
        assert_eq!(base64_decoded(b"a b"), None);
    }
}
