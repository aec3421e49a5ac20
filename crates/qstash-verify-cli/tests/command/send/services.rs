//! Deliveries to the examples.

use qstash_verify_test_support::{DEFAULT_VARIABLES, Example, Kind, MULTI_REGION, US_VARIABLES};

use crate::backend::{Backend, Reply, answer, answer_with};

use super::{PUBLIC, URL, assert_said, both_regions, first, ping, send, timeless};

const SERVICES: [Kind; 2] = [Kind::Axum, Kind::Actix];

fn webhook(service: &Example) -> String {
    format!("http://127.0.0.1:{}/webhook", service.port())
}

#[test]
fn services_accept_it() {
    for kind in SERVICES {
        let service = Example::start(kind, &[&both_regions()[..], &[PUBLIC]].concat());
        let url = webhook(&service);
        let arguments = ["--data", "ping", "--url", URL, "--message-id", "msg_1"];
        let arguments = [&arguments[..], &["--both-regions"]].concat();
        let output = send(&url, &arguments).with(&both_regions()).end();
        let said: String = ["US_EAST_1", "EU_CENTRAL_1"]
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
        assert_eq!(timeless(&output.stdout), said, "{}", output.stderr);
        output.code(0);
    }
}

#[test]
fn services_refuse_what_is_wrong() {
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
                 US_EAST_1 pair, then made wrong: {corrupt}"
            );
            let answer = format!("{{\"error\":\"{code}\"}}");
            let lesson = format!("refused, as it must be: {code}");
            assert_said(
                &output,
                0,
                &[&*first, "401 Unauthorized after T", &*answer, &*lesson],
            );
        }
        // A body that is empty is made wrong, too.
        let arguments = ["--data", "", "--url", URL, "--corrupt", "body"];
        let output = send(&url, &arguments).with(&variables).end().code(0);
        assert!(output.stdout.contains("body_mismatch"), "{output:?}");

        // It has no keys for the other region.
        let us = [&US_VARIABLES[..], &[MULTI_REGION]].concat();
        let service = Example::start(kind, &us);
        let arguments = ["--data", "ping", "--corrupt", "region"];
        let output = send(&webhook(&service), &arguments).with(&us).end().code(0);
        let lesson = "\nrefused, as it must be: no_signing_keys\n";
        assert!(output.stdout.ends_with(lesson), "{output:?}");
    }
}

#[test]
fn what_services_do_not_check_is_a_finding() {
    for kind in SERVICES {
        let service = Example::start(kind, &DEFAULT_VARIABLES);
        let url = webhook(&service);
        for (corrupt, region, lesson) in [
            (
                "url",
                "EU_CENTRAL_1",
                "accepted: the service does not compare `sub` with its URL: set `base_url` or \
                 `url` of its verifier",
            ),
            (
                "region",
                "US_EAST_1",
                "accepted: the service has QSTASH_REGION unset and uses one pair of keys for \
                 all, or no keys for the region that the header names",
            ),
        ] {
            let output = ping(&url, &["--message-id", "msg_1", "--corrupt", corrupt]);
            let first = format!("{}, then made wrong: {corrupt}", first(&url));
            let answer = format!(
                "{{\"bytes\":4,\"key\":\"current\",\"message_id\":\"msg_1\",\
                 \"region\":\"{region}\"}}"
            );
            assert_said(&output, 1, &[&*first, "200 OK after T", &*answer, lesson]);
        }
    }
}

#[test]
fn what_is_refused_for_another_reason_proves_nothing() {
    let service = Example::start(
        Kind::Axum,
        &US_VARIABLES.map(|(name, key)| {
            // These are of another account.
            (name.strip_prefix("US_EAST_1_").unwrap(), key)
        }),
    );
    let output = ping(&webhook(&service), &["--corrupt", "body"]).code(1);
    let lesson = "\nrefused, but as bad_signature and not as body_mismatch: send a good one \
                  first, it is refused too\n";
    assert!(output.stdout.ends_with(lesson), "{output:?}");

    for (answer, code, lesson) in [
        (
            answer_with(
                "401 Unauthorized",
                &["www-authenticate: Upstash-Signature"],
                b"{\"error\":\"missing_signature\"}",
            ),
            1,
            "refused, but as missing_signature and not as body_mismatch: send a good one first, \
             it is refused too",
        ),
        (
            answer("404 Not Found", &[]),
            1,
            "404 Not Found is no refusal: the delivery met something else",
        ),
        (
            answer("489 ", &[]),
            1,
            "489 is no refusal: the delivery met something else",
        ),
        (
            answer("403 Forbidden", &[]),
            0,
            "refused, as it must be; the answer doesn't say why",
        ),
        (
            answer_with("401 Unauthorized", &[], b"{\"error\":\"\\u001b[2J\"}"),
            0,
            "refused, as it must be; the answer says \\u{1b}[2J",
        ),
        (
            Reply::Answer(Vec::new()),
            1,
            "no answer after T: connection closed before message completed",
        ),
    ] {
        let backend = Backend::start([answer]);
        let output = ping(&backend.url("/"), &["--corrupt", "body"]);
        let said = timeless(&output.stdout);
        assert_eq!(said.lines().last(), Some(lesson));
        output.code(code);
    }
}

#[test]
fn a_refusal_tells_what_to_do() {
    let refusal = |code: &str| {
        let body = format!("{{\"error\":\"{code}\"}}");
        let challenge = ["www-authenticate: Upstash-Signature"];
        answer_with("401 Unauthorized", &challenge, body.as_bytes())
    };
    for (code, hint) in [
        ("bad_signature", "the service has other keys than these"),
        ("no_signing_keys", "the service has no keys for this region"),
        (
            "url_mismatch",
            "the service goes by another URL: give it with --url",
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
    // These are nobody's that verifies.
    let other = answer_with("500 Internal Server Error", &[], b"{\"error\":\"expired\"}");
    for answer in [refusal("other"), other] {
        let backend = Backend::start([answer]);
        let output = ping(&backend.url("/"), &[]).code(1);
        assert!(output.stdout.ends_with("\"}\n"), "{}", output.stdout);
    }
}
