//! The JSON with a pair of keys.

use std::fmt;

use qstash_verify::{SigningKeys, ValueProblem};
use serde::Deserialize;
use zeroize::Zeroizing;

/// A pair of keys from QStash's API.
///
/// [`Debug`](fmt::Debug) prints neither key.
///
/// ```no_run
/// # use qstash_verify_keys::{FetchError, KeyApi};
/// # async fn take_over(api: KeyApi, verifier: qstash_verify::Verifier) -> Result<(), FetchError> {
/// let keys = api.fetch().await?;
/// assert!(keys.current().starts_with("sig_"));
/// verifier.set_keys(None, keys.signing_keys().clone());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FetchedKeys {
    pub(crate) current: Zeroizing<String>,
    pub(crate) next: Zeroizing<String>,
    pub(crate) prepared: SigningKeys,
}

impl fmt::Debug for FetchedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchedKeys").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    current: String,
    next: String,
}

/// Maximum length of a key, in bytes; those of QStash have 32.
const MAX_KEY: usize = 256;

impl FetchedKeys {
    /// Returns the key that signs deliveries now. Secret.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.current
    }

    /// Returns the key that signs deliveries after the next roll. Secret.
    #[must_use]
    pub fn next(&self) -> &str {
        &self.next
    }

    /// Returns both keys, for a verifier.
    #[must_use]
    pub fn signing_keys(&self) -> &SigningKeys {
        &self.prepared
    }

    /// Reads the body of a response. The error says what is wrong with it, and quotes
    /// nothing.
    pub(crate) fn from_json(body: &[u8]) -> Result<Self, &'static str> {
        // serde reads an array as a struct, too. Its errors may quote a key.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        let answer = is_object.then(|| serde_json::from_slice(body));
        let Some(Ok(Answer { current, next })) = answer else {
            return Err("the response is not a JSON object with the texts `current` and `next`");
        };
        let (current, next) = (Zeroizing::new(current), Zeroizing::new(next));
        if current.trim().is_empty() || next.trim().is_empty() {
            return Err("a signing key in the response is empty");
        }
        let is_key = |key: &str| key.len() <= MAX_KEY && key.bytes().all(|b| b.is_ascii_graphic());
        if !is_key(&current) || !is_key(&next) {
            return Err("a signing key in the response is too long, or not of printable ASCII");
        }
        if [&current, &next].iter().any(|key| is_no_key(key)) {
            return Err("a signing key in the response is a placeholder, or no key at all");
        }
        if current == next {
            return Err("the current and the next signing key in the response are the same");
        }
        let Ok(prepared) = SigningKeys::new(&*current, &*next) else {
            return Err("a signing key in the response is empty");
        };
        if prepared.has_published_key() {
            return Err("a signing key in the response is published, so anyone can sign with it");
        }
        Ok(FetchedKeys {
            current,
            next,
            prepared,
        })
    }
}

/// Whether no genuine key looks like it. A prefix or a length may change some day.
fn is_no_key(key: &str) -> bool {
    !matches!(
        ValueProblem::of_signing_key(key),
        None | Some(ValueProblem::KeyPrefix | ValueProblem::CutOff)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pair_of_secret_keys_is_read() {
        let public = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r";
        let long = "x".repeat(MAX_KEY + 1);
        let pair =
            |current: &str, next: &str| format!(r#"{{"current":"{current}","next":"{next}"}}"#);
        for (body, expected) in [
            (pair("sig_a", "sig_b"), ""),
            (pair(&"y".repeat(MAX_KEY), "sig_b"), ""),
            (
                r#"{"next":"sig_b","more":[1],"current":"sig_a"}"#.into(),
                "",
            ),
            (pair("4fXrAz72", "sig_4fX"), ""),
            (pair("null", "sig_b"), "no key"),
            (pair("sig_a", "sig_***"), "no key"),
            (pair("sig_xxxxxxxx", "sig_b"), "no key"),
            (pair("sig_a", "'sig_b'"), "no key"),
            (pair("sig_a", "eyJVc2VySUQiOiJhIn0="), "no key"),
            (pair("", "sig_b"), "empty"),
            (pair("sig_a", " "), "empty"),
            (pair("sig_a", "sig_a"), "the same"),
            (pair("sig_a", public), "published"),
            (pair(public, "sig_b"), "published"),
            (pair(&long, "sig_b"), "too long"),
            (pair("sig_a", &long), "too long"),
            (pair("sig_a", "sig b"), "ASCII"),
            (pair("sig_ä", "sig_b"), "ASCII"),
            (r#"{"current":"sig_a"}"#.into(), "JSON"),
            (r#"{"current":"sig_a","next":7}"#.into(), "JSON"),
            (r#"{"current":"a","current":"b","next":"c"}"#.into(), "JSON"),
            (r#"["sig_a","sig_b"]"#.into(), "JSON"),
            (String::new(), "JSON"),
            ("<html>".into(), "JSON"),
        ] {
            match FetchedKeys::from_json(body.as_bytes()) {
                Ok(_) => assert_eq!(expected, "", "{body}"),
                Err(text) => {
                    assert!(
                        !expected.is_empty() && text.contains(expected),
                        "{body}: {text}"
                    );
                    assert!(!text.contains("sig_"), "{text}");
                }
            }
        }
    }
}
