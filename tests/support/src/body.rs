//! Bodies that follow a script and count their polls.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// The result of one poll of a [`BodyScript`].
#[derive(Debug)]
pub enum Step<E = io::Error> {
    /// Ready with a data frame.
    Data(Bytes),
    /// Ready with trailers.
    Trailers(HeaderMap),
    /// Ready with an error.
    Error(E),
    /// Pending once; wakes the task.
    Wait,
    /// Pending forever.
    Stall,
}

impl Step {
    /// Creates an I/O error with this text.
    #[must_use]
    pub fn error(text: &'static str) -> Self {
        Step::Error(io::Error::other(text))
    }
}

impl<E> Step<E> {
    /// Creates a data frame with these bytes.
    #[must_use]
    pub fn data(bytes: &[u8]) -> Self {
        Step::Data(Bytes::copy_from_slice(bytes))
    }
}

/// A scripted body, as an `http_body::Body` or a stream of chunks.
///
/// It is neither `Unpin` nor `Sync`, since no adapter may require either.
#[derive(Debug)]
pub struct BodyScript<E = io::Error> {
    steps: RefCell<VecDeque<Step<E>>>,
    hint: SizeHint,
    polls: Arc<AtomicUsize>,
    _pinned: PhantomPinned,
}

/// Observes the polls and the drop of a [`BodyScript`].
#[derive(Debug)]
pub struct BodyProbe(Arc<AtomicUsize>);

impl BodyProbe {
    /// Returns the number of polls.
    #[must_use]
    pub fn polls(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Returns whether the body was dropped.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

impl<E> BodyScript<E> {
    /// Creates a body without a size hint.
    pub fn new(steps: impl IntoIterator<Item = Step<E>>) -> (Self, BodyProbe) {
        BodyScript::hinting(&SizeHint::new(), steps)
    }

    /// Creates a body with this size hint.
    pub fn hinting(hint: &SizeHint, steps: impl IntoIterator<Item = Step<E>>) -> (Self, BodyProbe) {
        let polls = Arc::new(AtomicUsize::new(0));
        let script = BodyScript {
            steps: RefCell::new(steps.into_iter().collect()),
            hint: copied(hint),
            polls: polls.clone(),
            _pinned: PhantomPinned,
        };
        (script, BodyProbe(polls))
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        let mut steps = self.steps.borrow_mut();
        Poll::Ready(match steps.pop_front() {
            None => None,
            Some(Step::Data(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(Step::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Some(Step::Error(error)) => Some(Err(error)),
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Step::Stall) => {
                steps.push_front(Step::Stall);
                return Poll::Pending;
            }
        })
    }
}

impl BodyScript {
    /// Creates a body of these data frames.
    #[must_use]
    pub fn frames(frames: &[&[u8]]) -> (Self, BodyProbe) {
        BodyScript::new(frames.iter().map(|frame| Step::data(frame)))
    }
}

impl<E> Body for BodyScript<E> {
    type Data = Bytes;
    type Error = E;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        self.poll(cx)
    }

    fn size_hint(&self) -> SizeHint {
        copied(&self.hint)
    }
}

/// For actix-web, whose payloads have no trailers.
impl<E> Stream for BodyScript<E> {
    type Item = Result<Bytes, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx).map(|frame| {
            frame.map(|frame| {
                frame.map(|frame| match frame.into_data() {
                    Ok(bytes) => bytes,
                    Err(frame) => panic!("a stream has no trailers: {frame:?}"),
                })
            })
        })
    }
}

#[allow(
    clippy::clone_on_copy,
    reason = "it is `Copy` only since http-body 1.1"
)]
fn copied(hint: &SizeHint) -> SizeHint {
    hint.clone()
}
