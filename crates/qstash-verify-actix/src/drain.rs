//! Bounded draining of an unread request body.
//!
//! After an early response's body has ended, actix-web discards the rest of the
//! request's body: without bound if it is chunked and its payload was dropped,
//! otherwise until `client_disconnect_timeout`, at any speed. Therefore the response
//! body owns the payload and ends with an error, which closes the connection.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::rt::task::yield_now;
use actix_web::rt::time::{Sleep, sleep};
use actix_web::rt::{System, spawn};
use bytes::Bytes;
use futures_core::Stream as _;
use http_body::{Body, Frame};

use crate::cut_off::CutOff;

/// Maximum number of bytes to drain. Clients that read the response only after
/// sending the whole body receive it up to this size.
const DRAIN_LIMIT: usize = 1024 * 1024;
/// Maximum number of chunks to drain. actix-web bounds its queue by payload bytes, but
/// a queued chunk of one byte uses 32: one read can queue 1 MiB.
const CHUNK_LIMIT: usize = 1024;
/// Deadline for EOF or disconnect.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// Time that a response waits for EOF, which keeps the connection open: longer than
/// Nagle's algorithm delays a body written after its head.
const END_TIME: Duration = Duration::from_millis(100);
/// Enough bytes to trigger actix-web's back-pressure.
static FILLER: [u8; 32 * 1024] = [0; 32 * 1024];

/// The body of a request, drained with a bound if it isn't read to EOF.
pub(crate) struct RequestBody {
    payload: Payload,
    state: State,
    /// Number of bytes drained.
    bytes: usize,
    /// Number of chunks drained.
    chunks: usize,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Whether the request has a peer, unlike a test request.
    has_connection: bool,
    /// Whether dropping it before EOF spawns a task that drains it.
    drain_on_drop: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Over the limit of bytes, with chunks in the queue.
    OverBytes,
    /// Over the limit of bytes, under back-pressure.
    Paused,
    /// Over the limit of chunks.
    OverChunks,
    /// At EOF or malformed framing.
    Ended,
    /// Disconnected, or freed because the connection is about to be closed.
    Gone,
}

impl RequestBody {
    /// Takes the payload out of a request.
    pub(crate) fn take(request: &mut ServiceRequest) -> Self {
        let payload = request.take_payload();
        let is_h1 = matches!(payload, Payload::H1 { .. });
        // A connection by a Unix socket has no peer address, like a test request, which
        // may have no runtime.
        let has_connection =
            request.peer_addr().is_some() || (is_h1 && System::try_current().is_some());
        RequestBody {
            state: match payload {
                Payload::None => State::Ended,
                _ => State::Open,
            },
            has_connection,
            drain_on_drop: has_connection && is_h1,
            payload,
            bytes: 0,
            chunks: 0,
            deadline: None,
        }
    }

    fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended | State::Gone)
    }

    /// Returns whether the body blocks its connection; HTTP/2 has flow control per
    /// stream.
    fn blocks(&self) -> bool {
        matches!(self.payload, Payload::H1 { .. } | Payload::Stream { .. })
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        let next = ready!(Pin::new(&mut self.payload).poll_next(cx));
        match next {
            Some(Ok(_)) => {}
            Some(Err(PayloadError::Incomplete(_))) => self.state = State::Gone,
            Some(Err(_)) | None => self.state = State::Ended,
        }
        Poll::Ready(next)
    }

    /// Discards the rest if EOF comes within [`END_TIME`], to keep the connection open.
    pub(crate) async fn discard_soon(&mut self) {
        if self.has_ended() {
            return;
        }
        // actix-web queues the bytes it read with the head only when the service yields.
        yield_now().await;
        let mut timer = None;
        poll_fn(|cx| {
            let discarded = self.poll_discard(cx).is_ready();
            let waits = self.has_connection && self.blocks() && self.state != State::Paused;
            if discarded || !waits {
                return Poll::Ready(());
            }
            let timer = timer.get_or_insert_with(|| Box::pin(sleep(END_TIME)));
            timer.as_mut().poll(cx)
        })
        .await;
    }

    /// Discards the rest and returns why the connection must be closed at once, if it
    /// must.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<Option<CutOff>> {
        loop {
            match self.state {
                State::Open | State::OverBytes => {}
                State::Paused => return Poll::Pending,
                State::OverChunks => return Poll::Ready(Some(CutOff::ManyChunks)),
                State::Ended => return Poll::Ready(self.has_connection.then_some(CutOff::LateEnd)),
                State::Gone => return Poll::Ready(None),
            }
            match self.poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => self.count(chunk.len()),
                Poll::Ready(_) => {}
                Poll::Pending => {
                    if self.state == State::OverBytes {
                        self.pause(cx);
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Counts a chunk. A limit is exceeded only by another chunk, since EOF may follow
    /// the last one.
    fn count(&mut self, length: usize) {
        if self.chunks >= CHUNK_LIMIT {
            self.state = State::OverChunks;
        } else if self.bytes >= DRAIN_LIMIT {
            // Only a connection's queue is known to end.
            self.state = match self.payload {
                Payload::H1 { .. } => State::OverBytes,
                _ => State::Paused,
            };
        }
        self.chunks += 1;
        self.bytes = self.bytes.saturating_add(length);
    }

    /// Applies back-pressure, so that the client stops sending and reads its response.
    /// actix-web doesn't fill a payload that holds enough bytes; these are static.
    fn pause(&mut self, cx: &mut Context<'_>) {
        if let Payload::H1 { payload } = &mut self.payload {
            payload.unread_data(Bytes::from_static(&FILLER));
            payload.unread_data(Bytes::from_static(&FILLER));
            // The payload updates its back-pressure when a chunk is read.
            let _filler = Pin::new(payload).poll_next(cx);
        }
        self.state = State::Paused;
    }

    /// Discards the rest until EOF, a limit or the deadline; see `poll_discard`.
    pub(crate) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Option<CutOff>> {
        let cut_off = match self.poll_discard(cx) {
            Poll::Ready(cut_off) => cut_off,
            Poll::Pending => {
                let deadline = self
                    .deadline
                    .get_or_insert_with(|| Box::pin(sleep(DRAIN_TIME)));
                ready!(deadline.as_mut().poll(cx));
                Some(CutOff::Unfinished)
            }
        };
        self.free();
        Poll::Ready(cut_off)
    }

    /// Frees the payload, so that `drop` drains nothing.
    fn free(&mut self) {
        self.payload = Payload::None;
        self.state = State::Gone;
    }

    /// Returns whether the connection has to read the rest before its next request.
    pub(crate) fn needs_draining(&self) -> bool {
        !self.has_ended() && self.blocks()
    }

    /// Frees the payload if it has too many chunks. Returns whether it had.
    pub(crate) fn free_many_chunks(&mut self) -> bool {
        let is_over = self.state == State::OverChunks;
        if is_over {
            self.free();
        }
        is_over
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

/// Drains a body that an outer timeout or a replaced response drops before EOF, which
/// actix-web would read without bound. While an HTTP/1 payload exists, actix-web
/// closes the connection after the response.
impl Drop for RequestBody {
    fn drop(&mut self) {
        if self.drain_on_drop && !self.has_ended() && !std::thread::panicking() {
            let mut body = RequestBody {
                payload: self.payload.take(),
                state: self.state,
                bytes: self.bytes,
                chunks: self.chunks,
                deadline: None,
                has_connection: self.has_connection,
                // A server that shuts down drops the task; no second one is spawned.
                drain_on_drop: false,
            };
            spawn(async move { poll_fn(|cx| body.poll_drain(cx)).await });
        }
    }
}
