//! Limits on the token, which are checked before any work is done on it.

/// The longest token that is read, in bytes; genuine ones have about 450.
pub(super) const MAX_TOKEN_LENGTH: usize = 8 * 1024;

/// The longest JOSE header, in bytes of base64url. A header other than the usual
/// one costs more than a MAC, and anyone can send it.
pub(super) const MAX_HEADER_LENGTH: usize = 1024;
