//! `tracing` on the Worker's console, each event with its level.
//!
//! `tracing_subscriber::fmt::init()` panics at the first event, since std has no clock
//! on this target.

use std::fmt;
use std::io::{self, Write};
use std::sync::Once;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use worker::js_sys::Date;
use worker::{console_debug, console_error, console_log, console_warn};

/// Installs the subscriber with the bindings `LOG_LEVEL` and `LOG_TIME`; later calls do
/// nothing.
pub fn init(binding: impl Fn(&str) -> Option<String>) {
    static INIT: Once = Once::new();
    INIT.call_once(|| {
        let level = binding("LOG_LEVEL").and_then(|level| level.parse().ok());
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level.unwrap_or(Level::INFO))
            .with_ansi(false)
            // The console has the level.
            .with_level(false)
            .with_writer(Console);
        if binding("LOG_TIME").is_some() {
            subscriber.with_timer(JsDate).init();
        } else {
            subscriber.without_time().init();
        }
    });
}

struct JsDate;

impl FormatTime for JsDate {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", Date::new_0().to_iso_string())
    }
}

struct Console;

impl<'a> MakeWriter<'a> for Console {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(Level::INFO, Vec::new())
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line {
        Line(*event.level(), Vec::new())
    }
}

/// A line that is written to the console when it is complete.
struct Line(Level, Vec<u8>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.1);
        let text = text.trim_end();
        match self.0 {
            Level::ERROR => console_error!("{text}"),
            Level::WARN => console_warn!("{text}"),
            Level::INFO => console_log!("{text}"),
            _ => console_debug!("{text}"),
        }
    }
}
