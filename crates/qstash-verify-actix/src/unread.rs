//! What becomes of a body that nobody reads to its end.
//!
//! After an early answer actix-web goes on to read and discard the body of the
//! request: one in chunks whose payload was dropped without any bound, any other
//! for as long as `client_disconnect_timeout` says, at whatever speed the client
//! sends. It begins when the body of the answer has ended. So here the answer
//! holds on to the payload, and its own body ends only when the payload has; or
//! not at all, if the client goes on for too long.

use std::error::Error;
use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::rt::time::{Sleep, sleep};
use actix_web::rt::{System, spawn};
use actix_web::{HttpMessage as _, HttpResponse};
use bytes::Bytes;
use futures_core::Stream as _;

/// How much of an unwanted body is discarded, in bytes, so that clients which
/// read no answer before they have sent everything get theirs.
const DISCARDED: usize = 1024 * 1024;
/// How long a client may take to end its body, or to leave.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many chunks are taken before others get their turn.
pub(crate) const CHUNKS_AT_ONCE: usize = 64;

/// The body of a request, which is not to be let go before its end.
pub(crate) struct Unread {
    payload: Payload,
    ended: bool,
    /// How many bytes may still be discarded; `None` when that was too few.
    left: Option<usize>,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Whether to hold it when it is let go.
    hold: bool,
}

impl Unread {
    /// The body of this request.
    pub(crate) fn of(request: &mut ServiceRequest) -> Self {
        let payload = request.take_payload();
        Unread {
            ended: matches!(payload, Payload::None),
            // A request that was made up in a test has nobody on the other side,
            // and there may be nobody here to hold it either.
            hold: matches!(payload, Payload::H1 { .. })
                && (request.peer_addr().is_some() || System::try_current().is_some()),
            payload,
            left: Some(DISCARDED),
            deadline: None,
        }
    }

    /// Whether all of it was read.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The next chunk of it.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, PayloadError>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        let next = ready!(Pin::new(&mut self.payload).poll_next(cx));
        // It came to its end, or its client left, or it makes no sense.
        self.ended = !matches!(next, Some(Ok(_)));
        Poll::Ready(next)
    }

    /// Discards what has arrived, without waiting for more.
    pub(crate) async fn discard_arrived(&mut self) {
        poll_fn(|cx| {
            let _ended = self.poll_discard(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// Discards the rest, as far as there is patience for it.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..CHUNKS_AT_ONCE {
            // A payload that isn't polled is not filled, so its client has to
            // wait: long enough to read its answer.
            let Some(left) = self.left.filter(|_| !self.ended) else {
                break;
            };
            if let Some(Ok(chunk)) = ready!(self.poll_next(cx)) {
                // What comes after the last byte may be the end.
                self.left = match left {
                    0 => None,
                    left => Some(left.saturating_sub(chunk.len())),
                };
            }
        }
        if self.ended {
            return Poll::Ready(());
        }
        if self.left.is_some() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Discards the rest until its end, or until patience is.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StillOpen>> {
        if self.poll_discard(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        deadline.as_mut().poll(cx).map(|()| {
            // From here on there is nothing to be held.
            self.ended = true;
            Err(StillOpen)
        })
    }

    /// Puts what is left behind an answer, which ends no sooner.
    pub(crate) fn behind(self, response: HttpResponse) -> HttpResponse {
        // HTTP/2 has a window for each request's body.
        let in_the_way = matches!(self.payload, Payload::H1 { .. } | Payload::Stream { .. });
        // Behind an empty answer there is no place, and one of unknown length is
        // not whole without its end.
        let has_place = match response.body().size() {
            BodySize::Sized(length) => length > 0,
            BodySize::None | BodySize::Stream => false,
        };
        let bodiless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
        if self.ended || !in_the_way || !has_place || bodiless.contains(&response.status()) {
            return response;
        }
        response.map_body(|_, answer| {
            BoxBody::new(Answer {
                size: answer.size(),
                answer: Some(answer),
                unread: self,
            })
        })
    }
}

/// Whoever lets it go early, such as a timeout outside or middleware that
/// replaces the answer, must not have it read without bound: as long as the
/// payload of HTTP/1 is there, actix-web closes the connection after its answer.
impl Drop for Unread {
    fn drop(&mut self) {
        if self.hold && !self.ended && !std::thread::panicking() {
            let mut held = Unread {
                payload: self.payload.take(),
                ended: false,
                left: self.left,
                deadline: None,
                // A server that is shutting down drops it at once.
                hold: false,
            };
            spawn(async move { poll_fn(|cx| held.poll_end(cx)).await });
        }
    }
}

/// The body of an answer, and the request's own, which is still on its way.
struct Answer {
    /// `None` when it has ended.
    answer: Option<BoxBody>,
    size: BodySize,
    unread: Unread,
}

impl MessageBody for Answer {
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
        let end = ready!(self.unread.poll_end(cx));
        Poll::Ready(end.err().map(|error| Err(error.into())))
    }
}

/// Why the connection is closed; actix-web logs its `Debug` form.
struct StillOpen;

impl fmt::Display for StillOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the client of a refused request did not end its body in time, so it was cut off",
        )
    }
}

impl fmt::Debug for StillOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for StillOpen {}
