//! The tasks of an HTTP/2 connection, polled by the driver.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Context;

use hyper::rt::Executor;

type Task = Pin<Box<dyn Future<Output = ()>>>;

#[derive(Clone, Default)]
pub(crate) struct Tasks(Rc<RefCell<Vec<Task>>>);

impl<F: Future + 'static> Executor<F> for Tasks {
    fn execute(&self, future: F) {
        self.0.borrow_mut().push(Box::pin(async {
            future.await;
        }));
    }
}

impl Tasks {
    pub(crate) fn poll(&self, cx: &mut Context<'_>) {
        // Not borrowed meanwhile: a task may spawn others.
        let mut tasks = std::mem::take(&mut *self.0.borrow_mut());
        tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
        self.0.borrow_mut().append(&mut tasks);
    }
}
