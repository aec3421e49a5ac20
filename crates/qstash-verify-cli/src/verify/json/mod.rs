//! Variants of a JSON body, as other serialisers write them.

mod escapes;
mod numbers;
mod write;

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::ControlFlow;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::search::{End, Search};
use escapes::{ALL, Escapes, PYTHON};
use numbers::Numbers;
use write::{Shape, Space, Style, write};

/// Maximum length of a body that is parsed.
const MAX_LENGTH: usize = 16 * 1024 * 1024;
/// Maximum length of a body whose members are sorted, which takes a tree.
const MAX_SORTED: usize = 4 * 1024 * 1024;
/// The limit of serde_json, and of most parsers.
const MAX_DEPTH: usize = 128;
/// Groups of integers of which every set is tried.
const MAX_GROUPS: usize = 10;

/// Tries the text as other serialisers write it.
pub(super) fn search(text: &str, search: &mut Search<'_>) -> ControlFlow<End> {
    let text = text.trim_ascii();
    if text.len() > MAX_LENGTH || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return ControlFlow::Continue(());
    }
    if text.starts_with('"')
        && let Ok(inner) = serde_json::from_str::<String>(text)
    {
        let what = || "its JSON string decoded".to_owned();
        search.attempt(what, inner.as_bytes())?;
    }
    let given = Document::new(text, false);
    // This also normalises numbers.
    let sorted = (text.len() <= MAX_SORTED)
        .then(|| serde_json::from_str::<Value>(text).ok())
        .flatten()
        .map(|value| value.to_string());
    let sorted = sorted.as_deref().map(|text| Document::new(text, true));
    if given.shape.depth > MAX_DEPTH {
        return ControlFlow::Continue(());
    }
    let documents = [Some(given), sorted];
    for document in documents.iter().flatten() {
        document.write_all(Numbers::Given, search)?;
    }
    for document in documents.iter().flatten() {
        document.write_all(Numbers::JavaScript, search)?;
        document.write_all(Numbers::PythonFloats, search)?;
        let groups = &document.shape.groups;
        for set in sets(document.shape.group_count) {
            document.write_all(Numbers::Floats { groups, set }, search)?;
        }
    }
    ControlFlow::Continue(())
}

/// Returns sets of groups of integers, as bits.
///
/// All groups first; then every other set if there are at most [`MAX_GROUPS`] groups,
/// else each of the first 64 groups alone.
fn sets(groups: usize) -> impl Iterator<Item = u64> {
    let (all, others) = match groups {
        0 => (None, 0),
        1..=MAX_GROUPS => (Some((1 << groups) - 1), (1 << groups) - 1),
        _ => (Some(u64::MAX), 0),
    };
    let singles = if groups > MAX_GROUPS {
        groups.min(64)
    } else {
        0
    };
    all.into_iter()
        .chain(1..others)
        .chain((0..singles).map(|group| 1 << group))
}

/// A JSON text, with data that all its variants share.
struct Document<'a> {
    text: &'a str,
    sorted: bool,
    shape: Shape,
    /// The escapes that change the text.
    escapes: Vec<Option<&'static Escapes>>,
}

impl<'a> Document<'a> {
    fn new(text: &'a str, sorted: bool) -> Self {
        let mut written = String::new();
        let (mut known, hasher) = (HashSet::new(), RandomState::new());
        let mut escapes: Vec<_> = std::iter::once(None).chain(ALL.iter().map(Some)).collect();
        escapes.retain(|escapes| {
            let style = Style {
                space: Space::None,
                escapes: *escapes,
                numbers: Numbers::Given,
            };
            write(text, style, &mut written) && known.insert(hasher.hash_one(&written))
        });
        Document {
            text,
            sorted,
            shape: Shape::of(text),
            escapes,
        }
    }

    fn write_all(&self, numbers: Numbers<'_>, search: &mut Search<'_>) -> ControlFlow<End> {
        let mut written = String::new();
        if !matches!(numbers, Numbers::Given) && !self.changes(numbers, &mut written) {
            return ControlFlow::Continue(());
        }
        for escapes in &self.escapes {
            for space in Space::ALL {
                let style = Style {
                    space,
                    escapes: *escapes,
                    numbers,
                };
                if !write(self.text, style, &mut written) {
                    search.spend(written.len())?;
                    continue;
                }
                let what = || self.describe(style);
                search.attempt(what, written.as_bytes())?;
                written.push('\n');
                search.attempt(what, written.as_bytes())?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Returns whether a form of numbers changes the text.
    fn changes(&self, numbers: Numbers<'_>, written: &mut String) -> bool {
        let style = Style {
            space: Space::Given,
            escapes: None,
            numbers,
        };
        write(self.text, style, written) && written != self.text
    }

    fn describe(&self, style: Style<'_>) -> String {
        let sorted = self.sorted.then_some("with sorted names");
        let space = match style.space {
            // The sorted text has no white space.
            Space::None if self.sorted => None,
            space => space.label(),
        };
        let escapes = style.escapes.map(|escapes| escapes.label);
        let escapes = escapes.filter(|label| style.space != Space::Python || *label != PYTHON);
        let parts = [sorted, space, escapes, style.numbers.label()];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        format!("its JSON re-serialised {}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::search::tests::found;

    /// Checks the cause that is found for a re-serialised body.
    #[track_caller]
    fn assert_found(signed: &str, arrived: &str, what: &str) {
        assert_eq!(
            found(arrived, signed).as_deref(),
            Some(&*format!("its JSON re-serialised {what}")),
            "{arrived}"
        );
    }

    #[test]
    fn other_serialisers_are_found() {
        let stringify = "{\"t\":\"Alright, let\u{2019}s go \u{1f600}\",\"u\":\"a/b\",\"d\":1}";
        for (signed, what) in [
            (
                r#"{"t": "Alright, let\u2019s go \ud83d\ude00", "u": "a/b", "d": 1}"#,
                "as Python does",
            ),
            (
                "{\"t\": \"Alright, let\u{2019}s go \u{1f600}\", \"u\": \"a/b\", \"d\": 1}",
                "as Python does",
            ),
            (
                r#"{"t":"Alright, let\u2019s go \ud83d\ude00","u":"a/b","d":1}"#,
                "without white space, with Python's escapes",
            ),
            (
                r#"{"t":"Alright, let\u2019s go \ud83d\ude00","u":"a\/b","d":1}"#,
                "without white space, with PHP's escapes",
            ),
            (
                "{\"t\":\"Alright, let\u{2019}s go \u{1f600}\",\"u\":\"a\\/b\",\"d\":1}",
                "without white space, with PHP's escapes",
            ),
            (
                "{\n    \"t\": \"Alright, let\\u2019s go \\ud83d\\ude00\",\n    \"u\": \"a\\/b\",\n    \"d\": 1\n}",
                "indented by 4, with PHP's escapes",
            ),
            (
                r#"{"d": 1, "t": "Alright, let\u2019s go \ud83d\ude00", "u": "a/b"}"#,
                "with sorted names, as Python does",
            ),
            (
                r#"{"t":"Alright, let\u2019s go \uD83D\uDE00","u":"a/b","d":1}"#,
                "without white space, with .NET's escapes",
            ),
        ] {
            assert_found(signed, stringify, what);
            assert_found(&format!("{signed}\n"), stringify, what);
        }
        assert_found(
            "{\"a\":\"\\u003cb\\u003e \\u0026 \\u2028\u{e9}\"}\n",
            "{\"a\": \"<b> & \u{2028}\u{e9}\"}",
            "without white space, with Go's escapes",
        );
        // The inverse: the middleware escapes what was signed as it is.
        assert_found(
            "{\"a\":\"\u{e9}/<\"}",
            r#"{"a": "\u00e9\/\u003c"}"#,
            "without white space, with JavaScript's escapes",
        );
    }

    #[test]
    fn floats_that_became_integers_are_found() {
        let floats = "with `1.0` for `1`";
        let compact = format!("without white space, {floats}");
        for (signed, arrived, what) in [
            (r#"{"a":1.0}"#, r#"{"a":1}"#, &compact),
            (
                r#"{"id": 7, "price": 1.0}"#,
                r#"{"id":7,"price":1}"#,
                &format!("as Python does, {floats}"),
            ),
            ("[1.0,2,3.0,4.5]", "[1,2,3,4.5]", &compact),
            (
                r#"{"a":1,"b":2.5}"#,
                r#"{"a":1.0,"b":2.5}"#,
                &"without white space, with `1` for `1.0`".to_owned(),
            ),
            (
                r#"{"a": 1e-05}"#,
                r#"{"a":0.00001}"#,
                &"as Python does, with Python's floats".to_owned(),
            ),
        ] {
            assert_found(signed, arrived, what);
        }
        let list = |price: &str| {
            let item = format!(r#"{{"id": 7, "price": {price}, "n": 2}}"#);
            format!("[{}]", [&*item; 9].join(", "))
        };
        assert_found(
            &list("3.0"),
            &list("3").replace(": ", ":").replace(", ", ","),
            &format!("as Python does, {floats}"),
        );
    }

    #[test]
    fn all_integers_are_floats_whatever_their_number() {
        let fields = |value: &str| {
            let fields: Vec<_> = (0..100).map(|at| format!("\"f{at}\":{value}")).collect();
            format!("{{{}}}", fields.join(","))
        };
        let what = "without white space, with `1.0` for `1`";
        assert_found(&fields("3.0"), &fields("3"), what);
    }

    #[test]
    fn deeply_nested_body_is_not_re_serialised() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        assert_eq!(found(&deep, "[]"), None);
    }
}
