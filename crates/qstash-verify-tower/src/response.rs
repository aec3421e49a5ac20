use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use qstash_verify::VerifyError;

type Answer = dyn Fn(&VerifyError) -> Response<Bytes> + Send + Sync;

/// How a refusal is answered: the user's way or the core's.
#[derive(Clone, Default)]
pub(crate) struct Refuse(Option<Arc<Answer>>);

impl Refuse {
    pub(crate) fn with(
        answer: impl Fn(&VerifyError) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Refuse(Some(Arc::new(answer)))
    }

    pub(crate) fn answer(&self, reason: VerifyError) -> Response<Bytes> {
        let Some(answer) = &self.0 else {
            return reason.response();
        };
        let mut response = answer(&reason);
        response.extensions_mut().insert(reason);
        response
    }
}

impl fmt::Debug for Refuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "custom"
        } else {
            "default"
        })
    }
}
