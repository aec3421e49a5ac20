//! Concurrent connections, and unread bodies of refused requests.

use std::sync::{Arc, Barrier};

use qstash_verify_tests::{Answer, DEFAULT, DEFAULT_VARIABLES, Kind, Request, on_each_server};
use serde_json::{Value, json};

use crate::{BODY, delivery, forged, refused, signed};
use qstash_verify_tests::Example;

on_each_server! {
    and_examples:
    two_hundred_connections_do_not_mix_responses;
    except_rocket:
    unread_body_is_not_parsed_as_a_request,
}

fn seen(answer: &Answer) -> (u16, Value) {
    (answer.status(), qstash_verify_tests::json(answer))
}

fn two_hundred_connections_do_not_mix_responses(kind: Kind) {
    const CONNECTIONS: usize = 200;
    let example = Arc::new(Example::start(kind, &DEFAULT_VARIABLES));
    let start = Arc::new(Barrier::new(CONNECTIONS));
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let (example, start) = (Arc::clone(&example), Arc::clone(&start));
            std::thread::spawn(move || {
                // Bodies of one and of many chunks.
                let body = format!("{number},").repeat(1 + number * 20).into_bytes();
                let slot = ["current", "next"][number % 2];
                let genuine = signed(DEFAULT[number % 2], &body)
                    .header("upstash-message-id", format!("msg_{number}"))
                    .chunks(&body, 7 + number);
                let accepted = json!({
                    "message_id": format!("msg_{number}"),
                    "region": null,
                    "key": slot,
                    "bytes": body.len(),
                });
                let forged = forged(&body).body(&body);
                let mut connection = example.connect();
                start.wait();
                for turn in 0..5 {
                    if (number + turn) % 3 > 0 {
                        let answer = connection.ask(&genuine);
                        assert_eq!(seen(&answer), (200, accepted.clone()));
                    } else {
                        let answer = connection.ask(&forged);
                        assert_eq!(seen(&answer), (401, refused("bad_signature")));
                        // Closed if the body arrived after the response.
                        connection = example.connect();
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
}

fn unread_body_is_not_parsed_as_a_request(kind: Kind) {
    let limit = [("MAX_BODY_BYTES", "1000")];
    let example = Example::start(kind, &[&DEFAULT_VARIABLES[..], &limit].concat());
    let refused = [
        // Refused by the verifier, the limit and the router.
        (forged(BODY), 401),
        (Request::post("/webhook"), 401),
        (signed(DEFAULT[0], BODY), 413),
        (Request::post("/health"), 405),
        (Request::post("/nope"), 404),
    ];
    std::thread::scope(|scope| {
        for (request, status) in &refused {
            // With padding up to likely buffer boundaries.
            for padding in [0, 1, 4_096, 8_192, 16_384, 65_536, 524_288] {
                let example = &example;
                scope.spawn(move || assert_nothing_hidden(example, request, *status, padding));
            }
        }
    });
    assert_eq!(example.ask(&delivery(DEFAULT[0], BODY)).status(), 200);
}

/// Sends a request that is refused with `status`, whose body is padding followed by
/// other requests, and asserts that those are not answered.
fn assert_nothing_hidden(example: &Example, refused: &Request, status: u16, padding: usize) {
    let named = |id| delivery(DEFAULT[0], BODY).header("upstash-message-id", id);
    let last = named("msg_last").header("connection", "close").bytes();
    let hidden = [
        named("msg_hidden").bytes(),
        Request::new("GET", "/health").bytes(),
        Request::post("/nope").bytes(),
    ];
    let body = [vec![b'\n'; padding], hidden.concat().repeat(2)].concat();
    let long = refused.clone().header("content-length", "52428800");
    for request in [
        refused.clone().body(&body),
        refused.clone().chunks(&body, 100_000),
        long.raw_body(body.clone()),
    ] {
        let (head, bytes) = (request.head().len(), request.bytes());
        // The bytes that suffice for a refusal: of chunks, more than the limit.
        let enough = if status == 413 { head + 1_100 } else { head };
        // In one write, and with the body after the response.
        for first in [bytes.len(), enough, enough.max(head + padding)] {
            let (first, second) = bytes.split_at(first);
            let mut connection = example.connect();
            connection.send(first);
            assert_eq!(connection.answer().status(), status);
            connection.send(second);
            connection.send(&last);
            // The last request is answered, or discarded with the body.
            let answers = connection.answers();
            let answers: Vec<_> = answers.iter().map(seen).collect();
            match &answers[..] {
                [] => {}
                [(200, answer)] => assert_eq!(answer["message_id"], "msg_last"),
                _ => panic!("{status} {padding}: {answers:?}"),
            }
        }
    }
}
