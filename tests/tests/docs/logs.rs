//! The filters of the pages show refusals.

use std::io::Write;
use std::sync::{Arc, Mutex};

use qstash_verify::{RequestHead, testing};

use crate::page::Page;

/// A writer into memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log of a request without a signature and of an expired delivery.
fn log_of_refusals(filter: &str) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || writer.clone())
        .finish();
    let verifier = testing::verifier().build();
    let expired = testing::delivery("https://example.com/webhook", "7").claim("exp", 0);
    tracing::subscriber::with_default(subscriber, || {
        for headers in [Vec::new(), expired.headers()] {
            let head = RequestHead::new(&headers, "/webhook");
            verifier
                .verify(&head, expired.body())
                .unwrap_err()
                .log(&head);
        }
    });
    let log = log.0.lock().unwrap().clone();
    String::from_utf8(log).unwrap()
}

#[test]
fn snippets_of_the_readme_log_every_refusal() {
    let readme = Page::read("README.md");
    let filters = readme.text.split("with_env_filter(\"").skip(1);
    let filters: Vec<_> = filters.filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(filters.len(), 2, "one for axum, one for actix-web");
    for filter in filters {
        let log = log_of_refusals(filter);
        assert!(
            log.contains("missing_signature") && log.contains("expired"),
            "{log}"
        );
    }
}

#[test]
fn info_logs_refusals_other_than_unsigned_requests() {
    let log = log_of_refusals("info");
    assert!(
        !log.contains("missing_signature") && log.contains("expired"),
        "{log}"
    );
}

#[test]
fn no_snippet_relies_on_the_default_filter() {
    for page in Page::in_folder("docs")
        .into_iter()
        .chain(Page::in_folder(""))
    {
        for code in page.blocks("rust") {
            assert!(!code.contains("fmt::init()"), "{}", page.path.display());
        }
    }
}
