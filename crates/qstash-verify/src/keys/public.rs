//! Keys that everybody knows, with which anyone can sign.

/// The public keys of the development server, current and next.
pub(crate) const DEVELOPMENT_KEYS: [&str; 2] = [
    "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
];
