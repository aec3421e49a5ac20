//! Log events and spans, shared by all adapters.

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
    /// Writes the event of a refusal.
    ///
    /// Its fields are `code`, the `path` of the request without its query, and the `region`
    /// and `message_id` of its headers; its message is the reason in words. The table at [`code`](Self::code) lists the
    /// levels. The adapters call this; a hand-written handler should too.
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
                    path = head.path().map(tracing::field::display),
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
    /// Writes the event of a body that can't be parsed, at level `warn`.
    ///
    /// Its message names the kind of the error, such as `missing field`. Its fields are
    /// `path`, `region`, `message_id`, and the `line` and `column` of the error. It
    /// contains nothing of the body. The adapters call this; a hand-written handler should
    /// too.
    pub fn log(&self, head: &RequestHead<'_>) {
        let (line, column) = self.place.unzip();
        tracing::warn!(
            target: "qstash_verify",
            path = head.path().map(tracing::field::display),
            region = head.region.map(Region::as_str),
            message_id = head
                .message_id
                .as_deref()
                .map(|id| tracing::field::display(Escaped(id))),
            line,
            column,
            "message not parsed: the body of this genuine delivery is not the JSON that its \
             handler expects ({}); compare what was published with the handler's type",
            self.kind
        );
    }
}

impl<'a> RequestHead<'a> {
    /// Returns the path for logs. The query is left out, since it may contain secrets.
    fn path(&self) -> Option<Shown<'a>> {
        let path = self.path_and_query.split('?').next();
        path.filter(|path| !path.is_empty()).map(Shown)
    }
}

impl NotVerified {
    /// Writes the event of a missing middleware, at level `error`.
    ///
    /// Its field is the `path` of the request. The adapters call this when they send
    /// the reply.
    pub fn log(&self, path: &str) {
        tracing::error!(target: "qstash_verify", path = %Shown(path), "{self}");
    }
}

/// Writes the event of a body that the framework's extractor refused.
///
/// At level `warn`. `remedy` names the framework's own limit. For adapters.
pub fn log_message_not_read(error: &dyn fmt::Display, remedy: &str) {
    tracing::warn!(
        target: "qstash_verify",
        "message refused: {}; if it is too long for the framework's own limit for extractors, \
         {remedy}",
        Shown(&error.to_string())
    );
}

impl Verified {
    /// Creates the span in which the handler of a genuine delivery runs.
    ///
    /// It is `qstash_delivery` at level `info`, with the fields `region` and `key`.
    #[must_use]
    pub fn span(&self) -> Span {
        let span = tracing::info_span!(
            target: "qstash_verify",
            "qstash_delivery",
            region = self.region().map(Region::as_str),
            key = self.key_slot().as_str(),
        );
        // With the feature `log` of tracing, a disabled span would check at each entry
        // whether to write it to the `log` crate.
        if span.is_disabled() {
            Span::none()
        } else {
            span
        }
    }
}
