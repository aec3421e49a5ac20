use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// The buffered body of a verified delivery, with its trailers.
///
/// The signature covers the bytes, not the trailers.
///
/// ```
/// use qstash_verify_tower::VerifiedBody;
///
/// fn handler(request: http::Request<VerifiedBody>) {
///     let bytes: bytes::Bytes = request.into_body().into_bytes();
/// }
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedBody {
    data: Bytes,
    trailers: Option<HeaderMap>,
}

impl VerifiedBody {
    pub(crate) fn new(data: Bytes, trailers: Option<HeaderMap>) -> Self {
        VerifiedBody { data, trailers }
    }

    /// Returns the bytes exactly as signed, without the trailers.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.data
    }
}

impl From<VerifiedBody> for Bytes {
    fn from(body: VerifiedBody) -> Self {
        body.data
    }
}

impl Body for VerifiedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = if self.data.is_empty() {
            self.trailers.take().map(Frame::trailers)
        } else {
            Some(Frame::data(std::mem::take(&mut self.data)))
        };
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.len() as u64)
    }
}

pin_project! {
    /// The body of a response: the inner service's, or that of a refusal.
    ///
    /// ```
    /// use qstash_verify_tower::ResponseBody;
    ///
    /// fn outer_layer<B>(response: http::Response<ResponseBody<B>>) {}
    /// ```
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = KindProjection]
    enum Kind<B> {
        Inner { #[pin] body: B },
        Refusal { bytes: Bytes },
    }
}

impl<B> ResponseBody<B> {
    /// Returns the inner service's body, for adapters with another body type.
    ///
    /// # Errors
    /// Returns the bytes of the refusal if the inner service wasn't called.
    pub fn into_inner(self) -> Result<B, Bytes> {
        match self.kind {
            Kind::Inner { body } => Ok(body),
            Kind::Refusal { bytes } => Err(bytes),
        }
    }

    pub(crate) fn inner(body: B) -> Self {
        ResponseBody {
            kind: Kind::Inner { body },
        }
    }

    pub(crate) fn refusal(bytes: Bytes) -> Self {
        ResponseBody {
            kind: Kind::Refusal { bytes },
        }
    }
}

/// An empty body, which outer layers such as `TimeoutLayer` require.
impl<B> Default for ResponseBody<B> {
    fn default() -> Self {
        ResponseBody::refusal(Bytes::new())
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => body.poll_frame(cx),
            KindProjection::Refusal { bytes } if bytes.is_empty() => Poll::Ready(None),
            KindProjection::Refusal { bytes } => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Refusal { bytes } => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Refusal { bytes } => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}
