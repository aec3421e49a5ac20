//! The reference verifier, written from the documentation: slow and simple.
//!
//! It shares only SHA-256 and Rust's parsing of decimal numbers with the core.

pub mod base64url;
pub mod environment;
pub mod json;
pub mod mac;
pub mod url;

use std::collections::BTreeSet;

use environment::{Keys, region};
use url::Destination;

/// The settings of a verifier.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The keys.
    pub keys: Keys,
    /// The URL of the endpoint.
    pub destination: Option<Destination>,
    /// The time of its clock, in seconds since the Unix epoch.
    pub now: f64,
    /// The tolerance, in seconds.
    pub tolerance: f64,
    /// The longest body, in bytes.
    pub limit: u64,
}

/// The head of a request.
#[derive(Clone, Debug)]
pub struct Head {
    /// Names and values, in order.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The path and query.
    pub target: String,
}

impl Head {
    /// Returns the values of all headers of this name.
    fn all<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = self
            .headers
            .iter()
            .filter(|(name, _)| name.to_ascii_lowercase() == wanted.as_bytes());
        named.map(|(_, value)| &value[..])
    }

    fn texts<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = &'a str> {
        self.all(wanted)
            .filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// Returns the metadata in the headers.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        let kept = |name: &'static str| {
            let values = self.texts(name).map(str::to_owned);
            values.filter(move |value| name.len() + value.len() <= 4096)
        };
        let first = |name| kept(name).next();
        Metadata {
            message_id: first("upstash-message-id"),
            retried: self
                .all("upstash-retried")
                .find_map(|value| number(value.trim_ascii())),
            schedule_id: first("upstash-schedule-id"),
            url_group: first("upstash-topic-name"),
            caller_ip: first("upstash-caller-ip"),
            labels: kept("upstash-label").take(32).collect(),
            workflow_run_id: first("upstash-workflow-runid"),
            flow_control_key: first("upstash-flow-control-key"),
            other_headers: self.other_headers(),
        }
    }

    /// Returns names, in lower case, and values.
    fn other_headers(&self) -> Vec<(String, String)> {
        const KNOWN: [&str; 10] = [
            "upstash-signature",
            "upstash-region",
            "upstash-message-id",
            "upstash-retried",
            "upstash-schedule-id",
            "upstash-topic-name",
            "upstash-caller-ip",
            "upstash-label",
            "upstash-workflow-runid",
            "upstash-flow-control-key",
        ];
        let texts = self.headers.iter().filter_map(|(name, value)| {
            let name = String::from_utf8(name.to_ascii_lowercase()).ok()?;
            Some((name, String::from_utf8(value.clone()).ok()?))
        });
        let kept = texts.filter(|(name, value)| {
            let is_other = name.starts_with("upstash-") && !KNOWN.contains(&name.as_str());
            is_other && name.len() + value.len() <= 4096
        });
        kept.take(32).collect()
    }

    /// Returns the greatest declared length of the body.
    fn declared(&self) -> u64 {
        let lengths = self.all("content-length");
        lengths.filter_map(number).max().unwrap_or(0)
    }

    fn region(&self) -> Option<&'static str> {
        region(self.all("upstash-region").next()?)
    }
}

/// Parses a number of only digits.
fn number<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(value).ok()?;
    let is_sign = |c| matches!(c, '+' | '-');
    if text.contains(is_sign) {
        return None;
    }
    text.parse().ok()
}

/// The content of `MessageMetadata`.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "as in `MessageMetadata`")]
pub struct Metadata {
    pub message_id: Option<String>,
    pub retried: Option<u32>,
    pub schedule_id: Option<String>,
    pub url_group: Option<String>,
    pub caller_ip: Option<String>,
    pub labels: Vec<String>,
    pub workflow_run_id: Option<String>,
    pub flow_control_key: Option<String>,
    /// Names, in lower case, and values, in order.
    pub other_headers: Vec<(String, String)>,
}

/// A delivery whose token is genuine.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "as in `Verified` and `Claims`")]
pub struct Genuine {
    pub region: Option<&'static str>,
    pub slot: &'static str,
    pub source: &'static str,
    pub sub: String,
    pub exp: f64,
    pub nbf: Option<f64>,
    pub iat: Option<f64>,
    pub jti: Option<String>,
    /// The claim `body`, base64url without padding.
    pub hash: String,
}

/// The code of a refusal.
pub type Code = &'static str;

impl Setup {
    /// Verifies the head of a request.
    ///
    /// # Errors
    /// The code of the refusal.
    pub fn verify_head(&self, head: &Head) -> Result<Genuine, Code> {
        let signatures: Vec<_> = head.all("upstash-signature").collect();
        let token = match signatures[..] {
            [] => return Err("missing_signature"),
            [token] => token,
            _ => return Err("malformed_token"),
        };
        let region = head.region();
        if token.len() > 8192 {
            return Err("malformed_token");
        }
        let parts: Vec<_> = token.split(|byte| *byte == b'.').collect();
        let [header, payload, signature] = parts[..] else {
            return Err("malformed_token");
        };
        if header.len() > 1024 {
            return Err("malformed_token");
        }
        let decoded = [header, payload, signature].map(base64url::decode);
        let [Some(jose), Some(claims), Some(mac)] = decoded else {
            return Err("malformed_token");
        };
        check_jose(&jose)?;
        let (pair, source) = self.keys.for_region(region).ok_or("no_signing_keys")?;

        let signed = [header, b".", payload].concat();
        let is_mac_of = |key: &String| mac::hmac(key.as_bytes(), &signed)[..] == mac[..];
        let slot = if is_mac_of(&pair[0]) {
            "current"
        } else if is_mac_of(&pair[1]) {
            "next"
        } else {
            return Err("bad_signature");
        };
        let genuine = self.verify_claims(&claims, &head.target)?;
        if head.declared() > self.limit {
            return Err("body_too_large");
        }
        Ok(Genuine {
            region,
            slot,
            source,
            ..genuine
        })
    }

    fn verify_claims(&self, payload: &[u8], target: &str) -> Result<Genuine, Code> {
        let members = json::members(payload).ok_or("malformed_token")?;
        if !names_are_unique(&members) {
            return Err("invalid_claim");
        }
        let claim = |wanted: &str| {
            let found = members.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value)
        };
        // The first claim in this order that is absent or has the wrong type counts.
        let required = |name| claim(name).ok_or("missing_claim");
        let text = |value: &json::Value| value.text().map(str::to_owned).ok_or("invalid_claim");
        let date = |value: &json::Value| value.number().ok_or("invalid_claim");
        let iss = text(required("iss")?)?;
        let sub = text(required("sub")?)?;
        let exp = date(required("exp")?)?;
        let body = text(required("body")?)?;
        let nbf = claim("nbf").map(date).transpose()?;
        let iat = claim("iat").map(date).transpose()?;
        let jti = claim("jti").map(text).transpose()?;
        if let Some(aud) = claim("aud")
            && aud.text().is_none()
            && !aud.is_list_of_strings()
        {
            return Err("invalid_claim");
        }

        if iss != "Upstash" {
            return Err("wrong_issuer");
        }
        // RFC 7519 §4.1.4: "on or after which the JWT MUST NOT be accepted".
        if self.now >= exp + self.tolerance {
            return Err("expired");
        }
        if nbf.is_some_and(|nbf| nbf > self.now + self.tolerance) {
            return Err("not_yet_valid");
        }
        if let Some(destination) = &self.destination
            && !destination.is_met(&sub, target)
        {
            return Err("url_mismatch");
        }
        Ok(Genuine {
            region: None,
            slot: "",
            source: "",
            sub,
            exp,
            nbf,
            iat,
            jti,
            hash: body.trim_end_matches('=').to_owned(),
        })
    }

    /// Verifies the body of a delivery whose head is genuine.
    ///
    /// # Errors
    /// The code of the refusal.
    pub fn verify_body(&self, genuine: &Genuine, body: &[u8]) -> Result<(), Code> {
        if body.len() as u64 > self.limit {
            return Err("body_too_large");
        }
        if base64url::encode(&mac::sha256(body)) != genuine.hash {
            return Err("body_mismatch");
        }
        Ok(())
    }
}

/// Checks a JOSE header: unique names (RFC 7515 §4), HS256, no `crit`.
fn check_jose(json: &[u8]) -> Result<(), Code> {
    let members = json::members(json).ok_or("malformed_token")?;
    if !names_are_unique(&members) {
        return Err("malformed_token");
    }
    let member = |wanted: &str| members.iter().find(|(name, _)| name == wanted);
    let alg = member("alg").and_then(|(_, value)| value.text());
    if alg != Some("HS256") || member("crit").is_some() {
        return Err("unsupported_algorithm");
    }
    Ok(())
}

fn names_are_unique(members: &[(String, json::Value)]) -> bool {
    let names: BTreeSet<_> = members.iter().map(|(name, _)| name).collect();
    names.len() == members.len()
}
