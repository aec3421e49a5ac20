//! Accepted deliveries.

use qstash_verify_platform_tests::{ORIGIN, accepted, binary, now};
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, MULTI_REGION, Token, US, US_VARIABLES,
};
use serde_json::json;

use crate::event::{Request, Source};
use crate::runtime_api::Function;

#[test]
fn bodies_are_accepted_from_every_source() {
    let function = Function::start(&DEFAULT_VARIABLES);
    for source in Source::ALL {
        for body in [
            b"".to_vec(),
            b"hello".to_vec(),
            "{\"message\":\"h\u{e9}llo \\\"\u{1f980}\\\"\"}\r\n".into(),
            binary(1000),
            vec![b'x'; 4 << 20],
            binary(4 << 20),
        ] {
            let request = Request::genuine("/webhook", &body);
            for event in [request.event(source), request.encoded_event(source)] {
                let answer = function.invoke(event).json();
                assert_eq!(answer, accepted(None, "current", body.len()), "{source:?}");
            }
        }
    }
}

#[test]
fn both_keys_of_both_regions_are_accepted() {
    let variables = [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat();
    let function = Function::start(&variables);
    for source in Source::ALL {
        for (header, region, pair) in [
            ("US-EAST-1", "US_EAST_1", US),
            ("EU-CENTRAL-1", "EU_CENTRAL_1", EU),
        ] {
            for (key, slot) in pair.into_iter().zip(["current", "next"]) {
                let token = Token::new(&format!("{ORIGIN}/webhook"), b"hello", now());
                let request = Request::unsigned("/webhook", b"hello")
                    .header("upstash-region", header)
                    .signed(token.sign(key));
                let answer = function.invoke(request.event(source)).json();
                assert_eq!(answer, accepted(Some(region), slot, 5), "{source:?}");
            }
        }
    }
}

#[test]
fn metadata_is_read_from_every_source() {
    let function = Function::start(&DEFAULT_VARIABLES);
    for source in Source::ALL {
        let request = Request::genuine("/webhook", b"").header("upstash-message-id", "msg_1");
        let (status, answer) = function.invoke(request.event(source)).json();
        assert_eq!((status, &answer["message_id"]), (200, &json!("msg_1")));
        let next = Token::new(ORIGIN, b"", now()).sign(DEFAULT[1]);
        let request = Request::unsigned("/webhook", b"").signed(next);
        let answer = function.invoke(request.event(source)).json();
        assert_eq!(answer, accepted(None, "next", 0), "{source:?}");
    }
}
