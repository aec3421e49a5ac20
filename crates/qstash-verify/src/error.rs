//! Why a delivery is refused.

use std::borrow::Cow;
use std::fmt;

use crate::CHALLENGE;
use crate::config::variables;
use crate::keys::KeySource;
use crate::region::Region;

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
#[derive(Clone, Debug, PartialEq)]
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
        /// How long ago `exp` was, in seconds; the tolerance not counted.
        seconds: f64,
    },
    /// `nbf` lies further ahead than the tolerance allows (RFC 7519 §4.1.5).
    #[non_exhaustive]
    NotYetValid {
        /// How far ahead `nbf` is, in seconds; the tolerance not counted.
        seconds: f64,
    },
    /// `sub` is not the URL of this endpoint.
    #[non_exhaustive]
    UrlMismatch {
        /// The URL that the delivery was meant for.
        sub: String,
        /// The URL that it came to, as far as the verifier knows.
        expected: String,
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

macro_rules! answers {
    ($($variant:ident => $status:literal $code:literal),+ $(,)?) => {
        impl VerifyError {
            /// The reason as a stable word for machines, such as `expired`.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self { $(VerifyError::$variant { .. } => $code),+ }
            }

            /// The status code that answers such a request (RFC 9110 §15):
            /// 401, 413 or 400.
            #[must_use]
            pub const fn status(&self) -> u16 {
                match self { $(VerifyError::$variant { .. } => $status),+ }
            }

            /// The body of the answer, JSON: `{"error":"<code>"}`.
            #[must_use]
            pub const fn body(&self) -> &'static str {
                match self {
                    $(VerifyError::$variant { .. } => concat!("{\"error\":\"", $code, "\"}")),+
                }
            }
        }
    };
}

answers! {
    MissingSignature => 401 "missing_signature",
    MalformedToken => 401 "malformed_token",
    UnsupportedAlgorithm => 401 "unsupported_algorithm",
    BadSignature => 401 "bad_signature",
    MissingClaim => 401 "missing_claim",
    InvalidClaim => 401 "invalid_claim",
    WrongIssuer => 401 "wrong_issuer",
    Expired => 401 "expired",
    NotYetValid => 401 "not_yet_valid",
    UrlMismatch => 401 "url_mismatch",
    BodyMismatch => 401 "body_mismatch",
    NoSigningKeys => 401 "no_signing_keys",
    BodyTooLarge => 413 "body_too_large",
    BodyUnreadable => 400 "body_unreadable",
}

impl VerifyError {
    /// The headers of the answer, names in lower case: the type of its
    /// [`body`](Self::body), and with a 401 the `WWW-Authenticate` that it must
    /// carry (RFC 9110 §11.6.1), with [`CHALLENGE`].
    #[must_use]
    pub const fn headers(&self) -> &'static [(&'static str, &'static str)] {
        match self.status() {
            401 => &[
                ("content-type", "application/json"),
                ("www-authenticate", CHALLENGE),
            ],
            _ => &[("content-type", "application/json")],
        }
    }

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

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerifyError::MissingSignature => f.write_str(
                "the request has no upstash-signature header: it does not come from QStash, \
                 or a proxy drops the header",
            ),
            VerifyError::MalformedToken { reason } => {
                write!(
                    f,
                    "the upstash-signature header is not a token of QStash: {reason}"
                )
            }
            VerifyError::UnsupportedAlgorithm => f.write_str(
                "the token's header asks for something other than HS256: QStash signs with \
                 nothing else",
            ),
            VerifyError::BadSignature { source, region } => bad_signature(f, *source, *region),
            VerifyError::MissingClaim { claim } => {
                write!(
                    f,
                    "the token has no claim `{claim}`, which every delivery of QStash has"
                )
            }
            VerifyError::InvalidClaim { claim, reason } => {
                // A repeated name may be any text.
                write!(f, "the token's claim `{}` {reason}", Shown(claim))
            }
            VerifyError::WrongIssuer => {
                f.write_str("the token's claim `iss` is not `Upstash`: QStash did not issue it")
            }
            VerifyError::Expired { seconds } => write!(
                f,
                "the delivery expired {} s ago (claim `exp`): it was held up on its way or \
                 replayed, or this machine's clock is fast",
                Seconds(*seconds)
            ),
            VerifyError::NotYetValid { seconds } => write!(
                f,
                "the delivery is not valid for another {} s (claim `nbf`): this machine's clock \
                 is slow",
                Seconds(*seconds)
            ),
            VerifyError::UrlMismatch { sub, expected } => url_mismatch(f, sub, expected),
            VerifyError::BodyMismatch { received } => write!(
                f,
                "the {received} bytes of body are not those that were signed (claim `body`): \
                 something before the verifier changes the body, such as decompression or a \
                 JSON parser that writes it anew"
            ),
            VerifyError::NoSigningKeys { region } => no_signing_keys(f, *region),
            VerifyError::BodyTooLarge { limit } => write!(
                f,
                "the body is longer than the limit of {limit} bytes: raise the verifier's \
                 `body_limit` if such deliveries are expected"
            ),
            VerifyError::BodyUnreadable { reason } => write!(
                f,
                "the body ended early or could not be read ({}): the sender or a proxy gave up, \
                 or a limit outside the verifier was hit",
                Shown(reason)
            ),
        }
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

fn url_mismatch(f: &mut fmt::Formatter<'_>, sub: &str, expected: &str) -> fmt::Result {
    write!(
        f,
        "the delivery was meant for `{}` (claim `sub`), and this endpoint is `{}`: ",
        Shown(sub),
        Shown(expected)
    )?;
    if sub.trim_end_matches('/') == expected.trim_end_matches('/') {
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

/// The beginning of a text that may hold anything, fit for a line of log.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.chars();
        for c in rest.by_ref().take(300) {
            write!(f, "{}", c.escape_debug())?;
        }
        if rest.next().is_some() {
            f.write_str("…")
        } else {
            Ok(())
        }
    }
}

/// A span of time for people: whole seconds where it is whole, else to the
/// millisecond.
struct Seconds(f64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Seconds(seconds) = *self;
        if seconds >= 1e15 {
            write!(f, "{seconds:e}")
        } else if seconds.fract() == 0.0 {
            write!(f, "{seconds:.0}")
        } else {
            write!(f, "{seconds:.3}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_by_how_much_and_of_what() {
        let text = |error: VerifyError| error.to_string();
        assert!(text(VerifyError::Expired { seconds: 252.0 }).contains("expired 252 s ago"));
        assert!(text(VerifyError::Expired { seconds: 0.25 }).contains("0.250 s"));
        assert!(text(VerifyError::NotYetValid { seconds: 1e300 }).contains("1e300 s"));
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
    fn only_a_401_has_a_challenge() {
        let json = ("content-type", "application/json");
        let challenge = ("www-authenticate", CHALLENGE);
        assert_eq!(VerifyError::MissingSignature.headers(), [json, challenge]);
        assert_eq!(VerifyError::BodyTooLarge { limit: 1 }.headers(), [json]);
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
            let (sub, expected) = (sub.to_owned(), "https://a.b/c".to_owned());
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
