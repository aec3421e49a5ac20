//! Progress of a batch on a terminal.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::tally::Tally;

const INTERVAL: Duration = Duration::from_millis(250);

/// A status line that is updated during the batch and erased at its end.
pub(super) struct Progress<W> {
    /// `None` if it is not shown.
    output: Option<W>,
    shown: Instant,
    visible: bool,
}

impl<W: Write> Progress<W> {
    pub(super) fn new(output: Option<W>, now: Instant) -> Self {
        Progress {
            output,
            shown: now,
            visible: false,
        }
    }

    /// Shows the tally, at most four times a second. `now` is called if it is shown.
    pub(super) fn update(&mut self, tally: &Tally, now: impl FnOnce() -> Instant) {
        let Some(output) = &mut self.output else {
            return;
        };
        let now = now();
        if now.duration_since(self.shown) < INTERVAL {
            return;
        }
        self.shown = now;
        self.visible = true;
        // Progress that can't be written changes no verdict.
        let _ = write!(output, "\r\u{1b}[K{}", tally.summary("line"));
        let _ = output.flush();
    }

    pub(super) fn erase(&mut self) {
        if let Some(output) = &mut self.output
            && self.visible
        {
            let _ = write!(output, "\r\u{1b}[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_shown_at_intervals_and_erased() {
        let start = Instant::now();
        let mut tally = Tally::default();
        let mut written = Vec::new();
        let mut progress = Progress::new(Some(&mut written), start);
        for (code, milliseconds) in [(None, 0), (None, 249), (Some("expired"), 250), (None, 499)] {
            tally.add(code);
            progress.update(&tally, || start + Duration::from_millis(milliseconds));
        }
        progress.erase();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "\r\u{1b}[K3 lines: 2 accepted, 1 refused (expired 1)\r\u{1b}[K"
        );

        // Nothing to erase.
        let mut written = Vec::new();
        Progress::new(Some(&mut written), start).erase();
        assert_eq!(written, b"");
        let mut silent = Progress::<Vec<u8>>::new(None, start);
        silent.update(&tally, || panic!("the clock is not needed"));
    }
}
