//! The frame loop that reads an `http_body::Body` into a verified delivery.

use std::error::Error;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Body;

use crate::delivery::{BufferedDelivery, Verified};
use crate::error::VerifyError;
use crate::request::RequestHead;
use crate::verifier::Verifier;

/// Number of frames that one poll reads before it yields to other tasks.
const FRAMES_PER_POLL: usize = 64;

impl Verifier {
    /// Verifies the head of a request, then reads and verifies its body.
    ///
    /// A request whose head is refused is refused before the body is polled. Needs no
    /// async runtime. Trailers, which are not signed, are dropped.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body::Body;
    /// use qstash_verify::{RequestHead, Verified, Verifier, VerifyError};
    ///
    /// async fn check<B>(
    ///     verifier: &Verifier,
    ///     request: http::Request<B>,
    /// ) -> Result<(Verified, Bytes), VerifyError>
    /// where
    ///     B: Body,
    ///     B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    /// {
    ///     let (parts, body) = request.into_parts();
    ///     let head = RequestHead::from_http(&parts.headers, &parts.uri);
    ///     verifier.receive(&head, body).await
    /// }
    /// ```
    ///
    /// # Errors
    /// Every [`VerifyError`].
    #[cfg_attr(docsrs, doc(cfg(feature = "http-body")))]
    pub async fn receive<B>(
        &self,
        head: &RequestHead<'_>,
        body: B,
    ) -> Result<(Verified, Bytes), VerifyError>
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut pending = self.authenticate(head)?;
        pending.declare_length(body.size_hint().lower())?;
        let mut delivery = pending.buffered();
        let (mut body, mut trailers) = (pin!(body), None);
        poll_fn(|cx| delivery.poll_body(body.as_mut(), &mut trailers, cx)).await?;
        delivery.finish()
    }
}

impl BufferedDelivery {
    /// Reads the frames of a body until EOF.
    ///
    /// Then call [`finish`](Self::finish). The first trailers, which are not signed, are
    /// stored in `trailers`. For adapters with hand-written futures.
    ///
    /// After 64 frames it wakes the task and yields, so that a body that is always
    /// ready doesn't starve other tasks or a timeout.
    ///
    /// # Errors
    /// [`VerifyError::BodyTooLarge`] and [`VerifyError::BodyUnreadable`].
    #[cfg_attr(docsrs, doc(cfg(feature = "http-body")))]
    pub fn poll_body<B>(
        &mut self,
        mut body: Pin<&mut B>,
        trailers: &mut Option<HeaderMap>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), VerifyError>>
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        for _ in 0..FRAMES_PER_POLL {
            let Some(frame) = ready!(body.as_mut().poll_frame(cx)) else {
                return Poll::Ready(Ok(()));
            };
            let frame = frame.map_err(|error| VerifyError::body_unreadable(&*error.into()))?;
            match frame.into_data() {
                // Copies nothing if the frame's data are `Bytes`.
                Ok(mut data) => self.update(data.copy_to_bytes(data.remaining()))?,
                Err(frame) => {
                    if let Ok(found) = frame.into_trailers() {
                        trailers.get_or_insert(found);
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
