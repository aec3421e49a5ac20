//! What becomes of a body that nobody wants.
//!
//! After an answer to a request whose body is not read to its end, actix-web
//! goes on to read and discard it: that in chunks without any bound, that of a
//! declared length for as long as `client_disconnect_timeout` says, at whatever
//! speed the client sends. It does so once the body of the answer has ended. So
//! here the answer holds on to the payload, and its own body ends only when the
//! payload has; or not at all, if the client goes on for too long.

use std::error::Error;
use std::fmt;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::rt::time::{Sleep, sleep};
use bytes::Bytes;
use futures_core::Stream as _;

/// How much of an unwanted body is discarded, in bytes, so that clients which
/// read no answer before they have sent everything get theirs.
const DISCARDED: usize = 1024 * 1024;
/// How long a client may take to end its body, or to leave.
const PATIENCE: Duration = Duration::from_secs(1);

/// The body of an answer, and the request's own, which is still on its way.
pub(crate) struct Unread {
    /// `None` when it has ended.
    answer: Option<BoxBody>,
    size: BodySize,
    payload: Payload,
    left: usize,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Unread {
    /// The answer's body, with what may be left of the request's behind it.
    pub(crate) fn behind(answer: BoxBody, payload: Payload) -> BoxBody {
        // Only HTTP/1 has one behind the other; in HTTP/2 a stream is reset.
        if !matches!(payload, Payload::H1 { .. }) {
            return answer;
        }
        let size = match answer.size() {
            // An answer that is known to be empty ends before it is polled.
            BodySize::None | BodySize::Sized(0) => BodySize::Stream,
            size => size,
        };
        BoxBody::new(Unread {
            answer: Some(answer),
            size,
            payload,
            left: DISCARDED,
            deadline: None,
        })
    }

    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), GoesOn>> {
        while self.left > 0 {
            match Pin::new(&mut self.payload).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => self.left = self.left.saturating_sub(chunk.len()),
                // It came to its end, or its client left.
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Ok(())),
                Poll::Pending => break,
            }
        }
        // A payload that isn't polled is not filled, so the client has to wait:
        // long enough to read its answer.
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        deadline.as_mut().poll(cx).map(|()| Err(GoesOn))
    }
}

impl MessageBody for Unread {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Box<dyn Error>>>> {
        if let Some(answer) = &mut self.answer {
            let chunk = ready!(Pin::new(answer).poll_next(cx));
            if chunk.is_some() {
                return Poll::Ready(chunk);
            }
            self.answer = None;
        }
        // An error is the one way to have the connection closed at once.
        self.poll_discard(cx)
            .map(|end| end.err().map(|error| Err(error.into())))
    }
}

/// Why the connection is closed; actix-web logs its `Debug` form.
struct GoesOn;

impl fmt::Display for GoesOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client of a refused request went on with its body, so it was cut off")
    }
}

impl fmt::Debug for GoesOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for GoesOn {}
