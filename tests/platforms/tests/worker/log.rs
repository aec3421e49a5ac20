//! The console: refusals with their level, with and without the time.

use qstash_verify_platform_tests::refused;
use qstash_verify_test_support::{DEFAULT_VARIABLES, Request};

use crate::worker::{WORKERS, Worker};
use crate::{BODY, delivery};

/// Returns the log of an unsigned and a forged request.
fn log(name: &str, bindings: &[(&str, &str)]) -> String {
    let worker = Worker::start(name, &[&DEFAULT_VARIABLES[..], bindings].concat());
    let unsigned = Request::post("/webhook").body(BODY);
    assert_eq!(worker.json(&unsigned), refused("missing_signature"));
    for _ in 0..3 {
        let forged = delivery("sig_ofSomebodyElse", BODY);
        assert_eq!(worker.json(&forged), refused("bad_signature"));
    }
    worker.log()
}

#[test]
fn refusals_are_warnings_without_secrets() {
    for name in WORKERS {
        let log = log(name, &[]);
        let lines = log.lines().filter(|line| line.contains("bad_signature"));
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines.len(), 3, "{log}");
        assert!(lines.iter().all(|line| line.contains("[warn]")), "{log}");
        assert!(!log.contains("missing_signature"), "{log}");
        assert!(
            !log.contains("sig_default") && !log.contains("eyJ"),
            "{log}"
        );
    }
}

#[test]
fn level_and_time_are_bindings() {
    let log = log("axum", &[("LOG_LEVEL", "debug"), ("LOG_TIME", "1")]);
    let line = |code: &str| log.lines().find(|line| line.contains(code)).expect(code);
    assert!(line("missing_signature").contains("[debug]"), "{log}");
    // As in 2026-01-31T12:34:56.789Z.
    let refusal = line("bad_signature");
    let time = refusal.split_once("[warn] ").unwrap().1;
    let [date, clock] = [time.get(..10), time.get(10..24)].map(Option::unwrap);
    assert_eq!(date.matches('-').count(), 2, "{refusal}");
    assert!(clock.starts_with('T') && clock.ends_with('Z'), "{refusal}");
}
