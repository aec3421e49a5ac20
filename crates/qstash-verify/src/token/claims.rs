//! The claims of a delivery (RFC 7519 §4.1) and their checks. Who signed them
//! is not known here.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use crate::clock::time_at;
use crate::destination::Destinations;
use crate::error::VerifyError;
use crate::token::json;
use crate::token::value::Value;

const ISSUER: &str = "Upstash";

/// The claims of a verified delivery. A date (`NumericDate`, RFC 7519 §2) out of
/// the years 1 to 9999 is given as the nearest date within them.
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
    /// `sub`, and `jti` right behind it: one piece of memory for both.
    texts: String,
    /// Where `jti` begins, if there is one.
    jti: Option<usize>,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
}

impl Claims {
    /// The issuer: always `Upstash`.
    #[must_use]
    pub fn iss(&self) -> &str {
        ISSUER
    }

    /// The URL that the message was published to, path and query included.
    ///
    /// It was compared with this endpoint's URL only if the verifier was built
    /// with one ([`url`](crate::VerifierBuilder::url),
    /// [`base_url`](crate::VerifierBuilder::base_url)). If not, it may be any
    /// URL that the owner of the signing keys published to: whoever runs
    /// another endpoint with the same keys can pass its deliveries on to this
    /// one.
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

    /// The id of this token: `jwt_…`, another one for each delivery attempt.
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

/// What claims are checked against.
pub(crate) struct Checks<'a> {
    /// Seconds since the Unix epoch.
    pub(crate) now: f64,
    /// Seconds.
    pub(crate) tolerance: f64,
    pub(crate) destinations: &'a Destinations,
    pub(crate) path_and_query: &'a str,
}

/// The SHA-256 of the body as the token has it, in base64url; `None` if it has
/// another length.
pub(crate) type SignedHash = Option<[u8; 43]>;

/// Reads the payload of a token whose MAC has held, and checks all but the body.
pub(crate) fn check(
    payload: &[u8],
    checks: &Checks<'_>,
) -> Result<(Claims, SignedHash), VerifyError> {
    // In the order in which QStash writes them.
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
    // QStash leaves the audience empty and means nothing by it: only its type
    // is looked at (RFC 7519 §4.1.3).
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
        // Each of them is UTF-8, so both together are.
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
        // Made only here: dropping an error costs 40 instructions.
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

/// A span of time, at most the longest there is.
fn duration(seconds: f64) -> Duration {
    // A tolerance lets none below zero through.
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

const fn invalid(claim: &'static str, reason: &'static str) -> VerifyError {
    VerifyError::InvalidClaim {
        claim: Cow::Borrowed(claim),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_printed_as_they_were_sent() {
        let claims = Claims {
            texts: "https://example.com/jwt_1".to_owned(),
            jti: Some("https://example.com/".len()),
            exp: 2.0,
            nbf: Some(1.5),
            iat: None,
        };
        assert_eq!(
            format!("{claims:?}"),
            "Claims { sub: \"https://example.com/\", exp: 2.0, nbf: Some(1.5), iat: None, \
             jti: Some(\"jwt_1\") }"
        );
    }

    #[test]
    fn each_getter_returns_its_claim() {
        let at = |seconds| std::time::UNIX_EPOCH + Duration::from_secs(seconds);
        let all = Claims {
            texts: "https://example.com/jwt_1".to_owned(),
            jti: Some("https://example.com/".len()),
            exp: 3.0,
            nbf: Some(1.0),
            iat: Some(2.0),
        };
        assert_eq!(
            (all.iss(), all.sub(), all.jti()),
            ("Upstash", "https://example.com/", Some("jwt_1"))
        );
        assert_eq!(
            (all.exp(), all.nbf(), all.iat()),
            (at(3), Some(at(1)), Some(at(2)))
        );

        let required = Claims {
            jti: None,
            nbf: None,
            iat: None,
            ..all
        };
        assert_eq!(
            (required.sub(), required.jti()),
            ("https://example.com/jwt_1", None)
        );
        assert_eq!(
            (required.exp(), required.nbf(), required.iat()),
            (at(3), None, None)
        );
    }

    #[test]
    fn errors_name_the_distance_from_exp_and_nbf() {
        let refusal = |now, tolerance| {
            let payload = br#"{"body":"","exp":30,"iss":"Upstash","nbf":10,"sub":""}"#;
            let destinations = &Destinations::default();
            let checks = Checks {
                now,
                tolerance,
                destinations,
                path_and_query: "/",
            };
            check(payload, &checks).err()
        };
        let expired = |seconds| {
            Some(VerifyError::Expired {
                ago: Duration::from_secs(seconds),
            })
        };
        let early = |seconds| {
            Some(VerifyError::NotYetValid {
                ahead: Duration::from_secs(seconds),
            })
        };
        for (now, tolerance, expected) in [
            (7.0, 0.0, early(3)),
            (7.0, 2.0, early(3)),
            (7.0, 3.0, None),
            (10.0, 0.0, None),
            (29.0, 0.0, None),
            (30.0, 0.0, expired(0)),
            (34.0, 5.0, None),
            (35.0, 5.0, expired(5)),
        ] {
            assert_eq!(refusal(now, tolerance), expected, "{now} {tolerance}");
        }
    }

    #[test]
    fn duration_is_never_negative_and_never_overflows() {
        for (seconds, expected) in [
            (-1.0, Duration::ZERO),
            (f64::NEG_INFINITY, Duration::ZERO),
            (f64::NAN, Duration::ZERO),
            (0.0, Duration::ZERO),
            (1.5, Duration::from_millis(1500)),
            (1e300, Duration::MAX),
            (f64::INFINITY, Duration::MAX),
        ] {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
    }
}
