//! Published keys, with which anyone can sign.

/// The current and the next key of the development server's first user, which
/// `QSTASH_DEV` stands for in the official SDKs.
pub(crate) const DEVELOPMENT_KEYS: [&str; 2] = [
    "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
];

/// The current and the next key of the module `testing`.
pub(crate) const TESTING_KEYS: [&str; 2] = [
    "sig_testCurrentKeyKnownToEveryone",
    "sig_testNextKeyKnownToEveryone",
];

/// The keys of the development server's other users (QStash documentation, "Local
/// Development").
const OTHER_DEVELOPMENT_KEYS: [&str; 6] = [
    "sig_7GVPjvuwsfqF65iC8fSrs1dfYruM",
    "sig_5NoELc3EFnZn4DVS5bDs2Nk4b7Ua",
    "sig_6jWGaWRxHsw4vMSPJprXadyvrybF",
    "sig_7qHbvhmahe5GwfePDiS5Lg3pi6Qx",
    "sig_5T8FcSsynBjn9mMLBsXhpacRovJf",
    "sig_7GFR4YaDshFcqsxWRZpRB161jguD",
];

/// Every published key.
pub(crate) fn published_keys() -> impl Iterator<Item = &'static str> {
    let all = [
        &DEVELOPMENT_KEYS[..],
        &TESTING_KEYS,
        &OTHER_DEVELOPMENT_KEYS,
    ];
    all.into_iter().flatten().copied()
}

/// Whether the text has a published key in it: what is around it, such as quotes,
/// is as easily guessed.
pub(crate) fn is_published(text: &str) -> bool {
    published_keys().any(|known| text.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_a_whole_published_key_is_published() {
        for key in published_keys() {
            for (text, expected) in [
                (key.to_owned(), true),
                (format!(" \"{key}\"\n"), true),
                (format!("'{key}'"), true),
                (format!("“{key}”"), true),
                (format!("`\u{feff}{key} ` "), true),
                (format!("{key}\u{200b}"), true),
                (format!("Bearer {key}"), true),
                (format!("{key}\u{0}"), true),
                (key.to_lowercase(), false),
                (key.trim_start_matches("sig_").to_owned(), false),
            ] {
                assert_eq!(is_published(&text), expected, "{text}");
            }
        }
        for key in ["", "sig_", "\""] {
            assert!(!is_published(key), "{key}");
        }
    }
}
