use std::fmt;

use http::Uri;
use http::request::Parts;
use qstash_verify::RequestHead;

/// Selects the URI to verify: the user's choice, or the request's URI.
// A function pointer: another `Arc` to clone would add to each request.
#[derive(Clone, Copy, Default)]
pub(crate) struct Target(Option<fn(&Parts) -> &Uri>);

impl Target {
    pub(crate) fn new(choose: fn(&Parts) -> &Uri) -> Self {
        Target(Some(choose))
    }

    pub(crate) fn head<'a>(self, parts: &'a Parts) -> RequestHead<'a> {
        let uri = match self.0 {
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
