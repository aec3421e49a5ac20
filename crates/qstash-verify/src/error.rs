//! Why a delivery is refused.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use tracing::Level;

use crate::config::variables;
use crate::keys::KeySource;
use crate::region::Region;
use crate::text::{Seconds, Shown};

/// The value of the `WWW-Authenticate` header that a 401 must carry (RFC 9110
/// §11.6.1). QStash's way of signing has no registered scheme; this one names
/// the header that the signature belongs in.
pub const CHALLENGE: &str = "Upstash-Signature";

/// Why a delivery is refused.
///
/// Each reason has a stable [`code`](Self::code), an HTTP
/// [`status`](Self::status), and an answer's [`headers`](Self::headers) and
/// [`body`](Self::body), so that every framework's adapter gives the same answer. The [`Display`](fmt::Display)
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
    /// A claim is of the wrong type, or stands in the token more than once.
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

/// The one table of refusals: variant, status, code, log level, text.
macro_rules! refusals {
    ($(
        $pattern:pat => $status:literal $code:literal $level:ident, $text:expr;
    )+) => {
        impl VerifyError {
            /// Returns the reason as a stable word for machines, such as `expired`.
            ///
            /// | code | [status](Self::status) | log level |
            /// |---|---|---|
            $(#[doc = concat!("| `", $code, "` | ", stringify!($status), " | `", stringify!($level), "` |")])+
            #[must_use]
            pub const fn code(&self) -> &'static str {
                #[allow(unused_variables, reason = "bound for the text")]
                match self { $($pattern => $code),+ }
            }

            /// Returns the status code of the answer (RFC 9110 §15); the table is at
            /// [`code`](Self::code).
            #[must_use]
            pub const fn status(&self) -> u16 {
                #[allow(unused_variables, reason = "bound for the text")]
                match self { $($pattern => $status),+ }
            }

            /// The level at which [`log`](Self::log) writes the refusal.
            pub(crate) const fn level(&self) -> Level {
                #[allow(unused_variables, reason = "bound for the text")]
                match self { $($pattern => Level::$level),+ }
            }

            /// Returns the body of the answer, JSON: `{"error":"<code>"}`.
            #[must_use]
            pub const fn body(&self) -> &'static str {
                #[allow(unused_variables, reason = "bound for the text")]
                match self {
                    $($pattern => concat!("{\"error\":\"", $code, "\"}")),+
                }
            }
        }

        impl fmt::Display for VerifyError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                /// Lets the compiler infer the type of `f` in the texts.
                fn write(
                    f: &mut fmt::Formatter<'_>,
                    text: impl FnOnce(&mut fmt::Formatter<'_>) -> fmt::Result,
                ) -> fmt::Result {
                    text(f)
                }
                match self { $($pattern => write(f, $text)),+ }
            }
        }
    };
}

refusals! {
    // Any scanner sends these.
    Self::MissingSignature => 401 "missing_signature" DEBUG, |f| f.write_str(
        "the request has no upstash-signature header: it does not come from QStash, \
         or a proxy drops the header",
    );
    Self::MalformedToken { reason } => 401 "malformed_token" INFO, |f| write!(
        f,
        "the upstash-signature header is not a token of QStash: {reason}"
    );
    Self::UnsupportedAlgorithm => 401 "unsupported_algorithm" INFO, |f| f.write_str(
        "the token's header asks for something other than HS256: QStash signs with \
         nothing else",
    );
    Self::BadSignature { source, region } => 401 "bad_signature" WARN,
        |f| bad_signature(f, *source, *region);
    Self::MissingClaim { claim } => 401 "missing_claim" WARN, |f| write!(
        f,
        "the token has no claim `{claim}`, which every delivery of QStash has"
    );
    // A repeated name may be any text.
    Self::InvalidClaim { claim, reason } => 401 "invalid_claim" WARN, |f| write!(
        f,
        "the token's claim `{}` {reason}", Shown(claim)
    );
    Self::WrongIssuer => 401 "wrong_issuer" WARN, |f| f.write_str(
        "the token's claim `iss` is not `Upstash`: QStash did not issue it",
    );
    Self::Expired { ago } => 401 "expired" WARN, |f| write!(
        f,
        "the delivery expired {} s ago (claim `exp`): it was held up on its way or \
         replayed, or this machine's clock is fast",
        Seconds(*ago)
    );
    Self::NotYetValid { ahead } => 401 "not_yet_valid" WARN, |f| write!(
        f,
        "the delivery is not valid for another {} s (claim `nbf`): this machine's clock \
         is slow",
        Seconds(*ahead)
    );
    Self::UrlMismatch { sub, expected } => 401 "url_mismatch" WARN,
        |f| url_mismatch(f, sub, expected);
    Self::BodyMismatch { received } => 401 "body_mismatch" WARN, |f| write!(
        f,
        "the {received} bytes of body are not those that were signed (claim `body`): \
         something before the verifier changes the body, such as decompression or a \
         JSON parser that writes it anew"
    );
    // The service is set up wrongly, whoever sent the request.
    Self::NoSigningKeys { region } => 401 "no_signing_keys" ERROR,
        |f| no_signing_keys(f, *region);
    Self::BodyTooLarge { limit } => 413 "body_too_large" WARN, |f| write!(
        f,
        "the body is longer than the limit of {limit} bytes: raise the verifier's \
         `body_limit` if such deliveries are expected"
    );
    Self::BodyUnreadable { reason } => 400 "body_unreadable" WARN, |f| write!(
        f,
        "the body ended early or could not be read ({}): the sender or a proxy gave up, \
         or a limit outside the verifier was hit",
        Shown(reason)
    );
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

fn bad_signature(
    f: &mut fmt::Formatter<'_>,
    source: KeySource,
    region: Option<Region>,
) -> fmt::Result {
    f.write_str("neither the current nor the next signing key made this signature; tried ")?;
    match (source, region) {
        (KeySource::Explicit, _) => f.write_str(
            "the keys given in code: compare them with the QStash console of the region that sent it",
        ),
        (KeySource::ExplicitRegion, region) => write!(
            f,
            "the keys given in code for {}: compare them with that region's QStash console",
            region.map_or("its region", Region::as_str)
        ),
        (KeySource::Region, region) => {
            let [current, next] = variables::signing_keys(region);
            write!(f, "{current} and {next}: compare them with that region's QStash console")
        }
        (KeySource::Default, Some(region)) => {
            let [current, next] = variables::signing_keys(None);
            write!(
                f,
                "{current} and {next} for a delivery that says it is of {region}: compare them \
                 with the QStash console, and to receive from both regions set QSTASH_REGION and \
                 each region's keys"
            )
        }
        (KeySource::Default, None) => {
            let [current, next] = variables::signing_keys(None);
            write!(
                f,
                "{current} and {next} for a delivery without a known upstash-region header: \
                 compare them with the QStash console"
            )
        }
    }
}

fn url_mismatch(f: &mut fmt::Formatter<'_>, sub: &str, expected: &[String]) -> fmt::Result {
    write!(
        f,
        "the delivery was meant for `{}` (claim `sub`), and this endpoint is ",
        Shown(sub)
    )?;
    for (count, url) in expected.iter().enumerate() {
        let or = if count == 0 { "" } else { " or " };
        write!(f, "{or}`{}`", Shown(url))?;
    }
    f.write_str(": ")?;
    let sub = sub.trim_end_matches('/');
    if expected.iter().any(|url| url.trim_end_matches('/') == sub) {
        f.write_str(
            "they differ in the `/` at the end, which the publisher added or left out, or \
             something before the verifier, such as a `NormalizePath`",
        )
    } else {
        f.write_str("set the verifier's URL to the one that is published to")
    }
}

fn no_signing_keys(f: &mut fmt::Formatter<'_>, region: Option<Region>) -> fmt::Result {
    let [current, next] = variables::signing_keys(None);
    if let Some(region) = region {
        let [regional_current, regional_next] = variables::signing_keys(Some(region));
        write!(
            f,
            "a request that says it is of {region} came, and there are no keys for that: set \
             {regional_current} and {regional_next}, or {current} and {next}"
        )
    } else {
        write!(
            f,
            "a request without a known upstash-region header came, and there are no default \
             keys for it: set {current} and {next}"
        )
    }
}

impl std::error::Error for VerifyError {}

#[cfg(test)]
pub(crate) mod tests {
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
            VerifyError::NoSigningKeys { region },
            VerifyError::BodyTooLarge { limit: 1 },
            VerifyError::BodyUnreadable {
                reason: String::new(),
            },
        ]
        .into_iter()
    }

    #[test]
    fn a_refusal_says_by_how_much_and_of_what() {
        let text = |error: VerifyError| error.to_string();
        assert!(
            text(VerifyError::Expired {
                ago: Duration::from_secs(252)
            })
            .contains("expired 252 s ago")
        );
        assert!(
            text(VerifyError::Expired {
                ago: Duration::from_millis(250)
            })
            .contains("0.250 s")
        );
        assert!(
            text(VerifyError::NotYetValid {
                ahead: Duration::from_secs(9)
            })
            .contains("another 9 s")
        );
        let eu = Some(Region::EuCentral1);
        assert!(
            text(VerifyError::BadSignature {
                source: KeySource::Region,
                region: eu
            })
            .contains("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY")
        );
        let none = text(VerifyError::NoSigningKeys { region: eu });
        for variable in variables::signing_keys(eu)
            .into_iter()
            .chain(variables::signing_keys(None))
        {
            assert!(none.contains(variable), "{none}");
        }
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

    #[test]
    fn a_slash_too_many_is_called_so() {
        let text = |sub: &str| {
            let (sub, expected) = (sub.to_owned(), vec!["https://a.b/c".to_owned()]);
            VerifyError::UrlMismatch { sub, expected }.to_string()
        };
        assert!(text("https://a.b/c/").contains("differ in the `/` at the end"));
        assert!(
            text("https://a.b/d")
                .ends_with("set the verifier's URL to the one that is published to")
        );
    }

    #[test]
    fn a_refusal_stays_in_its_line() {
        let claim = Cow::Borrowed("a\nERROR forged");
        let text = VerifyError::InvalidClaim { claim, reason: "x" }.to_string();
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
