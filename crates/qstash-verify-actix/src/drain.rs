//! Bounded draining of an unread request body.
//!
//! After an early response actix-web reads on and discards the request's body: a
//! chunked one whose payload was dropped without any bound, any other until
//! `client_disconnect_timeout`, at whatever speed the client sends. It starts when
//! the response's body has ended. So the response keeps the payload, and its body
//! ends only with the payload's, or with an error, which closes the connection.

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
use http_body::{Body, Frame};

/// Maximum number of bytes to drain. Clients that don't read the response before
/// they have sent everything get it, if that is less.
const DRAIN_LIMIT: usize = 1024 * 1024;
/// Time until which a client must end its body or disconnect.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// Number of chunks that are taken before other tasks get their turn.
const CHUNKS_PER_POLL: usize = 64;

/// The body of a request, drained with a bound if it isn't read to EOF.
pub(crate) struct RequestBody {
    payload: Payload,
    ended: bool,
    /// Number of bytes that may still be drained; `None` once over the limit.
    left: Option<usize>,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Whether a task of its own drains it when it is dropped before EOF.
    drain_on_drop: bool,
}

impl RequestBody {
    /// Takes the payload out of a request.
    pub(crate) fn take(request: &mut ServiceRequest) -> Self {
        let payload = request.take_payload();
        RequestBody {
            ended: matches!(payload, Payload::None),
            // A test request has no peer, and may have no runtime to spawn on.
            drain_on_drop: matches!(payload, Payload::H1 { .. })
                && (request.peer_addr().is_some() || System::try_current().is_some()),
            payload,
            left: Some(DRAIN_LIMIT),
            deadline: None,
        }
    }

    /// Returns whether it was read to EOF, or to an error.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        let next = ready!(Pin::new(&mut self.payload).poll_next(cx));
        // EOF, disconnect, or malformed framing.
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

    /// Discards the rest, up to the limit.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..CHUNKS_PER_POLL {
            // Back-pressure over the limit: a payload that isn't polled isn't filled,
            // so the client waits, long enough to read its response.
            let Some(left) = self.left.filter(|_| !self.ended) else {
                break;
            };
            if let Some(Ok(chunk)) = ready!(self.poll_next(cx)) {
                // At 0, one more poll: it may be EOF.
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

    /// Discards the rest until EOF or the deadline.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StillOpen>> {
        if self.poll_discard(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(sleep(DRAIN_TIME)));
        deadline.as_mut().poll(cx).map(|()| {
            // The connection is about to be closed, so `drop` has nothing to drain.
            self.ended = true;
            Err(StillOpen)
        })
    }

    /// Drains the rest behind the body of a response, which ends no sooner.
    pub(crate) fn drain_behind(self, response: HttpResponse) -> HttpResponse {
        // HTTP/2 has flow control for each stream, so an unread body blocks nothing.
        let blocks = matches!(self.payload, Payload::H1 { .. } | Payload::Stream { .. });
        // actix-web doesn't poll an empty body, and clients wait for the end of one of
        // unknown length.
        let has_length = match response.body().size() {
            BodySize::Sized(length) => length > 0,
            BodySize::None | BodySize::Stream => false,
        };
        let bodiless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
        if self.ended || !blocks || !has_length || bodiless.contains(&response.status()) {
            return response;
        }
        response.map_body(|_, body| {
            BoxBody::new(DrainingBody {
                size: body.size(),
                response: Some(body),
                request: self,
            })
        })
    }
}

/// Lets the core read the body.
impl Body for RequestBody {
    type Data = Bytes;
    type Error = PayloadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, PayloadError>>> {
        self.poll_next(cx)
            .map(|next| next.map(|chunk| chunk.map(Frame::data)))
    }
}

/// A timeout outside, or middleware that replaces the response, drops the body
/// before EOF: actix-web must not read it without bound. While the payload of
/// HTTP/1 exists, actix-web closes the connection after its response.
impl Drop for RequestBody {
    fn drop(&mut self) {
        if self.drain_on_drop && !self.ended && !std::thread::panicking() {
            let mut body = RequestBody {
                payload: self.payload.take(),
                ended: false,
                left: self.left,
                deadline: None,
                // A server that shuts down drops the task; no second one is spawned.
                drain_on_drop: false,
            };
            spawn(async move { poll_fn(|cx| body.poll_drain(cx)).await });
        }
    }
}

/// The body of a response, and then the rest of the request's, drained.
struct DrainingBody {
    /// `None` after EOF.
    response: Option<BoxBody>,
    size: BodySize,
    request: RequestBody,
}

impl MessageBody for DrainingBody {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Box<dyn Error>>>> {
        if let Some(response) = &mut self.response {
            let chunk = ready!(Pin::new(response).poll_next(cx));
            if chunk.is_some() {
                return Poll::Ready(chunk);
            }
            self.response = None;
        }
        // Only an error makes actix-web close the connection at once.
        let end = ready!(self.request.poll_drain(cx));
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
