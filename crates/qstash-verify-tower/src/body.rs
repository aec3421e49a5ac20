use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// The body of a genuine delivery, whole and at hand, with the trailers that
/// followed it. The trailers are not signed.
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
    /// The bytes, exactly those that were signed.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.data
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

/// Collects the frames of a body. One frame is passed on as it is; more are
/// copied into memory that grows with what has arrived.
pub(crate) struct Collector {
    first: Bytes,
    rest: Vec<u8>,
    trailers: Option<HeaderMap>,
    declared: usize,
}

impl Collector {
    /// `declared` is a hint: how many bytes are to come, or 0.
    pub(crate) fn new(declared: u64) -> Self {
        Collector {
            first: Bytes::new(),
            rest: Vec::new(),
            trailers: None,
            declared: usize::try_from(declared).unwrap_or(0),
        }
    }

    pub(crate) fn push(&mut self, chunk: Bytes) {
        // An empty frame must not cost the copy of a second one.
        if chunk.is_empty() {
            return;
        }
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = chunk;
            return;
        }
        let first = std::mem::take(&mut self.first);
        self.reserve(first.len() + chunk.len());
        self.rest.extend_from_slice(&first);
        self.rest.extend_from_slice(&chunk);
    }

    /// Makes room for `more` bytes, and for up to as many again as there are if
    /// so many are declared or nothing is: a declaration alone reserves nothing.
    fn reserve(&mut self, more: usize) {
        if self.rest.capacity() - self.rest.len() >= more {
            return;
        }
        let arrived = self.rest.len() + more;
        let ahead = match self.declared.checked_sub(arrived) {
            Some(left) => left.min(arrived),
            None => arrived,
        };
        self.rest.reserve_exact(more + ahead);
    }

    /// Trailers end a body, so there is one frame of them at most.
    pub(crate) fn push_trailers(&mut self, trailers: HeaderMap) {
        self.trailers.get_or_insert(trailers);
    }

    pub(crate) fn finish(self) -> VerifiedBody {
        let data = if self.rest.is_empty() {
            self.first
        } else {
            Bytes::from(self.rest)
        };
        VerifiedBody {
            data,
            trailers: self.trailers,
        }
    }
}

/// The bytes of a frame's data; no copy if they are `Bytes` already.
pub(crate) fn into_bytes(mut data: impl Buf) -> Bytes {
    data.copy_to_bytes(data.remaining())
}

pin_project! {
    /// The body of an answer: the inner service's, or that of a refusal.
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

/// An empty body, as layers outside need one that make answers of their own.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_frame_is_not_copied() {
        let frame = Bytes::from(vec![1; 100]);
        let address = frame.as_ptr();
        let mut collector = Collector::new(100);
        collector.push(Bytes::new());
        collector.push(frame);
        collector.push(Bytes::new());
        assert_eq!(collector.finish().into_bytes().as_ptr(), address);
    }

    #[test]
    fn memory_is_reserved_no_faster_than_bytes_arrive() {
        for declared in [0, 1_000_000, 10_000_000_000] {
            let mut collector = Collector::new(declared);
            let mut arrived = 0;
            for frame in 1..1000 {
                collector.push(Bytes::from(vec![0; frame]));
                arrived += frame;
                assert!(
                    collector.rest.capacity() <= 2 * arrived,
                    "{declared} {arrived}"
                );
            }
            assert_eq!(collector.finish().into_bytes().len(), arrived);
        }
    }

    #[test]
    fn no_more_is_reserved_than_is_declared() {
        let mut collector = Collector::new(1000);
        for _ in 0..10 {
            collector.push(Bytes::from(vec![0; 100]));
            assert!(collector.rest.capacity() <= 1000);
        }
        // A declaration that was wrong is no limit.
        collector.push(Bytes::from(vec![0; 100]));
        assert_eq!(collector.finish().into_bytes().len(), 1100);
    }
}
