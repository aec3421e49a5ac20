//! Keys that everybody knows, with which anyone can sign.

/// The public keys of the development server, current and next.
pub(crate) const DEVELOPMENT_KEYS: [&str; 2] = [
    "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
];

/// Whether anyone can sign with this key. A release build refuses to read one from
/// the environment.
pub(crate) fn is_public(key: &str) -> bool {
    DEVELOPMENT_KEYS.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_development_keys_are_public() {
        let [current, next] = DEVELOPMENT_KEYS;
        for (key, expected) in [
            (current, true),
            (next, true),
            ("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6", false),
            ("sig_", false),
            ("", false),
        ] {
            assert_eq!(is_public(key), expected, "{key}");
        }
    }
}
