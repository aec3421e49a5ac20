//! Limits on the token, checked before any other work on it.

/// The longest token accepted, in bytes; genuine ones have about 450.
pub(super) const MAX_TOKEN_LENGTH: usize = 8 * 1024;

/// The longest JOSE header accepted, in bytes of base64url.
///
/// Parsing a header costs more than a MAC, and anyone can send one.
pub(super) const MAX_HEADER_LENGTH: usize = 1024;
