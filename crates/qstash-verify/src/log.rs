//! What every adapter writes with `tracing`, so that they all write the same.

use std::fmt;

use tracing::Span;

use crate::delivery::Verified;
use crate::error::VerifyError;
use crate::message::MessageError;
use crate::request::RequestHead;

impl VerifyError {
    /// Writes the one event of a refusal: its code, the region and message id
    /// that the request names, and the reason in words.
    ///
    /// The level is `debug` for a request without a signature, which any
    /// scanner sends; `info` for what is no token of QStash; `error` if the
    /// service has no keys to verify with; `warn` for everything else. The
    /// adapters call this; a hand-written handler may.
    ///
    /// ```
    /// use qstash_verify::{RequestHead, Verified, Verifier, VerifyError};
    ///
    /// fn check(verifier: &Verifier, head: &RequestHead, body: &[u8]) -> Result<Verified, VerifyError> {
    ///     verifier.verify(head, body).inspect_err(|refused| refused.log(head))
    /// }
    /// ```
    pub fn log(&self, head: &RequestHead<'_>) {
        macro_rules! event {
            ($level:ident) => {
                tracing::$level!(
                    target: "qstash_verify",
                    code = self.code(),
                    region = head.region.map(crate::Region::as_str),
                    message_id = head
                        .message_id
                        .map(|id| tracing::field::display(Escaped(id))),
                    "delivery refused: {self}"
                )
            };
        }
        match self {
            VerifyError::MissingSignature => event!(debug),
            VerifyError::MalformedToken { .. } | VerifyError::UnsupportedAlgorithm => event!(info),
            VerifyError::NoSigningKeys { .. } => event!(error),
            _ => event!(warn),
        }
    }
}

impl MessageError {
    /// Writes the one event of it, at `warn`: of which message it is, and where
    /// its body is wrong; nothing that the body holds. The adapters call this; a
    /// hand-written handler may.
    pub fn log(&self, head: &RequestHead<'_>) {
        let (line, column) = self.place.unzip();
        tracing::warn!(
            target: "qstash_verify",
            region = head.region.map(crate::Region::as_str),
            message_id = head
                .message_id
                .map(|id| tracing::field::display(Escaped(id))),
            line,
            column,
            "message refused: the body of this genuine delivery is not the JSON that its handler \
             expects; the answer, which QStash shows in its console, says what is wrong"
        );
    }
}

impl Verified {
    /// The span in which an adapter runs the handler of a genuine delivery:
    /// `qstash_delivery` at level `info`, with the fields `region` and `key`.
    #[must_use]
    pub fn span(&self) -> Span {
        tracing::info_span!(
            target: "qstash_verify",
            "qstash_delivery",
            region = self.region().map(crate::Region::as_str),
            key = self.key().as_str(),
        )
    }
}

/// Bytes that a stranger sent, made fit for a line of log.
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 128;
        let shown = self.0.get(..SHOWN).unwrap_or(self.0);
        write!(f, "{}", shown.escape_ascii())?;
        if shown.len() < self.0.len() {
            f.write_str("…")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_sent_stays_short_and_in_its_line() {
        assert_eq!(Escaped(b"msg_1\n\xff\"").to_string(), r#"msg_1\n\xff\""#);
        assert_eq!(Escaped(&[b'a'; 128]).to_string(), "a".repeat(128));
        assert_eq!(Escaped(&[b'a'; 129]).to_string(), "a".repeat(128) + "…");
    }
}
