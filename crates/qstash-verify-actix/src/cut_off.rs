//! Reasons to close the connection of a refused request.

use std::error::Error;
use std::fmt;

/// Why the connection of a refused request is closed; actix-web logs its `Debug` form.
#[derive(Clone, Copy)]
pub(crate) enum CutOff {
    /// The body did not end before the deadline.
    Unfinished,
    /// The body had too many chunks.
    ManyChunks,
    /// EOF came after the response with `Connection: close`: actix-web may have read a
    /// pipelined request and would answer it.
    LateEnd,
}

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CutOff::Unfinished => {
                "the client of a refused request did not end its body in time, so it was cut off"
            }
            CutOff::ManyChunks => {
                "the client of a refused request sent too many chunks, so it was cut off"
            }
            CutOff::LateEnd => {
                "the client of a refused request ended its body late, so it was cut off"
            }
        })
    }
}

impl fmt::Debug for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for CutOff {}
