//! Log events and spans, the same for every adapter.

use std::fmt;

use tracing::{Level, Span};

use crate::delivery::Verified;
use crate::error::VerifyError;
use crate::message::MessageError;
use crate::region::Region;
use crate::reply::NotVerified;
use crate::request::RequestHead;
use crate::text::{Escaped, Shown};

impl VerifyError {
    /// Writes the event of a refusal, at the level that the table at
    /// [`code`](Self::code) gives: code, the region
    /// and message id that the request names, and the reason in words. The adapters
    /// call this; so should a hand-written handler.
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
                    region = head.region.map(Region::as_str),
                    message_id = head
                        .message_id
                        .as_deref()
                        .map(|id| tracing::field::display(Escaped(id))),
                    "delivery refused: {self}"
                )
            };
        }
        match self.level() {
            Level::TRACE => event!(trace),
            Level::DEBUG => event!(debug),
            Level::INFO => event!(info),
            Level::WARN => event!(warn),
            Level::ERROR => event!(error),
        }
    }
}

impl MessageError {
    /// Writes an event at level `warn`: which message, and the line and column of
    /// the error, but nothing of the body. The adapters call this; so should a
    /// hand-written handler.
    pub fn log(&self, head: &RequestHead<'_>) {
        let (line, column) = self.place.unzip();
        tracing::warn!(
            target: "qstash_verify",
            region = head.region.map(Region::as_str),
            message_id = head
                .message_id
                .as_deref()
                .map(|id| tracing::field::display(Escaped(id))),
            line,
            column,
            "message refused: the body of this genuine delivery is not the JSON that its handler \
             expects; the answer, which QStash shows in its console, says what is wrong"
        );
    }
}

impl NotVerified {
    /// Writes an event at level `error`: the path of the request and the remedy.
    /// The adapters call this when they answer with it.
    pub fn log(&self, path: &str) {
        tracing::error!(target: "qstash_verify", path = %Shown(path), "{self}");
    }
}

/// Writes the event of a message whose body the framework's extractor refused,
/// at level `warn`. `remedy` names the framework's own limit. For adapters.
pub fn log_message_not_read(error: &dyn fmt::Display, remedy: &str) {
    tracing::warn!(
        target: "qstash_verify",
        "message refused: {}; if it is too long for the framework's own limit for extractors, \
         {remedy}",
        Shown(&error.to_string())
    );
}

impl Verified {
    /// Creates the span in which the handler of a genuine delivery runs:
    /// `qstash_delivery` at level `info`, with the fields `region` and `key`.
    #[must_use]
    pub fn span(&self) -> Span {
        tracing::info_span!(
            target: "qstash_verify",
            "qstash_delivery",
            region = self.region().map(Region::as_str),
            key = self.key_slot().as_str(),
        )
    }
}
