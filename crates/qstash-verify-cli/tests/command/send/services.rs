//! Deliveries to the examples.

use qstash_verify_test_support::{DEFAULT_VARIABLES, Example, Kind, MULTI_REGION, US_VARIABLES};

use crate::backend::{Backend, Reply, answer, answer_with};

use super::{PUBLIC, URL, assert_printed, both_regions, first, ping, send, timeless};

const SERVICES: [Kind; 2] = [Kind::Axum, Kind::Actix];

fn webhook(service: &Example) -> String {
    format!("http://127.0.0.1:{}/webhook", service.port())
}

#[test]
fn services_accept_deliveries_of_both_regions() {
    for kind in SERVICES {
        let service = Example::start(kind, &[&both_regions()[..], &[PUBLIC]].concat());
        let url = webhook(&service);
        let arguments = ["--data", "ping", "--url", URL, "--message-id", "msg_1"];
        let arguments = [&arguments[..], &["--both-regions"]].concat();
        let output = send(&url, &arguments).with(&both_regions()).end();
        let printed: String = ["US_EAST_1", "EU_CENTRAL_1"]
            .map(|region| {
                format!(
                    "POST {url}: 4 bytes from {region}, signed with the current key of the \
                     {region} pair\n\
                     200 OK after T\n\
                     {{\"bytes\":4,\"key\":\"current\",\"message_id\":\"msg_1\",\
                     \"region\":\"{region}\"}}\n"
                )
            })
            .concat();
        assert_eq!(timeless(&output.stdout), printed, "{}", output.stderr);
        output.code(0);
    }
}

#[test]
fn services_refuse_corrupt_deliveries() {
    let kinds = [
        ("body", "body_mismatch"),
        ("signature", "bad_signature"),
        ("expired", "expired"),
        ("region", "bad_signature"),
        ("url", "url_mismatch"),
    ];
    let variables = both_regions();
    for kind in SERVICES {
        let service = Example::start(kind, &[&variables[..], &[PUBLIC]].concat());
        let url = webhook(&service);
        for (corrupt, code) in kinds {
            let arguments = ["--data", "ping", "--url", URL, "--corrupt", corrupt];
            let output = send(&url, &arguments).with(&variables).end();
            let first = format!(
                "POST {url}: 4 bytes from US_EAST_1, signed with the current key of the \
                 US_EAST_1 pair, corrupted: {corrupt}"
            );
            let answer = format!("{{\"error\":\"{code}\"}}");
            let fault = format!("refused as expected: {code}");
            assert_printed(
                &output,
                0,
                &[&*first, "401 Unauthorized after T", &*answer, &*fault],
            );
        }
        // An empty body is corrupted, too.
        let arguments = ["--data", "", "--url", URL, "--corrupt", "body"];
        let output = send(&url, &arguments).with(&variables).end().code(0);
        assert!(output.stdout.contains("body_mismatch"), "{output:?}");

        // A service without keys for the other region.
        let us = [&US_VARIABLES[..], &[MULTI_REGION]].concat();
        let service = Example::start(kind, &us);
        let arguments = ["--data", "ping", "--corrupt", "region"];
        let output = send(&webhook(&service), &arguments).with(&us).end().code(0);
        let fault = "\nrefused as expected: no_signing_keys\n";
        assert!(output.stdout.ends_with(fault), "{output:?}");
    }
}

#[test]
fn missing_check_of_a_service_is_reported() {
    for kind in SERVICES {
        let service = Example::start(kind, &DEFAULT_VARIABLES);
        let url = webhook(&service);
        for (corrupt, region, fault) in [
            (
                "url",
                "EU_CENTRAL_1",
                "accepted: the service does not compare `sub` with its URL: set `base_url` or \
                 `url` of its verifier",
            ),
            (
                "region",
                "US_EAST_1",
                "accepted: the service uses one pair of keys for all regions, since QSTASH_REGION \
                 is unset or the region in the header has no keys of its own",
            ),
        ] {
            let output = ping(&url, &["--message-id", "msg_1", "--corrupt", corrupt]);
            let first = format!("{}, corrupted: {corrupt}", first(&url));
            let answer = format!(
                "{{\"bytes\":4,\"key\":\"current\",\"message_id\":\"msg_1\",\
                 \"region\":\"{region}\"}}"
            );
            assert_printed(&output, 1, &[&*first, "200 OK after T", &*answer, fault]);
        }
    }
}

#[test]
fn refusal_for_another_reason_is_a_failure() {
    let service = Example::start(
        Kind::Axum,
        &US_VARIABLES.map(|(name, key)| {
            // The keys of another account.
            (name.strip_prefix("US_EAST_1_").unwrap(), key)
        }),
    );
    let output = ping(&webhook(&service), &["--corrupt", "body"]).code(1);
    let fault = "\nrefused as bad_signature, not as body_mismatch: a valid delivery is probably \
                  refused, too; send one without --corrupt\n";
    assert!(output.stdout.ends_with(fault), "{output:?}");

    for (answer, code, fault) in [
        (
            answer_with(
                "401 Unauthorized",
                &["www-authenticate: Upstash-Signature"],
                b"{\"error\":\"missing_signature\"}",
            ),
            1,
            "refused as missing_signature, not as body_mismatch: a valid delivery is probably \
             refused, too; send one without --corrupt",
        ),
        (
            answer("404 Not Found", &[]),
            1,
            "404 Not Found is not a refusal: something other than the verifier answered",
        ),
        (
            answer("489 ", &[]),
            1,
            "489 is not a refusal: something other than the verifier answered",
        ),
        (
            answer("403 Forbidden", &[]),
            0,
            "refused as expected; the response doesn't say why",
        ),
        (
            answer_with("401 Unauthorized", &[], b"{\"error\":\"\\u001b[2J\"}"),
            0,
            "refused as expected; the response says \\u{1b}[2J",
        ),
        (
            Reply::Answer(Vec::new()),
            1,
            "no response after T: connection closed before message completed",
        ),
    ] {
        let backend = Backend::start([answer]);
        let output = ping(&backend.url("/"), &["--corrupt", "body"]);
        let printed = timeless(&output.stdout);
        assert_eq!(printed.lines().last(), Some(fault));
        output.code(code);
    }
}

#[test]
fn refusal_has_a_hint() {
    let refusal = |code: &str| {
        let body = format!("{{\"error\":\"{code}\"}}");
        let challenge = ["www-authenticate: Upstash-Signature"];
        answer_with("401 Unauthorized", &challenge, body.as_bytes())
    };
    for (code, hint) in [
        (
            "bad_signature",
            "the service has other keys for this region",
        ),
        ("no_signing_keys", "the service has no keys for this region"),
        (
            "url_mismatch",
            "the service expects another URL: give it with --url",
        ),
        (
            "expired",
            "the clocks of this machine and of the service differ",
        ),
    ] {
        let backend = Backend::start([refusal(code)]);
        let output = ping(&backend.url("/"), &[]).code(1);
        let last = output.stdout.lines().last().unwrap();
        assert!(last.starts_with(hint), "{last}");
    }
    let backend = Backend::start([refusal("bad_signature")]);
    let output = send(&backend.url("/"), &["--data", "ping"]).end().code(1);
    let last = output.stdout.lines().last().unwrap();
    assert!(last.contains("none are set here"), "{last}");
    // Responses not produced by a verifier.
    let other = answer_with("500 Internal Server Error", &[], b"{\"error\":\"expired\"}");
    for answer in [refusal("other"), other] {
        let backend = Backend::start([answer]);
        let output = ping(&backend.url("/"), &[]).code(1);
        assert!(output.stdout.ends_with("\"}\n"), "{}", output.stdout);
    }
}
