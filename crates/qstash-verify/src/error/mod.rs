//! Why a delivery is refused.

mod refusal_table;

use std::borrow::Cow;
use std::time::Duration;

use crate::keys::KeySource;
use crate::region::Region;

/// The value of the `WWW-Authenticate` header that a 401 must carry (RFC 9110
/// §11.6.1). QStash's way of signing has no registered scheme; this one names
/// the header that the signature belongs in.
pub const CHALLENGE: &str = "Upstash-Signature";

/// Why a delivery is refused.
///
/// Each reason has a stable [`code`](Self::code), an HTTP
/// [`status`](Self::status), and an answer's [`headers`](Self::headers) and
/// [`body`](Self::body), so that every framework's adapter gives the same answer. The [`Display`](std::fmt::Display)
/// form names the thing and the remedy; it is meant for logs, and it holds no
/// key and no token.
///
/// The code may be shown to whoever sent the request: claims are looked at
/// only after the MAC has held, so one without a key learns nothing of them.
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
    /// What the `upstash-signature` header holds is no compact JWS
    /// (RFC 7515 §7.1), or there is more than one such header.
    #[non_exhaustive]
    MalformedToken {
        /// What is wrong with it, in words.
        reason: &'static str,
    },
    /// The token's header names another algorithm than HS256, or an extension
    /// that must be understood (`crit`, RFC 7515 §4.1.11).
    UnsupportedAlgorithm,
    /// Neither the current nor the next signing key made this MAC.
    #[non_exhaustive]
    BadSignature {
        /// Where the two keys that were tried come from.
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
        /// What is wrong with it, in words.
        reason: &'static str,
    },
    /// `iss` is not `Upstash`.
    WrongIssuer,
    /// The clock has reached `exp` and the tolerance is used up (RFC 7519
    /// §4.1.4).
    #[non_exhaustive]
    Expired {
        /// The time since `exp`; the tolerance is not counted.
        ago: Duration,
    },
    /// `nbf` lies further ahead than the tolerance allows (RFC 7519 §4.1.5).
    #[non_exhaustive]
    NotYetValid {
        /// The time until `nbf`; the tolerance is not counted.
        ahead: Duration,
    },
    /// `sub` is not the URL of this endpoint.
    #[non_exhaustive]
    UrlMismatch {
        /// The URL that the delivery was meant for.
        sub: String,
        /// The URLs of this endpoint, as far as the verifier knows.
        expected: Vec<String>,
    },
    /// The body is not the one that was signed.
    #[non_exhaustive]
    BodyMismatch {
        /// How many bytes of body were received.
        received: u64,
    },
    /// There are no keys for the region of this delivery, and no default pair.
    #[non_exhaustive]
    NoSigningKeys {
        /// The region that the request's `upstash-region` header names.
        region: Option<Region>,
        /// Whether it is logged at `info`. Anyone can send such requests, so for each
        /// region this verifier logs one of them in 60 s at `error`.
        repeated: bool,
    },
    /// The body is longer than the limit.
    #[non_exhaustive]
    BodyTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The body ended early or could not be read; made by
    /// [`VerifyError::body_unreadable`].
    #[non_exhaustive]
    BodyUnreadable {
        /// What the code that read the body says.
        reason: String,
    },
}

impl VerifyError {
    /// The reason for the code that reads a body, which the core doesn't: it
    /// ended early or could not be read.
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
        // The cause is often in a source: hyper's own text says only that it
        // was reading.
        let mut reason = error.to_string();
        for cause in std::iter::successors(error.source(), |error| error.source()) {
            let cause = cause.to_string();
            // Some say what their source says.
            if !reason.ends_with(&cause) {
                reason = format!("{reason}: {cause}");
            }
        }
        VerifyError::BodyUnreadable { reason }
    }
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
        ]
        .into_iter()
    }

    #[test]
    fn the_causes_of_an_unreadable_body_are_told_once() {
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
