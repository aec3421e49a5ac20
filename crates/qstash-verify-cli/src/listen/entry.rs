//! The record of a request, as text or JSON.

use std::fmt;
use std::time::SystemTime;

use http::StatusCode;
use qstash_verify::{MessageMetadata, Region, Verified, VerifyError};
use serde_json::{Value, json};

use crate::output::{ASIDE, BAD, GOOD, JsonBody, Line, ODD, Short, count, styled};
use crate::time;

/// A request and its outcome.
pub(crate) struct Entry<'a> {
    /// The time of arrival.
    pub(crate) at: SystemTime,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The region in the header.
    pub(crate) region: Option<Region>,
    pub(crate) metadata: &'a MessageMetadata,
    /// `Content-Length`.
    pub(crate) declared: Option<usize>,
    pub(crate) refused: Option<&'a VerifyError>,
    pub(crate) accepted: Option<(&'a Verified, &'a [u8])>,
    /// The error of forwarding.
    pub(crate) forward_error: Option<&'a str>,
    pub(crate) status: StatusCode,
}

impl Entry<'_> {
    /// Returns the record as JSON, with the beginning of the body on request.
    pub(super) fn json(&self, show_body: bool) -> Value {
        let (verified, body) = self.accepted.unzip();
        let shown = body.filter(|_| show_body).map(JsonBody::beginning);
        let is_cut = shown.as_ref().map(|shown| shown.is_cut);
        let shown = shown.unwrap_or_default();
        json!({
            "event": "request",
            "time": time::milliseconds(self.at),
            "ok": self.refused.is_none() && self.forward_error.is_none(),
            "status": self.status.as_u16(),
            "method": self.method,
            "path": self.path,
            "region": self.region.map(Region::as_str),
            "key": verified.map(|verified| verified.key_slot().as_str()),
            "source": verified.map(|verified| verified.key_source().as_str()),
            "message_id": self.metadata.message_id(),
            "retried": self.metadata.retried(),
            "bytes": body.map(<[u8]>::len).or(self.declared),
            "error": self.refused.map(VerifyError::code),
            "message": self.refused.map(ToString::to_string),
            "forward_error": self.forward_error,
            "body": shown.text,
            "body_base64": shown.base64,
            "body_is_cut": is_cut,
        })
    }

    /// Describes the message by its headers, which are not signed.
    fn message(&self) -> Vec<String> {
        let id = self.metadata.message_id();
        let retried = self.metadata.retried();
        let id = id.map(|id| Short(id).to_string());
        id.into_iter()
            .chain(retried.map(|retried| format!("retried {retried}")))
            .collect()
    }
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", time::seconds(self.at))?;
        match (self.refused, self.forward_error) {
            (Some(_), _) => write!(f, "{}", styled(BAD, "refused "))?,
            (None, Some(_)) => write!(f, "{}", styled(ODD, "accepted"))?,
            (None, None) => write!(f, "{}", styled(GOOD, "accepted"))?,
        }
        write!(
            f,
            " {} {} {}",
            self.status.as_u16(),
            Short(self.method),
            Short(self.path)
        )?;
        if let Some(reason) = self.refused {
            let text = reason.to_string();
            write!(f, " {}: {}", styled(BAD, reason.code()), Line(&text))?;
        }
        let mut facts = Vec::new();
        match self.region {
            Some(region) => facts.push(format!("region {region}")),
            None if self.accepted.is_some() => facts.push("no region".to_owned()),
            None => {}
        }
        if let Some((verified, body)) = self.accepted {
            facts.push(format!(
                "{} key ({})",
                verified.key_slot(),
                verified.key_source()
            ));
            facts.extend(self.message());
            facts.push(count(body.len(), "byte"));
        } else {
            facts.extend(self.message());
            facts.extend(
                self.declared
                    .map(|length| format!("{} declared", count(length, "byte"))),
            );
        }
        if !facts.is_empty() {
            write!(
                f,
                " {}",
                styled(ASIDE, format_args!("[{}]", facts.join(", ")))
            )?;
        }
        match self.forward_error {
            Some(reason) => write!(f, " not forwarded: {}", Line(reason)),
            None => Ok(()),
        }
    }
}
