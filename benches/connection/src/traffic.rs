//! The framework and the requests of a connection.

use qstash_verify_floor::Floor;

use crate::protocol::Protocol;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framework {
    Axum,
    AxumHttp2,
    Actix,
}

impl Framework {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Framework::Axum => "axum",
            Framework::AxumHttp2 => "axum, HTTP/2",
            Framework::Actix => "actix-web",
        }
    }

    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Framework::AxumHttp2 => Protocol::Http2,
            Framework::Axum | Framework::Actix => Protocol::Http1,
        }
    }
}

/// The requests of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) name: &'static str,
    pub(crate) size: usize,
    pub(crate) forged: bool,
}

impl Traffic {
    pub(crate) fn floor(self) -> Floor {
        if self.forged {
            Floor::Refuse
        } else {
            Floor::Accept
        }
    }
}
