//! `send`: what goes over the wire, and what is said of the answers.

use std::time::{Duration, SystemTime};

use qstash_verify::{RequestHead, Retry, Verified, Verifier};
use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU_VARIABLES, Example, Kind, MULTI_REGION, US_VARIABLES,
    signing_keys,
};

use crate::backend::{Backend, Nobody, Received, Reply, answer, answer_with, ok};
use crate::process::{Listen, Output, Run, run};

const NOTICE: &str =
    "note: no signing keys are set: using the PUBLIC keys of the development server\n";
const PUBLIC: (&str, &str) = ("PUBLIC_URL", "https://api.example.com");
const URL: &str = "https://api.example.com/webhook";

fn send(url: &str, arguments: &[&str]) -> Run {
    run(&[&["send", url], arguments].concat())
}

/// With the keys of the default pair, of four bytes.
fn ping(url: &str, arguments: &[&str]) -> Output {
    send(url, &[&["--data", "ping"], arguments].concat())
        .with(&DEFAULT_VARIABLES)
        .end()
}

fn both_regions() -> Vec<(&'static str, &'static str)> {
    [&US_VARIABLES[..], &EU_VARIABLES, &[MULTI_REGION]].concat()
}

/// The first line of a delivery of [`ping`].
fn first(url: &str) -> String {
    format!(
        "POST {url}: 4 bytes from EU_CENTRAL_1, signed with the current key of the default pair"
    )
}

/// The text with `T` in place of how long something took.
fn timeless(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once(" after ") {
        Some((what, rest)) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            let (time, why) = rest.split_at(rest.find(": ").unwrap_or(rest.len()));
            assert!(time.ends_with(" s") || time.ends_with(" ms"), "{line}");
            format!("{what} after T{why}\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

#[track_caller]
fn assert_said(output: &Output, code: i32, lines: &[&str]) {
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(timeless(&output.stdout), lines, "{}", output.stderr);
    assert_eq!((output.code, &*output.stderr), (Some(code), ""));
}

/// Verifies what arrived, as a delivery to this URL.
fn verify(received: &Received, url: &str) -> Verified {
    let verifier = Verifier::builder(signing_keys(&DEFAULT)).url(url).unwrap();
    let headers = received.headers.iter().map(|(name, value)| (name, value));
    let head = RequestHead::new(headers, received.target());
    verifier.build().verify(&head, &received.body).unwrap()
}

/// What arrives at a server that accepts it.
fn received(path: &str, arguments: &[&str], prepare: impl FnOnce(Run) -> Run) -> Received {
    let backend = Backend::start([ok()]);
    let run = send(&backend.url(path), arguments).with(&DEFAULT_VARIABLES);
    prepare(run).end().code(0);
    backend.request()
}

// With `listen`.

#[test]
fn it_is_accepted_where_it_has_the_keys() {
    let regional = both_regions();
    for (variables, arguments, signed, accepted) in [
        (
            &[][..],
            &[][..],
            "from EU_CENTRAL_1, signed with the current key",
            "region EU_CENTRAL_1, current key (explicit)",
        ),
        (
            &DEFAULT_VARIABLES,
            &[],
            "from EU_CENTRAL_1, signed with the current key of the default pair",
            "region EU_CENTRAL_1, current key (default)",
        ),
        (
            &DEFAULT_VARIABLES,
            &["--next"],
            "from EU_CENTRAL_1, signed with the next key of the default pair",
            "region EU_CENTRAL_1, next key (default)",
        ),
        (
            &DEFAULT_VARIABLES,
            &["--region", "us-east-1"],
            "from US_EAST_1, signed with the current key of the default pair",
            "region US_EAST_1, current key (default)",
        ),
        // Without an argument, it is from the primary region.
        (
            &regional,
            &[],
            "from US_EAST_1, signed with the current key of the US_EAST_1 pair",
            "region US_EAST_1, current key (region)",
        ),
        (
            &regional,
            &["--region", "EU_CENTRAL_1", "--next"],
            "from EU_CENTRAL_1, signed with the next key of the EU_CENTRAL_1 pair",
            "region EU_CENTRAL_1, next key (region)",
        ),
    ] {
        let listen = Listen::start(&[], variables);
        let url = listen.url("/webhook?a=b");
        let common = ["--data", r#"{"a":1}"#, "--message-id", "msg_1"];
        let output = send(&url, &[&common, arguments].concat())
            .with(variables)
            .end();
        let said = format!("POST {url}: 7 bytes {signed}\n200 OK after T\n{{\"verified\":true}}\n");
        assert_eq!(timeless(&output.stdout), said);
        let notice = if variables.is_empty() { NOTICE } else { "" };
        assert_eq!((output.code, &*output.stderr), (Some(0), notice));
        assert_eq!(
            listen.line(),
            format!("accepted 200 POST /webhook?a=b [{accepted}, msg_1, retried 0, 7 bytes]")
        );
    }
}

#[test]
fn each_region_sends_one() {
    let variables = both_regions();
    let listen = Listen::start(&[], &variables);
    let url = listen.url("/");
    let arguments = ["--data", "x", "--message-id", "msg_1", "--both-regions"];
    let output = send(&url, &arguments).with(&variables).end();
    let line = |region: &str| {
        format!(
            "POST {url}: 1 byte from {region}, signed with the current key of the {region} pair"
        )
    };
    let answer = ["200 OK after T", r#"{"verified":true}"#];
    let (us, eu) = (line("US_EAST_1"), line("EU_CENTRAL_1"));
    assert_said(
        &output,
        0,
        &[&*us, answer[0], answer[1], &*eu, answer[0], answer[1]],
    );
    for region in ["US_EAST_1", "EU_CENTRAL_1"] {
        assert_eq!(
            listen.line(),
            format!(
                "accepted 200 POST / [region {region}, current key (region), msg_1, retried 0, \
                 1 byte]"
            )
        );
    }
}

#[test]
fn one_region_that_is_refused_is_a_finding() {
    let statuses = ["401 Unauthorized", "200 OK"];
    for script in [statuses, [statuses[1], statuses[0]]] {
        let backend = Backend::start(script.map(|status| answer(status, &[])));
        let arguments = ["--data", "ping", "--both-regions"];
        let output = send(&backend.url("/"), &arguments).with(&both_regions());
        output.end().code(1);
        let regions: Vec<_> = backend
            .requests()
            .iter()
            .map(|request| request.header("upstash-region").unwrap().to_owned())
            .collect();
        assert_eq!(regions, ["US-EAST-1", "EU-CENTRAL-1"]);
    }
}

#[test]
fn a_region_without_keys_borrows_and_says_so() {
    let variables = [&DEFAULT_VARIABLES[..], &US_VARIABLES, &[MULTI_REGION]].concat();
    let backend = Backend::start([ok()]);
    let arguments = ["--data", "ping", "--region", "EU_CENTRAL_1"];
    let output = send(&backend.url("/"), &arguments).with(&variables).end();
    assert_eq!(
        output.stderr,
        "note: there are no keys of EU_CENTRAL_1: signed with the default pair, which QStash \
         does only if those are its keys\n"
    );
    output.code(0);
    assert_eq!(
        verify(&backend.request(), &backend.url("/"))
            .key_slot()
            .as_str(),
        "current"
    );
}

// The wire.

#[test]
fn the_head_is_that_of_qstash() {
    let backend = Backend::start([ok()]);
    let url = backend.url("/hooks/a%20b?c=d&e=%2F");
    let output = ping(&url, &[]);
    assert_said(&output, 0, &[&*first(&url), "200 OK after T"]);
    let request = backend.request();
    assert_eq!(request.line, "POST /hooks/a%20b?c=d&e=%2F HTTP/1.1");
    assert_eq!(
        request.names(),
        [
            "content-length",
            "content-type",
            "host",
            "upstash-message-id",
            "upstash-region",
            "upstash-retried",
            "upstash-signature",
            "user-agent",
        ]
    );
    let host = format!("127.0.0.1:{}", backend.port());
    for (name, value) in [
        ("host", &*host),
        ("upstash-region", "EU-CENTRAL-1"),
        ("upstash-retried", "0"),
        ("user-agent", "Upstash-QStash"),
    ] {
        assert_eq!(request.header(name), Some(value));
    }
    let id = request.header("upstash-message-id").unwrap();
    assert!(id.starts_with("msg_"), "{id}");
    // Each message has its own.
    let other = received("/", &["--data", "ping"], |run| run);
    assert_ne!(other.header("upstash-message-id"), Some(id));
    assert_eq!(request.body, b"ping");
    assert_eq!(verify(&request, &url).claims().sub(), url);
}

#[test]
fn options_change_the_head() {
    let request = received(
        "/",
        &[
            "--data",
            "a,b",
            "--method",
            "PATCH",
            "--region",
            "US-EAST-1",
            "--message-id",
            "msg_7",
            "--retried",
            "2",
            "--schedule-id",
            "scd_1",
            "--url",
            URL,
            "-H",
            "Content-Type: text/csv",
            "--header",
            "X-More: a: b",
            "-H",
            "user-agent:mine",
        ],
        |run| run,
    );
    assert_eq!(request.line, "PATCH / HTTP/1.1");
    for (name, value) in [
        ("upstash-region", "US-EAST-1"),
        ("upstash-message-id", "msg_7"),
        ("upstash-retried", "2"),
        ("upstash-schedule-id", "scd_1"),
        ("content-type", "text/csv"),
        ("x-more", "a: b"),
        ("user-agent", "mine"),
    ] {
        assert_eq!(request.header(name), Some(value));
    }
    assert_eq!(verify(&request, URL).claims().sub(), URL);
}

#[test]
fn the_body_is_what_was_given() {
    let binary: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let text = "text/plain; charset=utf-8";
    let octets = "application/octet-stream";
    let plain: &dyn Fn(Run) -> Run = &|run| run;
    for (arguments, prepare, body, kind) in [
        (
            &["--data", r#" {"a":1}"#][..],
            plain,
            &br#" {"a":1}"#[..],
            "application/json",
        ),
        (&["--data", "-é\n"], plain, "-é\n".as_bytes(), text),
        (&["--data", ""], plain, b"", text),
        // Nothing is piped.
        (&[], plain, b"", text),
        (
            &["--body", "b.bin"],
            &|run| run.file("b.bin", &binary),
            &binary,
            octets,
        ),
        (
            &["--body", "-"],
            &|run| run.input(&*binary),
            &binary,
            octets,
        ),
        (
            &[],
            &|run| run.input("[1]\r\n"),
            b"[1]\r\n",
            "application/json",
        ),
        // What is piped doesn't count then.
        (&["--data", "a"], &|run| run.input("b"), b"a", text),
    ] {
        let request = received("/x", arguments, prepare);
        assert_eq!(request.body, body, "{arguments:?}");
        assert_eq!(request.header("content-type"), Some(kind), "{arguments:?}");
        let host = request.header("host").unwrap();
        verify(&request, &format!("http://{host}/x"));
    }
}

#[test]
fn redirects_are_not_followed() {
    let backend = Backend::start([answer("302 Found", &["location: /elsewhere"]), ok()]);
    let url = backend.url("/");
    assert_said(&ping(&url, &[]), 1, &[&*first(&url), "302 Found after T"]);
    assert_eq!(backend.requests().len(), 1);
}

// With services.

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

#[test]
fn the_url_is_signed_as_it_is_written() {
    let backend = Backend::start([ok()]);
    let url = backend.url("");
    send(&url, &["--data", "ping"])
        .with(&DEFAULT_VARIABLES)
        .end()
        .code(0);
    assert_eq!(verify(&backend.request(), &url).claims().sub(), url);
}

// Retries.

#[test]
fn a_delivery_is_retried_until_it_is_accepted() {
    let failure = || answer("500 Internal Server Error", &[]);
    let backend = Backend::start([failure(), failure(), ok(), ok()]);
    let url = backend.url("/webhook");
    let output = ping(&url, &["--retries", "3", "--fast"]);
    let first = first(&url);
    assert_said(
        &output,
        0,
        &[
            &*first,
            "500 Internal Server Error after T",
            "next attempt in 12.182 s (12 ms with --fast)",
            &*format!("{first}, retry 1"),
            "500 Internal Server Error after T",
            "next attempt in 2 min 28 s (148 ms with --fast)",
            &*format!("{first}, retry 2"),
            "200 OK after T",
        ],
    );
    let requests = backend.requests();
    let header = |name| {
        let values = requests.iter().map(|request| request.header(name));
        values.collect::<Option<Vec<_>>>().unwrap()
    };
    assert_eq!(header("upstash-retried"), ["0", "1", "2"]);
    let ids = header("upstash-message-id");
    assert_eq!(ids, [ids[0]; 3]);
    // Each attempt is signed anew.
    let mut tokens: Vec<_> = requests
        .iter()
        .map(|request| verify(request, &url).claims().jti().unwrap().to_owned())
        .collect();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

#[test]
fn retries_are_used_up() {
    let failure = || answer("503 Service Unavailable", &[]);
    let backend = Backend::start([failure(), failure(), ok()]);
    let url = backend.url("/");
    let first = first(&url);
    assert_said(
        &ping(&url, &["--retries", "1", "--fast", "--retried", "4"]),
        1,
        &[
            &*first,
            "503 Service Unavailable after T",
            "next attempt in 1 d (1 s with --fast)",
            &*format!("{first}, retry 1"),
            "503 Service Unavailable after T",
            "no retry is left: QStash moves it to the dead letter queue",
        ],
    );
    let requests = backend.requests();
    let retried = requests
        .iter()
        .map(|request| request.header("upstash-retried").unwrap());
    assert_eq!(retried.collect::<Vec<_>>(), ["4", "5"]);
}

#[test]
fn a_service_may_ask_for_time() {
    // Far enough from a whole minute to be the same for half a minute.
    let ahead = Duration::from_secs(5 * 3600 + 29 * 60 + 45);
    let (name, date) = Retry::At(SystemTime::now() + ahead).header();
    let wait = |value: &str| answer("503 Service Unavailable", &[&*format!("{name}: {value}")]);
    let backend = Backend::start([wait("30"), wait(&date), wait("6m5s"), wait("soon"), ok()]);
    let output = ping(&backend.url("/"), &["--retries", "4", "--fast"]).code(0);
    let waits = output
        .stdout
        .lines()
        .filter(|line| line.starts_with("next"));
    assert_eq!(
        waits.collect::<Vec<_>>(),
        [
            "next attempt in 30 s, as Retry-After asks (30 ms with --fast)",
            "next attempt in 5 h 29 min, as Retry-After asks (1 s with --fast)",
            "next attempt in 6 min 5 s, as Retry-After asks (365 ms with --fast)",
            // That is none; the fourth is e^10 s.
            "next attempt in 6 h 7 min (its Retry-After is none, or of more than a day) (1 s with --fast)",
        ]
    );
}

#[test]
fn a_wait_of_no_time_needs_no_hurry() {
    let backend = Backend::start([answer("429 Too Many Requests", &["retry-after: 0"]), ok()]);
    let url = backend.url("/");
    let first = first(&url);
    assert_said(
        &ping(&url, &["--retries", "1"]),
        0,
        &[
            &*first,
            "429 Too Many Requests after T",
            "next attempt in 0 ms, as Retry-After asks",
            &*format!("{first}, retry 1"),
            "200 OK after T",
        ],
    );
}

#[test]
fn a_service_may_end_it() {
    let never = answer("489 ", &["Upstash-NonRetryable-Error: true"]);
    let backend = Backend::start([answer("489 ", &[]), never, ok()]);
    let url = backend.url("/");
    let first = first(&url);
    assert_said(
        &ping(&url, &["--retries", "3", "--fast"]),
        1,
        &[
            &*first,
            "489 after T",
            "next attempt in 12.182 s (12 ms with --fast)",
            &*format!("{first}, retry 1"),
            "489 after T",
            "no retry: the answer says that none will mend it",
        ],
    );
    assert_eq!(backend.requests().len(), 2);
}

#[test]
fn an_attempt_without_an_answer_is_one() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nha".to_vec();
    let backend = Backend::start([
        Reply::Answer(Vec::new()),
        answer("302 Found", &["location: /elsewhere"]),
        Reply::Answer(half),
        ok(),
    ]);
    let url = backend.url("/");
    let first = first(&url);
    assert_said(
        &ping(&url, &["--retries", "3", "--fast"]),
        0,
        &[
            &*first,
            "no answer after T: connection closed before message completed",
            "next attempt in 12.182 s (12 ms with --fast)",
            &*format!("{first}, retry 1"),
            "302 Found after T",
            "next attempt in 2 min 28 s (148 ms with --fast)",
            &*format!("{first}, retry 2"),
            "no answer after T: error reading a body from connection: end of file before message \
             length reached",
            "next attempt in 30 min 8 s (1 s with --fast)",
            &*format!("{first}, retry 3"),
            "200 OK after T",
        ],
    );
}

#[test]
fn each_attempt_has_a_connection_of_its_own() {
    let failure = b"HTTP/1.1 500 \r\ncontent-length: 0\r\n\r\n".to_vec();
    let backend = Backend::start([Reply::Keep(failure), ok()]);
    ping(&backend.url("/"), &["--retries", "1", "--fast"]).code(0);
    assert_eq!(backend.requests().len(), 2);
}

// What goes wrong.

#[test]
fn a_url_must_be_one() {
    for url in [
        "127.0.0.1:3000",
        "127.0.0.1:3000/webhook",
        "/webhook",
        "ftp://127.0.0.1/",
    ] {
        let output = ping(url, &[]).code(2);
        assert_eq!(output.stdout, "");
        let line = format!(
            "error: invalid value '{url}' for '<URL>': it is no URL with http:// or https:// in \
             front"
        );
        assert!(output.stderr.starts_with(&line), "{output:?}");
    }
}

#[test]
fn options_that_exclude_each_other_do() {
    for (arguments, named) in [
        (
            &["--corrupt", "body", "--retries", "1"][..],
            ["--corrupt", "--retries"],
        ),
        (
            &["--corrupt", "body", "--both-regions"],
            ["--corrupt", "--both-regions"],
        ),
        (
            &["--both-regions", "--region", "US-EAST-1"],
            ["--both-regions", "--region"],
        ),
        (&["--fast"], ["--fast", "--retries"]),
        (&["--body", "x"], ["--body", "--data"]),
    ] {
        let output = ping("http://127.0.0.1:1/", arguments).code(2);
        assert_eq!(output.stdout, "");
        for name in named {
            assert!(output.stderr.contains(name), "{output:?}");
        }
    }
}

#[test]
fn both_regions_need_both_pairs() {
    let us = [&US_VARIABLES[..], &[MULTI_REGION]].concat();
    let eu = [&EU_VARIABLES[..], &DEFAULT_VARIABLES, &[MULTI_REGION]].concat();
    let unset = [&DEFAULT_VARIABLES[..], &US_VARIABLES, &EU_VARIABLES].concat();
    let pair = |region: &str| {
        format!("{region}_QSTASH_CURRENT_SIGNING_KEY, {region}_QSTASH_NEXT_SIGNING_KEY")
    };
    for (variables, missing) in [
        (&us, pair("EU_CENTRAL_1")),
        (&eu, pair("US_EAST_1")),
        (&unset, "QSTASH_REGION".to_owned()),
    ] {
        let backend = Backend::start([ok()]);
        let arguments = ["--data", "ping", "--both-regions"];
        let output = send(&backend.url("/"), &arguments).with(variables).end();
        output.assert_misuse(&format!(
            "--both-regions signs with the keys of each region; not set here: {missing}"
        ));
        assert_eq!(backend.requests(), []);
    }
}

#[test]
fn keys_must_be_whole() {
    let token = ("QSTASH_TOKEN", "eyJVc2VySUQiOiJ0aGUtd2hvbGUtdG9rZW4ifQ==");
    let arguments = ["--data", "ping"];
    for variables in [
        &[DEFAULT_VARIABLES[0], token][..],
        &EU_VARIABLES,
        &[
            DEFAULT_VARIABLES[0],
            DEFAULT_VARIABLES[1],
            ("QSTASH_REGION", "MARS_1"),
        ],
    ] {
        let output = send("http://127.0.0.1:1/", &arguments)
            .with(variables)
            .end();
        assert_eq!((output.code, &*output.stdout), (Some(2), ""));
        let hint = "; `qstash-verify check` tells more\n";
        assert!(output.stderr.starts_with("error: "), "{output:?}");
        assert!(output.stderr.ends_with(hint), "{output:?}");
        assert!(!output.stderr.contains("sig_"), "{output:?}");
    }
    // What is whole isn't told either.
    let backend = Backend::start([answer("401 Unauthorized", &[])]);
    let output = send(&backend.url("/"), &arguments);
    let output = output.with(&DEFAULT_VARIABLES).with(&[token]).end().code(1);
    assert!(!output.all().contains("sig_"), "{output:?}");
}

#[test]
fn a_header_that_is_none_is_not_sent() {
    let backend = Backend::start([ok()]);
    let output = ping(&backend.url("/"), &["--message-id", "a\nb"]);
    let output = output.code(2);
    assert!(
        output.stderr.contains("it can't stand in a header"),
        "{output:?}"
    );
    for header in ["nothing", "a b: c", "a: b\nc: d"] {
        let output = ping(&backend.url("/"), &["-H", header]).code(2);
        assert_eq!(output.stdout, "");
    }
    assert_eq!(backend.requests(), []);
}

#[test]
fn a_body_that_is_not_there_is_not_sent() {
    let backend = Backend::start([ok()]);
    let output = send(&backend.url("/"), &["--body", "nothing.json"]);
    let output = output.with(&DEFAULT_VARIABLES).end();
    assert_eq!((output.code, &*output.stdout), (Some(2), ""));
    let line = "error: the body can't be read from nothing.json: ";
    assert!(output.stderr.starts_with(line), "{output:?}");
    assert_eq!(backend.requests(), []);
}

#[test]
fn patience_ends() {
    let slow = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nha".to_vec();
    for reply in [Reply::Silence, Reply::Keep(slow)] {
        let backend = Backend::start([reply]);
        let url = backend.url("/");
        let output = ping(&url, &["--timeout", "0.2"]);
        assert_said(
            &output,
            1,
            &[&*first(&url), "no answer after T: that is --timeout"],
        );
    }
}

#[test]
fn who_leaves_early_stops_no_delivery() {
    let failure = || answer("500 Internal Server Error", &[]);
    let backend = Backend::start([failure(), failure()]);
    let output = send(
        &backend.url("/"),
        &["--data", "ping", "--retries", "1", "--fast"],
    )
    .with(&DEFAULT_VARIABLES)
    .unread();
    assert_eq!(output, Some(1));
    assert_eq!(backend.requests().len(), 2);
}

#[test]
fn nobody_is_there() {
    let nobody = Nobody::new();
    let url = nobody.url("/");
    let output = ping(&url, &[]).code(1);
    let said = timeless(&output.stdout);
    let (line, reason) = said.split_once('\n').unwrap();
    assert_eq!(line, first(&url));
    assert!(
        reason.starts_with("no answer after T: tcp connect error: "),
        "{said}"
    );
    assert_eq!(output.stderr, "");
}

// Answers.

#[test]
fn a_terminal_does_not_obey_an_answer() {
    let body = "\u{1b}[31mred\u{7}\r\n\n\u{9b}2J \"é\" \\ \u{202e}x\r".as_bytes();
    let body = [body, b"\xff"].concat();
    let reply = answer_with("200 \u{9b}31m", &["x-y: \u{9b}31m"], &body);
    let backend = Backend::start([reply]);
    let url = backend.url("/");
    assert_said(
        &ping(&url, &[]),
        0,
        &[
            &*first(&url),
            "200 OK after T",
            r"\u{1b}[31mred\u{7}",
            "",
            "\\u{9b}2J \"é\" \\ \\u{202e}x\\r\u{fffd}",
        ],
    );
}

#[test]
fn of_a_long_answer_the_beginning_is_shown() {
    let line = [&[b'x'; 1023][..], b"\n"].concat();
    let backend = Backend::start([
        answer_with("200 OK", &[], &line.repeat(16 * 1024)),
        answer_with("200 OK", &[], &line.repeat(63)),
        // The rest of this never comes.
        Reply::Keep(
            [
                &b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n"[..],
                &line.repeat(64),
            ]
            .concat(),
        ),
    ]);
    let url = backend.url("/");
    let shown = "x".repeat(1023);
    let cut = &["… (no more of it was read)"][..];
    for (lines, rest) in [(64, cut), (63, &[]), (64, cut)] {
        let first = first(&url);
        let head = [&*first, "200 OK after T"];
        let lines = vec![&*shown; lines];
        assert_said(&ping(&url, &[]), 0, &[&head[..], &lines, rest].concat());
    }
}
