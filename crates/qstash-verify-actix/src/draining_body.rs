//! The body of the response to a request whose body wasn't read to EOF.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

use crate::drain::RequestBody;

/// A response body that drains the request's body before its EOF.
pub(crate) struct DrainingBody {
    /// `None` after EOF.
    response: Option<BoxBody>,
    size: BodySize,
    /// Whether the connection could send the response.
    flushed: bool,
    /// Why the connection is closed, if that is known from the start.
    cut_off: Option<CutOff>,
    request: RequestBody,
}

impl DrainingBody {
    /// Creates a body that closes the connection with `cut_off`, or drains `request`.
    pub(crate) fn new(response: BoxBody, request: RequestBody, cut_off: Option<CutOff>) -> Self {
        DrainingBody {
            size: response.size(),
            response: Some(response),
            flushed: false,
            cut_off,
            request,
        }
    }
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
        // actix-web closes the connection on an error without sending what it has
        // buffered, so the error comes one poll after the response.
        if !self.flushed {
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let cut_off = match self.cut_off {
            Some(cut_off) => Some(cut_off),
            None => ready!(self.request.poll_drain(cx)),
        };
        Poll::Ready(cut_off.map(|cut_off| Err(cut_off.into())))
    }
}

/// Why the connection of a refused request is closed; actix-web logs its `Debug` form.
#[derive(Clone, Copy)]
pub(crate) enum CutOff {
    /// The body did not end before the deadline.
    Unfinished,
    /// The body had too many chunks.
    ManyChunks,
    /// EOF came after the response with `Connection: close`: actix-web may have read a
    /// pipelined request and would answer it.
    LateEnd,
}

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CutOff::Unfinished => {
                "the client of a refused request did not end its body in time, so it was cut off"
            }
            CutOff::ManyChunks => {
                "the client of a refused request sent too many chunks, so it was cut off"
            }
            CutOff::LateEnd => {
                "the client of a refused request ended its body late, so it was cut off"
            }
        })
    }
}

impl fmt::Debug for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for CutOff {}
