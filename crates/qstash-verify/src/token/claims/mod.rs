//! The claims of a delivery (RFC 7519 §4.1) and their checks.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use crate::clock::time_at;
use crate::destination::Destinations;
use crate::error::VerifyError;
use crate::token::json;
use crate::token::value::Value;

const ISSUER: &str = "Upstash";

/// The claims of a verified delivery.
///
/// A date (`NumericDate`, RFC 7519 §2) outside the years 1 to 9999 is clamped to them.
///
/// ```
/// # fn handler(verified: &qstash_verify::Verified) {
/// let claims = verified.claims();
/// println!("{:?} was sent to {}", claims.jti(), claims.sub());
/// # }
/// ```
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Default))]
pub struct Claims {
    /// `sub` followed by `jti`, to save an allocation.
    texts: String,
    /// The offset of `jti` in `texts`, if there is one.
    jti: Option<usize>,
    pub(crate) exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
}

impl Claims {
    /// Returns the issuer: always `Upstash`.
    #[must_use]
    pub fn iss(&self) -> &str {
        ISSUER
    }

    /// Returns the URL that the message was published to, with path and query.
    ///
    /// It was compared with this endpoint's URL only if the verifier was built
    /// with one ([`url`](crate::VerifierBuilder::url),
    /// [`base_url`](crate::VerifierBuilder::base_url)). Otherwise it may be any URL that
    /// the owner of the signing keys published to: the operator of another endpoint with
    /// the same keys can forward its deliveries to this one.
    #[must_use]
    pub fn sub(&self) -> &str {
        let end = self.jti.unwrap_or(self.texts.len());
        self.texts.get(..end).unwrap_or_default()
    }

    /// Returns when the delivery expires.
    #[must_use]
    pub fn exp(&self) -> SystemTime {
        time_at(self.exp)
    }

    /// Returns when the delivery becomes valid.
    ///
    /// QStash's lies in the past: since September 2024 it is 0 according to the
    /// changelog, and the start of the year 1 in a capture of 2026. In captures of
    /// 2022 to July 2024 it equals `iat`.
    #[must_use]
    pub fn nbf(&self) -> Option<SystemTime> {
        self.nbf.map(time_at)
    }

    /// Returns when the delivery was signed.
    #[must_use]
    pub fn iat(&self) -> Option<SystemTime> {
        self.iat.map(time_at)
    }

    /// Returns the id of the token, `jwt_…`, unique to each delivery attempt.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.texts.get(self.jti?..)
    }
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claims")
            .field("sub", &self.sub())
            .field("exp", &self.exp)
            .field("nbf", &self.nbf)
            .field("iat", &self.iat)
            .field("jti", &self.jti())
            .finish()
    }
}

/// The values that claims are checked against.
pub(crate) struct Checks<'a> {
    /// Seconds since the Unix epoch.
    pub(crate) now: f64,
    /// Seconds.
    pub(crate) tolerance: f64,
    pub(crate) destinations: &'a Destinations,
    pub(crate) path_and_query: &'a str,
}

/// The SHA-256 in the claim `body`, in base64url; `None` if its length is wrong.
pub(crate) type SignedHash = Option<[u8; 43]>;

/// Parses the payload of a token whose MAC is verified, and checks its claims.
///
/// The hash of the body is returned unchecked.
pub(crate) fn check(
    payload: &[u8],
    checks: &Checks<'_>,
) -> Result<(Claims, SignedHash), VerifyError> {
    // QStash's own order, which is fast to parse.
    const NAMES: [&str; 8] = [
        r#""aud":"#,
        r#""body":"#,
        r#""exp":"#,
        r#""iat":"#,
        r#""iss":"#,
        r#""jti":"#,
        r#""nbf":"#,
        r#""sub":"#,
    ];
    const NOT_AN_OBJECT: VerifyError = VerifyError::MalformedToken {
        reason: "its payload is not a JSON object",
    };
    let Some(claims) = json::object(payload, &NAMES) else {
        return Err(NOT_AN_OBJECT);
    };
    if let Some(claim) = claims.repeated {
        return Err(VerifyError::InvalidClaim {
            claim,
            reason: "appears more than once",
        });
    }
    let [aud, body, exp, iat, iss, jti, nbf, sub] = claims.members;
    let iss = text("iss", required("iss", iss)?)?;
    let sub = text("sub", required("sub", sub)?)?;
    let exp = date("exp", required("exp", exp)?)?;
    let body = text("body", required("body", body)?)?;
    let nbf = nbf.map(|value| date("nbf", value)).transpose()?;
    let iat = iat.map(|value| date("iat", value)).transpose()?;
    let jti = jti.map(|value| text("jti", value)).transpose()?;
    // QStash leaves `aud` empty, so only its type is checked (RFC 7519 §4.1.3).
    if aud.is_some_and(|value| !value.is_string_or_strings()) {
        return Err(invalid("aud", "is neither a string nor a list of strings"));
    }

    if *iss != *ISSUER.as_bytes() {
        return Err(VerifyError::WrongIssuer);
    }
    if checks.now >= exp + checks.tolerance {
        return Err(VerifyError::Expired {
            ago: duration(checks.now - exp),
        });
    }
    if let Some(nbf) = nbf
        && nbf > checks.now + checks.tolerance
    {
        return Err(VerifyError::NotYetValid {
            ahead: duration(nbf - checks.now),
        });
    }
    let texts = [&*sub, jti.as_deref().unwrap_or_default()].concat();
    let claims = Claims {
        // Never fails: the concatenation of two UTF-8 texts is UTF-8.
        texts: String::from_utf8(texts).map_err(|_| NOT_AN_OBJECT)?,
        jti: jti.map(|_| sub.len()),
        exp,
        nbf,
        iat,
    };
    let (sub, path_and_query) = (claims.sub(), checks.path_and_query);
    if !checks.destinations.include(sub, path_and_query) {
        return Err(VerifyError::UrlMismatch {
            sub: sub.to_owned(),
            expected: checks.destinations.urls(path_and_query),
        });
    }

    // The SDKs strip any number of `=` before they compare.
    let mut hash = &*body;
    while let [rest @ .., b'='] = hash {
        hash = rest;
    }
    Ok((claims, hash.try_into().ok()))
}

fn required<'a>(claim: &'static str, value: Option<Value<'a>>) -> Result<Value<'a>, VerifyError> {
    match value {
        Some(value) => Ok(value),
        // Not `ok_or`, which would create and drop an error for each claim.
        None => Err(VerifyError::MissingClaim { claim }),
    }
}

fn text<'a>(claim: &'static str, value: Value<'a>) -> Result<Cow<'a, [u8]>, VerifyError> {
    value
        .string()
        .ok_or_else(|| invalid(claim, "is not a string"))
}

fn date(claim: &'static str, value: Value<'_>) -> Result<f64, VerifyError> {
    value
        .number()
        .ok_or_else(|| invalid(claim, "is not a finite number"))
}

/// Returns seconds as a duration, clamped to its range.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

const fn invalid(claim: &'static str, reason: &'static str) -> VerifyError {
    VerifyError::InvalidClaim {
        claim: Cow::Borrowed(claim),
        reason,
    }
}

#[cfg(test)]
mod tests;
