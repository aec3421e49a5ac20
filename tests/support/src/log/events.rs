//! Events with their fields and spans.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber, span};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Names and formatted values.
pub type Fields = BTreeMap<&'static str, String>;

/// An event.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its level.
    pub level: Level,
    /// Its target.
    pub target: &'static str,
    /// Its fields, including the message.
    pub fields: Fields,
    /// The enclosing spans, outermost first.
    pub spans: Vec<(&'static str, Fields)>,
}

/// A subscriber that collects all events and spans.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Arc<Mutex<Vec<Line>>>,
    /// Closed spans, in order.
    closed: Arc<Mutex<Vec<(&'static str, Fields)>>>,
}

impl Log {
    /// Collects the events of this thread while the guard lives.
    #[must_use]
    pub fn start() -> (Self, DefaultGuard) {
        let log = Log::default();
        let subscriber = tracing_subscriber::registry().with(log.clone());
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// Returns the global log, for threads without another, including records of the
    /// crate `log`, which actix-web uses.
    pub fn global() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Log::default();
            tracing_subscriber::registry().with(log.clone()).init();
            log
        })
    }

    /// Takes the collected events.
    pub fn take(&self) -> Vec<Line> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    /// Takes the core's events with this message ID.
    #[must_use]
    pub fn take_message(&self, message_id: &str) -> Vec<Line> {
        let mut lines = self.lines.lock().unwrap();
        let of_message = |line: &mut Line| {
            let id = line.fields.get("message_id");
            line.target == "qstash_verify" && id.is_some_and(|id| id == message_id)
        };
        lines.extract_if(.., of_message).collect()
    }

    /// Takes the closed spans.
    pub fn closed(&self) -> Vec<(&'static str, Fields)> {
        std::mem::take(&mut self.closed.lock().unwrap())
    }
}

struct Collect<'a>(&'a mut Fields);

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = self.0.entry(field.name()).or_default();
        assert_eq!(text, "", "recorded twice: {field}");
        write!(text, "{value:?}").unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Log {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, cx: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Collect(&mut fields));
        cx.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, cx: Context<'_, S>) {
        let span = cx.span(id).unwrap();
        let mut extensions = span.extensions_mut();
        values.record(&mut Collect(extensions.get_mut::<Fields>().unwrap()));
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Collect(&mut fields));
        let scope = cx
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root());
        let spans = scope.map(|span| {
            let fields = span.extensions().get::<Fields>().unwrap().clone();
            (span.name(), fields)
        });
        self.lines.lock().unwrap().push(Line {
            level: *event.metadata().level(),
            target: event.metadata().target(),
            fields,
            spans: spans.collect(),
        });
    }

    fn on_close(&self, id: span::Id, cx: Context<'_, S>) {
        let span = cx.span(&id).unwrap();
        let fields = span.extensions().get::<Fields>().unwrap().clone();
        self.closed.lock().unwrap().push((span.name(), fields));
    }
}
