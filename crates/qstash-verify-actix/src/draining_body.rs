//! The body of the response to a request whose body wasn't read to EOF.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::{ConnectionType, StatusCode};
use bytes::Bytes;

use crate::cut_off::CutOff;
use crate::drain::RequestBody;

/// Drains the rest of a request's body after the response's, whose EOF it delays.
pub(crate) fn drain_behind(mut response: HttpResponse, mut request: RequestBody) -> HttpResponse {
    // actix-web doesn't poll an empty body, and clients wait for EOF of a body of
    // unknown length.
    let has_length = match response.body().size() {
        BodySize::Sized(length) => length > 0,
        BodySize::None | BodySize::Stream => false,
    };
    let bodiless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
    if !request.needs_draining() || !has_length || bodiless.contains(&response.status()) {
        return response;
    }
    let cut_off = request.free_many_chunks().then_some(CutOff::ManyChunks);
    if cut_off.is_some() {
        // Without a payload, actix-web would send `Connection: keep-alive`.
        let head = response.head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    response.map_body(|_, body| BoxBody::new(DrainingBody::new(body, request, cut_off)))
}

/// A response body that drains the request's body before its EOF.
struct DrainingBody {
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
    fn new(response: BoxBody, request: RequestBody, cut_off: Option<CutOff>) -> Self {
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
