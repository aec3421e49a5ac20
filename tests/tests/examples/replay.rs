//! The variable `REPLAY_STORE`.

use qstash_verify_tests::{Example, Kind, Request, Token, on_each_server};

use crate::{BODY, DEVELOPMENT, URL, accepted, delivery, now, refused};

on_each_server! {
    replay_is_accepted_by_default,
    replay_is_refused_with_a_store_in_memory,
    unreachable_redis_is_a_503,
    unusable_replay_store_is_an_error,
}

fn replay_is_accepted_by_default(kind: Kind) {
    let example = Example::start(kind, &[]);
    let request = delivery(DEVELOPMENT[0], BODY);
    for _ in 0..2 {
        let wanted = accepted(None, "current", BODY.len());
        assert_eq!(example.json(&request), wanted);
    }
}

/// A delivery of the next second: a store refuses those of the second of its start.
fn delivery_after_the_start(key: &str) -> Request {
    let token = Token::new(URL, BODY, now()).claim("iat", &(now() + 1).to_string());
    Request::post("/webhook").signed(token.sign(key)).body(BODY)
}

fn replay_is_refused_with_a_store_in_memory(kind: Kind) {
    let mut example = Example::start(kind, &[("REPLAY_STORE", "memory")]);
    let request = delivery_after_the_start(DEVELOPMENT[0]);
    let wanted = accepted(None, "current", BODY.len());
    assert_eq!(example.json(&request), wanted);
    assert_eq!(example.json(&request), (401, refused("replayed")));
    let other = delivery_after_the_start(DEVELOPMENT[1]);
    assert_eq!(example.json(&other), accepted(None, "next", BODY.len()));
    let log = example.stop();
    assert!(log.contains("the delivery was accepted before"), "{log}");
}

fn unreachable_redis_is_a_503(kind: Kind) {
    // No server listens on port 1.
    let url = "redis://user:secret@127.0.0.1:1";
    let mut example = Example::start(kind, &[("REPLAY_STORE", url)]);
    let answer = example.json(&delivery(DEVELOPMENT[0], BODY));
    assert_eq!(answer, (503, refused("replay_store_unavailable")));
    let log = example.stop();
    assert!(log.contains("refused"), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

fn unusable_replay_store_is_an_error(kind: Kind) {
    let output = Example::failure(kind, &[("REPLAY_STORE", "disk")]);
    assert!(output.contains("error: "), "{output}");
}
