//! Publicly known keys, with which anyone can sign.

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

/// Every publicly known key.
pub(crate) fn public_keys() -> impl Iterator<Item = &'static str> {
    let all = [
        &DEVELOPMENT_KEYS[..],
        &TESTING_KEYS,
        &OTHER_DEVELOPMENT_KEYS,
    ];
    all.into_iter().flatten().copied()
}

/// Quotation marks that end up around a value by mistake.
pub(crate) const QUOTES: [char; 7] = ['"', '\'', '`', '“', '”', '‘', '’'];

/// Whether the key is publicly known, with or without quotes or invisible characters
/// around it.
pub(crate) fn is_public(key: &str) -> bool {
    let is_around = |c: char| QUOTES.contains(&c) || c.is_whitespace() || !c.is_ascii();
    let key = key.trim_matches(is_around);
    public_keys().any(|known| known == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_keys_are_public() {
        for key in public_keys() {
            for (text, expected) in [
                (key.to_owned(), true),
                (format!(" \"{key}\"\n"), true),
                (format!("'{key}'"), true),
                (format!("“{key}”"), true),
                (format!("`\u{feff}{key} ` "), true),
                (format!("{key}\u{200b}"), true),
                (format!("{key}a"), false),
                (key.to_lowercase(), false),
                (key.trim_start_matches("sig_").to_owned(), false),
            ] {
                assert_eq!(is_public(&text), expected, "{text}");
            }
        }
        for key in ["", "sig_", "\""] {
            assert!(!is_public(key), "{key}");
        }
    }
}
