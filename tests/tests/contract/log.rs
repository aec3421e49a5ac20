//! What is logged while a request is answered. Servers log on threads of their
//! own, so one subscriber listens to all of this process, and a request is known
//! by its `upstash-message-id`.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// A line about a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Line {
    pub(crate) level: String,
    pub(crate) code: String,
    pub(crate) message: String,
    message_id: String,
}

static LINES: LazyLock<Mutex<HashMap<String, Vec<Line>>>> = LazyLock::new(|| {
    tracing_subscriber::registry().with(Listener).init();
    Mutex::default()
});

/// Listens from now on.
pub(crate) fn listen() {
    LazyLock::force(&LINES);
}

/// What was logged of the request with this id.
pub(crate) fn of(message_id: &str) -> Vec<Line> {
    LINES.lock().unwrap().remove(message_id).unwrap_or_default()
}

struct Listener;

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "qstash_verify" {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        line.level = event.metadata().level().to_string().to_lowercase();
        let mut lines = LINES.lock().unwrap();
        lines.entry(line.message_id.clone()).or_default().push(line);
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = match field.name() {
            "code" => &mut self.code,
            "message" => &mut self.message,
            "message_id" => &mut self.message_id,
            _ => return,
        };
        *text = format!("{value:?}");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
