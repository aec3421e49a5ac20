//! Bindings that change, and bindings without usable keys.

use qstash_verify_platform_tests::{accepted, refused};
use qstash_verify_test_support::{DEFAULT, DEFAULT_VARIABLES, US};
use serde_json::json;

use crate::worker::{WORKERS, Worker};
use crate::{BODY, delivery};

#[test]
fn changed_keys_verify_in_the_same_isolate() {
    for name in WORKERS {
        let worker = Worker::start(name, &DEFAULT_VARIABLES);
        let [current, next] = [0, 1].map(|slot| DEFAULT_VARIABLES[slot].0);
        let both = |expected: [_; 2]| {
            let answers = [DEFAULT[0], US[0]].map(|key| worker.json(&delivery(key, BODY)));
            assert_eq!(answers, expected, "{name}");
        };
        let genuine = || accepted(None, "current", BODY.len());
        both([genuine(), refused("bad_signature")]);
        worker.replace_bindings(&json!({ current: US[0], next: US[1] }));
        both([refused("bad_signature"), genuine()]);
        worker.replace_bindings(&json!({}));
        both([genuine(), refused("bad_signature")]);
    }
}

#[test]
fn missing_keys_are_500_and_named_in_the_log() {
    for name in WORKERS {
        let worker = Worker::start(name, &[]);
        assert_eq!(worker.ask(&delivery(DEFAULT[0], BODY)).status(), 500);
        let log = worker.log();
        assert!(log.contains("QSTASH_CURRENT_SIGNING_KEY"), "{name}: {log}");
    }
}
