//! Variants of a body that undo common changes.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::json;
use super::search::{End, Search};

/// Tries variants of a body until `is_signed` holds for one.
pub(super) fn search(body: &[u8], is_signed: &mut dyn FnMut(&[u8]) -> bool) -> ControlFlow<End> {
    let mut search = Search::new(body, is_signed);
    let mut attempt = |what: &str, variant: &[u8]| search.attempt(|| what.to_owned(), variant);
    for end in ["\r\n", "\n"] {
        if let Some(rest) = body.strip_suffix(end.as_bytes()) {
            attempt("a trailing newline removed", rest)?;
        }
    }
    attempt("white space around it removed", body.trim_ascii())?;
    attempt("a trailing newline added", &[body, b"\n"].concat())?;
    attempt(
        "a trailing newline (CR LF) added",
        &[body, b"\r\n"].concat(),
    )?;
    const BOM: &[u8] = b"\xef\xbb\xbf";
    match body.strip_prefix(BOM) {
        Some(rest) => attempt("the byte-order mark removed", rest)?,
        None => attempt("a byte-order mark added", &[BOM, body].concat())?,
    }
    attempt("an empty body", b"")?;
    if let Some(decoded) = base64_decoded(body.trim_ascii()) {
        attempt("its base64 decoded", &decoded)?;
    }
    let Ok(text) = std::str::from_utf8(body.strip_prefix(BOM).unwrap_or(body)) else {
        return ControlFlow::Continue(());
    };
    let unix = text.replace("\r\n", "\n");
    attempt("line ends changed to LF", unix.as_bytes())?;
    attempt(
        "line ends changed to CR LF",
        unix.replace('\n', "\r\n").as_bytes(),
    )?;
    json::search(text, &mut search)
}

/// Decodes base64 of either alphabet, with or without padding.
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
    use super::super::search::tests::found;
    use super::*;

    const COMPACT: &str = r#"{"b":[1,{"x y":"a \"b\" , :[ "}],"a":{},"c":[]}"#;

    #[test]
    fn common_changes_are_undone() {
        let pretty = serde_json::from_str::<serde_json::Value>(COMPACT).unwrap();
        let sorted = pretty.to_string();
        let pretty = format!("{pretty:#}").replace("  ", "    ");
        for (arrived, signed, what) in [
            (
                &*format!("{COMPACT}\n"),
                COMPACT,
                "a trailing newline removed",
            ),
            (
                &format!("{COMPACT}\r\n"),
                COMPACT,
                "a trailing newline removed",
            ),
            (
                &format!(" {COMPACT}\n\n"),
                COMPACT,
                "white space around it removed",
            ),
            (
                &format!("\u{feff}{COMPACT}"),
                COMPACT,
                "the byte-order mark removed",
            ),
            (
                &pretty,
                &sorted,
                "its JSON re-serialised without white space",
            ),
            (
                &serde_json::to_string(COMPACT).unwrap(),
                COMPACT,
                "its JSON string decoded",
            ),
            // The inverse changes.
            (COMPACT, &format!("{COMPACT}\n"), "a trailing newline added"),
            (COMPACT, &sorted, "its JSON re-serialised with sorted names"),
            (COMPACT, "", "an empty body"),
        ] {
            assert_eq!(found(arrived, signed).as_deref(), Some(what), "{arrived:?}");
        }
    }

    #[test]
    fn base64_of_either_alphabet_is_decoded() {
        for text in ["_-8=", "_-8", "/+8=", "/+8"] {
            assert_eq!(base64_decoded(text.as_bytes()), Some(vec![0xff, 0xef]));
        }
        assert_eq!(base64_decoded(b"a b"), None);
    }
}
