//! Keys, regions and refused heads.

use qstash_verify_platform_tests::{URL, accepted, now, refused};
use qstash_verify_test_support::{DEFAULT, EU, Request, Token, US};

use crate::worker::{WORKERS, Worker};
use crate::{BODY, delivery};

#[test]
fn keys_of_the_named_region_or_the_default_pair_verify() {
    for worker in WORKERS.map(Worker::with_all_keys) {
        for (header, region, pair) in [
            (None, None, DEFAULT),
            (Some("MARS-1"), None, DEFAULT),
            (Some("US-EAST-1"), Some("US_EAST_1"), US),
            (Some("EU-CENTRAL-1"), Some("EU_CENTRAL_1"), EU),
        ] {
            let sent = |key| {
                let request = delivery(key, BODY);
                match header {
                    Some(header) => request.header("upstash-region", header),
                    None => request,
                }
            };
            for (key, slot) in pair.into_iter().zip(["current", "next"]) {
                let expected = accepted(region, slot, BODY.len());
                assert_eq!(worker.json(&sent(key)), expected, "{header:?}");
            }
            let others = [DEFAULT, US, EU].into_iter().flatten();
            for key in others.filter(|key| !pair.contains(key)) {
                let answer = worker.json(&sent(key));
                assert_eq!(answer, refused("bad_signature"), "{header:?}");
            }
        }
    }
}

#[test]
fn refused_heads_have_status_code_and_challenge() {
    let token = Token::new(URL, BODY, now());
    let genuine = token.sign(DEFAULT[0]);
    let expired = Token::new(URL, BODY, now() - 301).sign(DEFAULT[0]);
    let early = token.clone().claim("nbf", &(now() + 60).to_string());
    let post = |tokens: &[&str]| {
        let request = Request::post("/webhook");
        tokens.iter().fold(request, Request::signed).body(BODY)
    };
    let cases = [
        (post(&[]), "missing_signature"),
        (post(&["junk"]), "malformed_token"),
        (post(&[&genuine, &genuine]), "malformed_token"),
        (post(&[&token.sign("sig_ofSomebodyElse")]), "bad_signature"),
        (post(&[&expired]), "expired"),
        (post(&[&early.sign(DEFAULT[0])]), "not_yet_valid"),
    ];
    for worker in WORKERS.map(Worker::with_all_keys) {
        for (request, code) in &cases {
            let answer = worker.ask(request);
            assert_eq!(answer.line, "HTTP/1.1 401 Unauthorized");
            assert_eq!(answer.text(), format!(r#"{{"error":"{code}"}}"#));
            assert_eq!(answer.header("content-type"), Some("application/json"));
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, Some("Upstash-Signature"));
        }
        assert_eq!(worker.json(&post(&[&genuine])).0, 200);
    }
}

#[test]
fn only_the_webhook_is_verified() {
    for worker in WORKERS.map(Worker::with_all_keys) {
        let health = worker.ask(&Request::new("GET", "/health"));
        assert_eq!(health.brief(), (200, "ok".to_owned()));
        let request = delivery(DEFAULT[0], b"").header("upstash-message-id", "msg_1");
        assert_eq!(worker.json(&request).1["message_id"], "msg_1");
    }
}

#[test]
fn unusual_header_values_do_not_panic() {
    for worker in WORKERS.map(Worker::with_all_keys) {
        for byte in [b'\t', 1, 0x7f, 0x80, 0xff] {
            for name in [
                "x-junk",
                "upstash-region",
                "upstash-message-id",
                "upstash-retried",
            ] {
                let request = delivery(DEFAULT[0], BODY).header(name, [b'a', byte, b'b']);
                let status = worker.ask(&request).status();
                // workerd may refuse the request itself.
                assert!([200, 400].contains(&status), "{name} {byte}: {status}");
            }
        }
        assert_eq!(worker.json(&delivery(DEFAULT[0], BODY)).0, 200);
    }
}
