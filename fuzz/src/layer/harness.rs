//! The test harness of the layer: the body, the handler and the executor.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::buf::Chain;
use bytes::{Buf as _, Bytes};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use qstash_verify_tower::VerifiedBody;
use tower_service::Service;

use super::script::Step;

/// A body that follows its steps. Each frame is a chain of two buffers.
#[derive(Debug)]
pub(super) struct ScriptedBody {
    pub(super) steps: VecDeque<Step>,
    pub(super) hint: SizeHint,
    pub(super) polls: Rc<Cell<usize>>,
    pub(super) late: Rc<RefCell<Option<Waker>>>,
    pub(super) ended: bool,
}

impl Body for ScriptedBody {
    type Data = Chain<Bytes, Bytes>;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        assert!(!self.ended, "polled after EOF or an error");
        self.polls.set(self.polls.get() + 1);
        let Some(step) = self.steps.pop_front() else {
            self.ended = true;
            return Poll::Ready(None);
        };
        Poll::Ready(Some(match step {
            Step::Data(mut data) => {
                let first = data.split_to(data.len() / 2);
                Ok(Frame::data(first.chain(data)))
            }
            Step::Trailers(trailers) => Ok(Frame::trailers(trailers)),
            Step::Error => {
                self.ended = true;
                Err("reset by\n peer")
            }
            Step::Wait { at_once } => {
                if at_once {
                    cx.waker().wake_by_ref();
                } else {
                    *self.late.borrow_mut() = Some(cx.waker().clone());
                }
                return Poll::Pending;
            }
        }))
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// A handler that records its requests and requires `poll_ready` before `call`.
#[derive(Debug)]
pub(super) struct Handler {
    pub(super) seen: Rc<RefCell<Vec<Request<VerifiedBody>>>>,
    pub(super) waits: u8,
    pub(super) fails: bool,
    pub(super) ready: bool,
}

impl Clone for Handler {
    fn clone(&self) -> Self {
        Handler {
            seen: self.seen.clone(),
            ready: false,
            ..*self
        }
    }
}

impl Service<Request<VerifiedBody>> for Handler {
    type Response = Response<ResponseBody>;
    type Error = &'static str;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<VerifiedBody>) -> HandlerFuture {
        assert!(self.ready, "called before it was ready");
        self.seen.borrow_mut().push(request);
        HandlerFuture {
            waits: self.waits,
            fails: self.fails,
        }
    }
}

#[derive(Debug)]
pub(super) struct HandlerFuture {
    waits: u8,
    fails: bool,
}

impl Future for HandlerFuture {
    type Output = Result<Response<ResponseBody>, &'static str>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.waits > 0 {
            self.waits -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(if self.fails {
            Err("the handler fails")
        } else {
            Ok(Response::new(ResponseBody(Bytes::from_static(b"handled"))))
        })
    }
}

/// The body of the handler's response.
#[derive(Debug)]
pub(super) struct ResponseBody(Bytes);

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let data = std::mem::take(&mut self.0);
        Poll::Ready((!data.is_empty()).then(|| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a future to completion, and polls it only when it is woken.
pub(super) fn drive<F: Future>(future: F, late: &RefCell<Option<Waker>>) -> F::Output {
    let mut future = pin!(future);
    let flag = Arc::new(Flag::default());
    let waker = Waker::from(flag.clone());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        if let Some(waker) = late.borrow_mut().take() {
            waker.wake();
        }
        assert!(
            flag.0.swap(false, Ordering::Relaxed),
            "the task is never woken"
        );
    }
}
