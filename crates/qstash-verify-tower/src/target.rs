use std::fmt;
use std::sync::Arc;

use http::Uri;
use http::request::Parts;
use qstash_verify::RequestHead;

type Choice = dyn Fn(&Parts) -> &Uri + Send + Sync;

/// Selects the URI to verify: the user's choice, or the request's URI.
#[derive(Clone, Default)]
pub(crate) struct Target(Option<Arc<Choice>>);

impl Target {
    pub(crate) fn new(choose: impl Fn(&Parts) -> &Uri + Send + Sync + 'static) -> Self {
        Target(Some(Arc::new(choose)))
    }

    pub(crate) fn head<'a>(&self, parts: &'a Parts) -> RequestHead<'a> {
        let uri = match &self.0 {
            Some(choose) => choose(parts),
            None => &parts.uri,
        };
        RequestHead::from_http(&parts.headers, uri)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "custom"
        } else {
            "default"
        })
    }
}
