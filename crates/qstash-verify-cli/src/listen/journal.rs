//! The output of `listen`: a record for each request, and a summary.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use qstash_verify::VerifyError;
use serde_json::{Value, json};

use super::entry::Entry;
use crate::output::{self, Failure, Preview};
use crate::tally::Tally;
use crate::time;

type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;
type Print = Box<dyn Fn(String) -> Result<(), Failure> + Send + Sync>;

pub(crate) struct Journal {
    show_bodies: bool,
    json: bool,
    tally: Mutex<Tally>,
    clock: Clock,
    print: Print,
}

impl Journal {
    pub(crate) fn new(show_bodies: bool, json: bool) -> Self {
        Journal {
            show_bodies,
            json,
            tally: Mutex::default(),
            clock: Box::new(SystemTime::now),
            print: Box::new(output::print),
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    pub(crate) fn start(&self, address: SocketAddr) {
        let url = format!("http://{address}");
        let event = || {
            json!({
                "event": "listening",
                "time": time::milliseconds(self.now()),
                "url": url,
            })
        };
        self.print(event, format_args!("listening on {url}"));
    }

    pub(crate) fn write(&self, entry: &Entry<'_>) {
        {
            let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.add(entry.refused.map(VerifyError::code));
        }
        let body = match entry.accepted {
            Some((_, body)) if self.show_bodies && !body.is_empty() => {
                format!("\n  {}", Preview(body))
            }
            _ => String::new(),
        };
        let event = || entry.json(self.show_bodies);
        self.print(event, format_args!("{entry}{body}"));
    }

    pub(crate) fn end(&self) {
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let event = || {
            json!({
                "event": "summary",
                "time": time::milliseconds(self.now()),
                "requests": tally.total(),
                "accepted": tally.accepted,
                "refused": tally.refused(),
                "errors": tally.refused,
            })
        };
        self.print(event, tally.summary("request"));
    }

    /// Prints an event. Errors of the output are ignored.
    fn print(&self, event: impl FnOnce() -> Value, text: impl fmt::Display) {
        let _ = if self.json {
            (self.print)(output::json_line(&event()))
        } else {
            (self.print)(format!("{text}\n"))
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, UNIX_EPOCH};

    use http::{HeaderMap, StatusCode};
    use qstash_verify::MessageMetadata;

    use super::*;

    /// Returns the output of a journal with one refused request.
    fn printed(json: bool) -> Vec<String> {
        let at = UNIX_EPOCH + Duration::from_millis(1_783_794_365_678);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let printed = Arc::clone(&lines);
        let journal = Journal {
            clock: Box::new(move || at),
            print: Box::new(move |line| {
                printed.lock().unwrap().push(line);
                Ok(())
            }),
            ..Journal::new(true, json)
        };
        journal.start(SocketAddr::from(([127, 0, 0, 1], 3000)));
        journal.write(&Entry {
            at: journal.now(),
            method: "POST",
            path: "/\u{9b}",
            region: None,
            metadata: &MessageMetadata::from_headers(&HeaderMap::new()),
            declared: Some(7),
            refused: Some(&VerifyError::MissingSignature),
            accepted: None,
            forward_error: None,
            status: StatusCode::UNAUTHORIZED,
        });
        journal.end();
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    #[test]
    fn each_request_has_its_time_of_arrival() {
        let lines = printed(false);
        assert_eq!(lines[0], "listening on http://127.0.0.1:3000\n");
        assert!(lines[1].starts_with("2026-07-11T18:26:05Z "), "{lines:?}");
        assert!(lines[1].contains(" 401 POST /\\u{9b} "), "{lines:?}");
        assert_eq!(
            lines[2],
            "1 request: 0 accepted, 1 refused (missing_signature 1)\n"
        );
    }

    #[test]
    fn each_event_is_a_line_of_json() {
        let lines = printed(true);
        let time = "2026-07-11T18:26:05.678Z";
        let events: Vec<Value> = lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(
            events,
            [
                json!({"event": "listening", "time": time, "url": "http://127.0.0.1:3000"}),
                json!({
                    "event": "request",
                    "time": time,
                    "ok": false,
                    "status": 401,
                    "method": "POST",
                    "path": "/\u{9b}",
                    "region": null,
                    "key": null,
                    "source": null,
                    "message_id": null,
                    "retried": null,
                    "bytes": 7,
                    "error": "missing_signature",
                    "message": VerifyError::MissingSignature.to_string(),
                    "forward_error": null,
                    "body": null,
                    "body_base64": null,
                    "body_is_cut": null,
                }),
                json!({
                    "event": "summary",
                    "time": time,
                    "requests": 1,
                    "accepted": 0,
                    "refused": 1,
                    "errors": {"missing_signature": 1},
                }),
            ]
        );
        assert!(lines.iter().all(|line| !line.contains('\u{9b}')));
        assert!(
            lines
                .iter()
                .all(|line| line.find('\n') == Some(line.len() - 1))
        );
    }
}
