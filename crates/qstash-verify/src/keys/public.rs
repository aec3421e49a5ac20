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
