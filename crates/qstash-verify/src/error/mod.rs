//! The reasons for refusing a delivery.

mod refusal_table;

use std::borrow::Cow;
use std::time::Duration;

use crate::keys::KeySource;
use crate::region::Region;

/// The value of the `WWW-Authenticate` header of a 401.
///
/// A 401 must have one (RFC 9110 §11.6.1). QStash's signatures have no registered
/// scheme; this one names the header that carries the signature.
pub const CHALLENGE: &str = "Upstash-Signature";

/// The reason for refusing a delivery.
///
/// Each reason has a stable [`code`](Self::code), an HTTP
/// [`status`](Self::status), and the [`headers`](Self::headers) and
/// [`body`](Self::body) of a response, so that every adapter answers alike. The
/// [`Display`](std::fmt::Display) form names the cause and the remedy; it is meant
/// for logs, and it contains no key and no token.
///
/// The code may be shown to the sender of the request: claims are checked only after
/// the MAC is verified, so a sender without a key learns nothing about them.
///
/// ```
/// use qstash_verify::{RequestHead, SigningKeys, Verifier, VerifyError};
///
/// let verifier = Verifier::new(SigningKeys::new("sig_current", "sig_next")?);
/// let head = RequestHead::new([("content-type", "text/plain")], "/webhook");
/// let refused = verifier.verify(&head, b"hello").unwrap_err();
///
/// assert_eq!(refused, VerifyError::MissingSignature);
/// assert_eq!(refused.status(), 401);
/// assert_eq!(refused.body(), r#"{"error":"missing_signature"}"#);
/// # Ok::<_, qstash_verify::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyError {
    /// The request has no `upstash-signature` header.
    MissingSignature,
    /// The `upstash-signature` header is not a compact JWS (RFC 7515 §7.1).
    ///
    /// Also if there is more than one such header.
    #[non_exhaustive]
    MalformedToken {
        /// The defect, in words.
        reason: &'static str,
    },
    /// The token's header names an algorithm other than HS256.
    ///
    /// Or an extension that must be understood (`crit`, RFC 7515 §4.1.11).
    UnsupportedAlgorithm,
    /// The MAC was made with neither the current nor the next signing key.
    #[non_exhaustive]
    BadSignature {
        /// The source of the two keys that were tried.
        source: KeySource,
        /// The region that the request's `upstash-region` header names.
        region: Option<Region>,
    },
    /// A required claim is absent.
    #[non_exhaustive]
    MissingClaim {
        /// The claim's name.
        claim: &'static str,
    },
    /// A claim is of the wrong type, or appears more than once.
    #[non_exhaustive]
    InvalidClaim {
        /// The claim's name.
        claim: Cow<'static, str>,
        /// The defect, in words.
        reason: &'static str,
    },
    /// `iss` is not `Upstash`.
    WrongIssuer,
    /// The clock has reached `exp` plus the tolerance (RFC 7519 §4.1.4).
    #[non_exhaustive]
    Expired {
        /// The time since `exp`; the tolerance is not counted.
        ago: Duration,
    },
    /// The clock has not reached `nbf` minus the tolerance (RFC 7519 §4.1.5).
    #[non_exhaustive]
    NotYetValid {
        /// The time until `nbf`; the tolerance is not counted.
        ahead: Duration,
    },
    /// `sub` is not the URL of this endpoint.
    #[non_exhaustive]
    UrlMismatch {
        /// The URL that the delivery was sent to.
        sub: String,
        /// The URLs of this endpoint that the verifier was built with.
        expected: Vec<String>,
    },
    /// The hash of the body is not the one in the token.
    #[non_exhaustive]
    BodyMismatch {
        /// The length of the received body, in bytes.
        received: u64,
    },
    /// There are no keys for the region of this delivery, and no default pair.
    #[non_exhaustive]
    NoSigningKeys {
        /// The region that the request's `upstash-region` header names.
        region: Option<Region>,
        /// Whether [`log`](Self::log) writes it at `info` instead of `error`.
        ///
        /// Anyone can send such requests, so a verifier logs only one in 60 s for each
        /// region at `error`.
        repeated: bool,
    },
    /// The body is longer than the limit.
    #[non_exhaustive]
    BodyTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The body ended early or could not be read.
    ///
    /// Created by [`VerifyError::body_unreadable`].
    #[non_exhaustive]
    BodyUnreadable {
        /// The error of the code that read the body.
        reason: String,
    },
    /// The token was accepted before, and the replay store remembers it.
    Replayed,
    /// The token was signed before the replay store's memory began.
    ///
    /// Expected for deliveries that are on their way when a service starts with a new
    /// store. QStash's retry is signed anew, and is accepted.
    SignedBeforeReplayStore,
    /// The replay store can't tell whether the token was accepted before.
    #[non_exhaustive]
    ReplayStoreUnavailable {
        /// The error of the store.
        reason: String,
    },
}

impl VerifyError {
    /// Creates a [`BodyUnreadable`](Self::BodyUnreadable) from an I/O error.
    ///
    /// For code that reads a body itself. The reason is the text of `error` and of its
    /// sources.
    ///
    /// ```
    /// use qstash_verify::VerifyError;
    ///
    /// let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    /// let refused = VerifyError::body_unreadable(&reset);
    /// assert_eq!(refused.status(), 400);
    /// ```
    #[must_use]
    pub fn body_unreadable(error: &(dyn std::error::Error + 'static)) -> Self {
        let reason = text_of(error);
        VerifyError::BodyUnreadable { reason }
    }

    /// Creates a [`ReplayStoreUnavailable`](Self::ReplayStoreUnavailable).
    pub(crate) fn replay_store_unavailable(error: &(dyn std::error::Error + 'static)) -> Self {
        let reason = text_of(error);
        VerifyError::ReplayStoreUnavailable { reason }
    }
}

/// Returns the text of an error and of its sources.
fn text_of(error: &(dyn std::error::Error + 'static)) -> String {
    // The cause is often in a source: hyper's own text only names the operation.
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |error| error.source()) {
        let cause = cause.to_string();
        // Some errors repeat the text of their source.
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

impl std::error::Error for VerifyError {}

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt;

    use super::*;

    /// One refusal of each variant.
    #[cfg(feature = "http")]
    pub(crate) fn one_of_each() -> impl Iterator<Item = VerifyError> {
        let region = Some(Region::UsEast1);
        let ago = Duration::from_secs(1);
        [
            VerifyError::MissingSignature,
            VerifyError::MalformedToken { reason: "x" },
            VerifyError::UnsupportedAlgorithm,
            VerifyError::BadSignature {
                source: KeySource::Region,
                region,
            },
            VerifyError::MissingClaim { claim: "exp" },
            VerifyError::InvalidClaim {
                claim: Cow::Borrowed("exp"),
                reason: "x",
            },
            VerifyError::WrongIssuer,
            VerifyError::Expired { ago },
            VerifyError::NotYetValid { ahead: ago },
            VerifyError::UrlMismatch {
                sub: String::new(),
                expected: Vec::new(),
            },
            VerifyError::BodyMismatch { received: 1 },
            VerifyError::NoSigningKeys {
                region,
                repeated: false,
            },
            VerifyError::BodyTooLarge { limit: 1 },
            VerifyError::BodyUnreadable {
                reason: String::new(),
            },
            VerifyError::Replayed,
            VerifyError::SignedBeforeReplayStore,
            VerifyError::ReplayStoreUnavailable {
                reason: String::new(),
            },
        ]
        .into_iter()
    }

    #[test]
    fn body_unreadable_lists_each_source_once() {
        #[derive(Debug)]
        struct Layer(&'static str, Option<Box<Layer>>);
        impl fmt::Display for Layer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
        impl std::error::Error for Layer {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                self.1.as_deref().map(|cause| cause as _)
            }
        }
        let reset = Layer("reset", None);
        let read = Layer("can't read: reset", Some(Box::new(reset)));
        let hyper = Layer("reading a body", Some(Box::new(read)));
        assert_eq!(
            VerifyError::body_unreadable(&hyper),
            VerifyError::BodyUnreadable {
                reason: "reading a body: can't read: reset".to_owned()
            }
        );
    }
}
