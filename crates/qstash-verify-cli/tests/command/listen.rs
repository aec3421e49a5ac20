//! `listen`: what it answers, what it says, what it hands on.

use std::net::TcpListener;
use std::sync::mpsc;
use std::time::SystemTime;

use qstash_verify_test_support::{
    DEFAULT, DEFAULT_VARIABLES, EU_VARIABLES, MULTI_REGION, Request, Token, US_VARIABLES,
};

use crate::backend::{Backend, Nobody, Reply, answer, answer_with, ok};
use crate::process::{Listen, Output, run};

const NOTICE: &str =
    "note: no signing keys are set: using the PUBLIC keys of the development server\n";
const URL: &str = "https://api.example.com/webhook";
const BODY: &[u8] = br#"{"a":1}"#;

fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs().try_into().unwrap()
}

fn token(body: &[u8]) -> Token {
    Token::new(URL, body, now())
}

fn genuine(body: &[u8]) -> String {
    token(body).sign(DEFAULT[0])
}

fn forged(body: &[u8]) -> String {
    token(body).sign("sig_ofSomebodyElse")
}

fn delivery(body: &[u8]) -> Request {
    Request::post("/webhook").signed(genuine(body)).body(body)
}

/// With the keys of the default pair.
fn listen(arguments: &[&str]) -> Listen {
    Listen::start(arguments, &DEFAULT_VARIABLES)
}

/// Starts it in front of a server.
fn forward(backend: &Backend, path: &str) -> Listen {
    listen(&["--forward", &backend.url(path)])
}

/// Checks that it ended as it should, its last lines being these.
#[track_caller]
fn assert_ended(output: &Output, lines: &[&str]) {
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    output.assert(0, &lines);
}

// What it answers and says.

#[test]
fn any_path_and_any_method_will_do() {
    let listen = listen(&[]);
    for (method, target) in [
        ("POST", "/"),
        ("PUT", "/a/b?c=d"),
        ("DELETE", "/a%20b//?"),
        ("GET", "/%2e%2e/"),
        ("PURGE", "/x"),
    ] {
        let request = Request::new(method, target).signed(genuine(BODY));
        let answer = listen.ask(&request.body(BODY));
        assert_eq!(answer.line, "HTTP/1.1 200 OK");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.text(), r#"{"verified":true}"#);
        assert_eq!(
            listen.line(),
            format!("accepted 200 {method} {target} [no region, current key (default), 7 bytes]")
        );
    }
    let mut connection = listen.connect();
    let request = Request::new("HEAD", "/").signed(genuine(b""));
    connection.send(request.bytes());
    assert_eq!(connection.answer_to_head().unwrap().status(), 200);
    assert_eq!(
        listen.line(),
        "accepted 200 HEAD / [no region, current key (default), 0 bytes]"
    );
}

#[test]
fn what_is_accepted_has_a_line() {
    let listen = listen(&[]);
    let next = token(b"x").sign(DEFAULT[1]);
    let request = Request::post("/webhook").signed(next).chunks(b"x", 1);
    let request = request
        .header("upstash-region", "us-east-1")
        .header("upstash-message-id", "msg_1")
        .header("upstash-retried", "2");
    assert_eq!(listen.ask(&request).status(), 200);
    assert_eq!(
        listen.line(),
        "accepted 200 POST /webhook [region US_EAST_1, next key (default), msg_1, retried 2, \
         1 byte]"
    );
}

#[test]
fn what_is_refused_is_answered_as_by_the_middleware() {
    let listen = listen(&[]);
    let post = || Request::post("/webhook");
    for (request, code, line) in [
        (
            post(),
            "missing_signature",
            "the request has no upstash-signature header: it does not come from QStash, or a \
             proxy drops the header",
        ),
        (
            post().body(b"x").header("upstash-message-id", "msg_1"),
            "missing_signature",
            "the request has no upstash-signature header: it does not come from QStash, or a \
             proxy drops the header [msg_1, 1 byte declared]",
        ),
        (
            post().signed(forged(BODY)).body(BODY),
            "bad_signature",
            "neither the current nor the next signing key made this signature; tried \
             QSTASH_CURRENT_SIGNING_KEY and QSTASH_NEXT_SIGNING_KEY for a delivery without a \
             known upstash-region header: compare them with the QStash console \
             [7 bytes declared]",
        ),
        (
            delivery(BODY)
                .header("upstash-retried", "1")
                .signed("again"),
            "malformed_token",
            "the upstash-signature header is not a token of QStash: there is more than one \
             [retried 1, 7 bytes declared]",
        ),
        (
            post().signed(genuine(BODY)).body(b"other"),
            "body_mismatch",
            "the 5 bytes of body are not those that were signed (claim `body`): something before \
             the verifier changes the body, such as decompression or a JSON parser that writes it \
             anew [5 bytes declared]",
        ),
        (
            post().signed(token(b"").claim("iss", "\"Mallory\"").sign(DEFAULT[0])),
            "wrong_issuer",
            "the token's claim `iss` is not `Upstash`: QStash did not issue it",
        ),
        (
            post().signed(token(b"").without("exp").sign(DEFAULT[0])),
            "missing_claim",
            "the token has no claim `exp`, which every delivery of QStash has",
        ),
    ] {
        listen.ask(&request).assert_unauthorized(code);
        assert_eq!(
            listen.line(),
            format!("refused  401 POST /webhook {code}: {line}")
        );
    }
}

#[test]
fn a_terminal_does_not_obey_a_stranger() {
    let listen = listen(&["--base-url", "https://api.example.com"]);
    let signed = |url: &str, body: &[u8]| {
        let token = Token::new(url, body, now());
        Request::post("/a%1b%5b31m").signed(token.sign(DEFAULT[0]))
    };
    let id = "a\t\u{9b}31m\u{202e}\"b\"";
    let request = signed("https://api.example.com/a%1b%5b31m", b"");
    let request = request.header("upstash-message-id", id);
    assert_eq!(listen.ask(&request).status(), 200);
    assert_eq!(
        listen.line(),
        "accepted 200 POST /a%1b%5b31m [no region, current key (default), \
         a\\t\\u{9b}31m\\u{202e}\"b\", 0 bytes]"
    );

    // The keys may be public, so that anyone may have signed this.
    let request = signed("https://x/\u{1b}[31m\n", b"").header("upstash-message-id", id);
    listen.ask(&request).assert_unauthorized("url_mismatch");
    assert_eq!(
        listen.line(),
        "refused  401 POST /a%1b%5b31m url_mismatch: the delivery was meant for \
         `https://x/\\u{1b}[31m\\n` (claim `sub`), and this endpoint is \
         `https://api.example.com/a%1b%5b31m`: set the verifier's URL to the one that is \
         published to [a\\t\\u{9b}31m\\u{202e}\"b\"]"
    );

    let request = Request::post("/\u{9b}31m\u{202e}?\u{9b}");
    assert_eq!(listen.ask(&request).status(), 401);
    let line = listen.line();
    let start = "refused  401 POST /\\u{9b}31m\\u{202e}?\\u{9b} missing_signature: ";
    assert!(line.starts_with(start), "{line}");
}

#[test]
fn bodies_are_shown_on_request() {
    let listen = listen(&["--body"]);
    let escapes = "\u{1b}[2J\n\"é\"\u{9b}".as_bytes();
    let long = [&[b'x'; 200][..], b"12345"].concat();
    for (body, shown) in [
        (BODY, r#"{"a":1}"#),
        (escapes, "\\u{1b}[2J\\n\"é\"\\u{9b}"),
        (&[0xff, 0], "\u{fffd}\\0"),
        (&long, &*format!("{}… (5 bytes more)", "x".repeat(200))),
    ] {
        assert_eq!(listen.ask(&delivery(body)).status(), 200);
        let length = body.len();
        assert_eq!(
            [listen.line(), listen.line()],
            [
                format!(
                    "accepted 200 POST /webhook [no region, current key (default), {length} bytes]"
                ),
                format!("  {shown}"),
            ]
        );
    }
    // What isn't there, and what is refused, isn't shown.
    listen.ask(&delivery(b""));
    listen.ask(&Request::post("/").signed(forged(BODY)).body(BODY));
    let output = listen.stop().code(0);
    assert_eq!(output.stdout.lines().count(), 3, "{output:?}");
}

#[test]
fn bodies_have_a_limit() {
    const LINE: &str = "HTTP/1.1 413 Payload Too Large";
    let listen = listen(&["--body-limit", "7"]);
    assert_eq!(listen.ask(&delivery(BODY)).status(), 200);
    listen.line();
    let body = b"12345678";
    let reason = "refused  413 POST /webhook body_too_large: the body is longer than the limit of \
                  7 bytes: raise the verifier's `body_limit` if such deliveries are expected";
    listen
        .ask(&delivery(body))
        .assert_refusal(LINE, "body_too_large");
    assert_eq!(listen.line(), format!("{reason} [8 bytes declared]"));
    let chunked = Request::post("/webhook")
        .signed(genuine(body))
        .chunks(body, 3);
    listen.ask(&chunked).assert_refusal(LINE, "body_too_large");
    assert_eq!(listen.line(), reason);
}

#[test]
fn it_is_for_its_url_only() {
    let listen = listen(&["--base-url", "https://api.example.com"]);
    assert_eq!(listen.ask(&delivery(BODY)).status(), 200);
    listen.line();
    let request = Request::post("/other?a").signed(genuine(b""));
    listen.ask(&request).assert_unauthorized("url_mismatch");
    assert_eq!(
        listen.line(),
        "refused  401 POST /other?a url_mismatch: the delivery was meant for \
         `https://api.example.com/webhook` (claim `sub`), and this endpoint is \
         `https://api.example.com/other?a`: set the verifier's URL to the one that is published to"
    );
}

#[test]
fn clocks_may_differ_by_the_tolerance() {
    // Expired a minute ago.
    let expired = || {
        let token = Token::new(URL, b"", now() - 360).sign(DEFAULT[0]);
        Request::post("/webhook").signed(token)
    };
    let strict = listen(&[]);
    strict.ask(&expired()).assert_unauthorized("expired");
    let line = strict.line();
    let start = "refused  401 POST /webhook expired: the delivery expired 6";
    assert!(line.starts_with(start), "{line}");
    for (tolerance, status) in [("3600", 200), ("59.5", 401)] {
        let listen = listen(&["--tolerance", tolerance]);
        assert_eq!(listen.ask(&expired()).status(), status, "{tolerance}");
    }
}

#[test]
fn what_breaks_off_has_a_line() {
    let listen = listen(&[]);
    let mut connection = listen.connect();
    let request = Request::post("/").signed(genuine(b"whole"));
    let request = request.header("content-length", "5").raw_body("who");
    connection.send(request.bytes());
    connection.finish_sending();
    let line = listen.line();
    assert!(
        line.starts_with("refused  400 POST / body_unreadable: "),
        "{line}"
    );
    assert!(line.ends_with(" [5 bytes declared]"), "{line}");
}

// What it hands on.

#[test]
fn the_request_is_handed_on() {
    let backend = Backend::start([ok(), ok(), ok()]);
    let listen = forward(&backend, "/base/");
    let body: Vec<u8> = (0..=255).collect();
    let request = Request::new("PATCH", "/a%2fb//c?d=e&f=%20").signed(genuine(&body));
    let request = request
        .header("Upstash-Message-Id", "msg_1")
        .header("upstash-region", "EU-CENTRAL-1")
        .header("content-type", "x/y; z")
        .header("x-twice", "1")
        .header("x-twice", b"\xe92")
        .header("cookie", "a=b");
    // What is for this hop only.
    let request = request
        .header("connection", "keep-alive, X-Hop ,x-other")
        .header("x-hop", "1")
        .header("x-other", "1")
        .header("keep-alive", "timeout=5")
        .header("proxy-connection", "keep-alive")
        .header("te", "trailers")
        .header("trailer", "x-end")
        .header("upgrade", "h2c")
        .header("expect", "100-continue");
    let mut connection = listen.connect();
    connection.send(request.body(&body).bytes());
    let mut statuses = std::iter::repeat_with(|| connection.answer().status());
    assert_eq!(statuses.find(|status| *status != 100), Some(200));

    let received = backend.request();
    assert_eq!(received.line, "PATCH /base/a%2fb//c?d=e&f=%20 HTTP/1.1");
    assert_eq!(received.body, body);
    assert_eq!(
        received.names(),
        [
            "content-length",
            "content-type",
            "cookie",
            "host",
            "upstash-message-id",
            "upstash-region",
            "upstash-signature",
            "x-twice",
            "x-twice",
        ]
    );
    let host = format!("127.0.0.1:{}", backend.port());
    for (name, value) in [
        ("host", &*host),
        ("content-type", "x/y; z"),
        ("upstash-message-id", "msg_1"),
        ("upstash-region", "EU-CENTRAL-1"),
        ("cookie", "a=b"),
    ] {
        assert_eq!(received.header(name), Some(value));
    }
    let twice = received
        .headers
        .iter()
        .filter(|(name, _)| name == "x-twice");
    let twice: Vec<_> = twice.map(|(_, value)| &**value).collect();
    assert_eq!(twice, [&b"1"[..], b"\xe92"]);
    assert_eq!(
        listen.line(),
        "accepted 200 PATCH /a%2fb//c?d=e&f=%20 [region EU_CENTRAL_1, current key (default), \
         msg_1, 256 bytes]"
    );

    // The path behind the base is what was asked for, and nothing else.
    for (target, handed_on) in [("/", "/base/"), ("/?a", "/base/?a")] {
        listen.ask(&Request::new("GET", target).signed(genuine(b"")));
        let received = backend.request();
        assert_eq!(received.line, format!("GET {handed_on} HTTP/1.1"));
        assert_eq!(received.body, b"");
    }
}

#[test]
fn the_answer_is_handed_back() {
    let headers = [
        "Content-Type: text/x",
        "X-Answer: 1",
        "Set-Cookie: a",
        "Set-Cookie: b",
        "Retry-After: 6m5s",
        "Date: Sun, 06 Nov 1994 08:49:37 GMT",
        "Connection: close, X-Hop",
        "X-Hop: 1",
        "Keep-Alive: timeout=5",
        "Upgrade: h2c",
    ];
    let backend = Backend::start([
        answer_with("418 I'm a teapot", &headers, b"short \0 and stout"),
        answer("302 Found", &["location: /elsewhere"]),
        answer("489 ", &["Upstash-NonRetryable-Error: true"]),
        answer("204 No Content", &[]),
    ]);
    let listen = forward(&backend, "");
    let mut connection = listen.connect();
    let answer = connection.ask(&delivery(BODY));
    assert_eq!(answer.line, "HTTP/1.1 418 I'm a teapot");
    assert_eq!(answer.body, b"short \0 and stout");
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    headers.sort_unstable();
    assert_eq!(
        headers,
        [
            "content-length: 17",
            "content-type: text/x",
            "date: Sun, 06 Nov 1994 08:49:37 GMT",
            "retry-after: 6m5s",
            "set-cookie: a",
            "set-cookie: b",
            "x-answer: 1",
        ]
    );
    // On the same connection, which is the client's business.
    let answer = connection.ask(&delivery(BODY));
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.header("location"), Some("/elsewhere"));
    let answer = connection.ask(&delivery(BODY));
    assert_eq!(answer.status(), 489);
    assert_eq!(answer.header("upstash-nonretryable-error"), Some("true"));
    assert_eq!(connection.ask(&delivery(BODY)).status(), 204);
    for status in [418, 302, 489, 204] {
        assert_eq!(
            listen.line(),
            format!("accepted {status} POST /webhook [no region, current key (default), 7 bytes]")
        );
    }
}

#[test]
fn an_answer_in_chunks_is_handed_back() {
    let chunks =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n4\r\n two\r\n0\r\n\r\n";
    let backend = Backend::start([Reply::Answer(chunks.into())]);
    let listen = forward(&backend, "");
    let output = run(&["send", &listen.url("/"), "--data", "x"]).with(&DEFAULT_VARIABLES);
    let output = output.end().code(0);
    assert!(output.stdout.ends_with("\none two\n"), "{output:?}");
}

#[test]
fn what_is_refused_is_not_handed_on() {
    let backend = Backend::start([ok()]);
    let listen = forward(&backend, "");
    let forged = Request::post("/forged").signed(forged(BODY)).body(BODY);
    listen.ask(&forged).assert_unauthorized("bad_signature");
    let other = Request::post("/other").signed(genuine(BODY)).body(b"other");
    listen.ask(&other).assert_unauthorized("body_mismatch");
    let unsigned = Request::post("/unsigned");
    listen
        .ask(&unsigned)
        .assert_unauthorized("missing_signature");
    // The first that comes there is this one.
    assert_eq!(listen.ask(&delivery(BODY)).status(), 200);
    assert_eq!(backend.request().target(), "/webhook");
    let output = listen.stop().code(0);
    assert_eq!(
        output.stdout.lines().last(),
        Some(
            "4 requests: 1 accepted, 3 refused (bad_signature 1, body_mismatch 1, \
             missing_signature 1)"
        )
    );
}

#[test]
fn bodies_are_handed_on_whole() {
    let large: Vec<u8> = (0..=255).cycle().take(3 * 1024 * 1024).collect();
    let backend = Backend::start([ok(), ok(), answer_with("200 OK", &[], &large)]);
    let listen = forward(&backend, "");
    for (body, request) in [
        (
            BODY,
            Request::post("/").signed(genuine(BODY)).chunks(BODY, 2),
        ),
        (
            &*large,
            Request::post("/")
                .signed(genuine(&large))
                .chunks(&large, 50_000),
        ),
        (&*large, delivery(&large)),
    ] {
        let answer = listen.ask(&request);
        assert_eq!(answer.status(), 200);
        let received = backend.request();
        assert!(received.body == body);
        let length = body.len().to_string();
        assert_eq!(received.header("content-length"), Some(&*length));
        if listen.line().contains("/webhook") {
            assert!(answer.body == large);
        }
    }
}

#[test]
fn a_backend_that_does_not_answer_is_a_bad_gateway() {
    let nobody = Nobody::new();
    let silent = Backend::start([Reply::Answer(Vec::new())]);
    for (url, why) in [
        (nobody.url(""), "tcp connect error: "),
        (silent.url(""), "connection closed before message completed"),
    ] {
        let listen = listen(&["--forward", &url]);
        let answer = listen.ask(&delivery(BODY));
        assert_eq!(answer.line, "HTTP/1.1 502 Bad Gateway");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.text(), r#"{"error":"forward_failed"}"#);
        let line = listen.line();
        let start = format!(
            "accepted 502 POST /webhook [no region, current key (default), 7 bytes] not handed \
             on: {why}"
        );
        assert!(line.starts_with(&start), "{line}");
        // It is none the worse for it.
        assert_eq!(listen.ask(&Request::post("/")).status(), 401);
    }
}

#[test]
fn a_url_to_hand_on_to_must_be_one() {
    for url in ["127.0.0.1:8000", "ftp://127.0.0.1", "/base"] {
        let output = run(&["listen", "--port", "0", "--forward", url])
            .end()
            .code(2);
        let line = format!(
            "error: invalid value '{url}' for '--forward <URL>': it is no URL with http:// or \
             https:// in front"
        );
        assert!(output.stderr.starts_with(&line), "{output:?}");
    }
    let url = "http://127.0.0.1:8000/?a";
    let output = run(&["listen", "--port", "0", "--forward", url]).with(&DEFAULT_VARIABLES);
    output.end().assert_misuse(&format!(
        "--forward {url} has a query: it is put in front of the path of each request"
    ));
}

// How it ends.

#[test]
fn it_ends_with_a_summary() {
    for signal in ["INT", "TERM"] {
        assert_ended(
            &listen(&[]).stop_with(signal),
            &["0 requests: 0 accepted, 0 refused"],
        );

        let listen = listen(&[]);
        listen.ask(&delivery(BODY));
        listen.line();
        let output = listen.stop_with(signal);
        assert_ended(&output, &["1 request: 1 accepted, 0 refused"]);
    }
    let listen = listen(&[]);
    for _ in 0..2 {
        listen.ask(&delivery(BODY));
        listen.ask(&Request::post("/").signed(forged(BODY)));
        listen.line();
        listen.line();
    }
    listen.ask(&Request::post("/"));
    listen.line();
    assert_ended(
        &listen.stop(),
        &["5 requests: 2 accepted, 3 refused (bad_signature 2, missing_signature 1)"],
    );
}

#[test]
fn idle_clients_do_not_hold_it_up() {
    let listen = listen(&[]);
    let mut idle = listen.connect();
    assert_eq!(idle.ask(&delivery(BODY)).status(), 200);
    listen.line();
    let output = listen.stop();
    assert_ended(&output, &["1 request: 1 accepted, 0 refused"]);
    assert_eq!(idle.next_answer(), None);
}

#[test]
fn stalled_clients_do_not_hold_it_up_for_long() {
    let listen = listen(&[]);
    let mut stalled = listen.connect();
    let request = Request::post("/").signed(genuine(BODY));
    let request = request
        .header("content-length", "7")
        .header("expect", "100-continue");
    stalled.send(request.head());
    // It reads the body now.
    assert_eq!(stalled.answer().status(), 100);
    stalled.send("{");
    assert_ended(&listen.stop(), &["0 requests: 0 accepted, 0 refused"]);
}

#[test]
fn what_is_under_way_has_a_moment() {
    let (tell, told) = mpsc::channel();
    let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_vec();
    let backend = Backend::start([Reply::Wait(told, answer)]);
    let listen = forward(&backend, "");
    let mut connection = listen.connect();
    connection.send(delivery(BODY).bytes());
    backend.request();
    let mut idle = listen.connect();
    idle.ask(&Request::post("/"));
    listen.line();
    let ended = std::thread::spawn(move || listen.stop());
    // Idle connections are closed as soon as it is asked to stop.
    assert_eq!(idle.next_answer(), None);
    tell.send(()).unwrap();
    assert_eq!(connection.answer().status(), 202);
    assert_ended(
        &ended.join().unwrap(),
        &[
            "accepted 202 POST /webhook [no region, current key (default), 7 bytes]",
            "2 requests: 1 accepted, 1 refused (missing_signature 1)",
        ],
    );
}

// How it starts, or doesn't.

#[test]
fn a_port_that_is_taken_can_not_be_had() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["listen", "--port", &port]).with(&DEFAULT_VARIABLES);
    let output = output.end().code(2);
    assert_eq!(output.stdout, "");
    let start = format!("error: can't listen on 127.0.0.1:{port}: Address already in use");
    assert!(output.stderr.starts_with(&start), "{output:?}");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
}

#[test]
fn without_keys_it_is_for_development() {
    let development = [
        "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
        "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
    ];
    let listen = Listen::start(&[], &[]);
    for (key, slot) in development.into_iter().zip(["current", "next"]) {
        let request = Request::post("/").signed(token(BODY).sign(key)).body(BODY);
        assert_eq!(listen.ask(&request).status(), 200);
        assert_eq!(
            listen.line(),
            format!("accepted 200 POST / [no region, {slot} key (explicit), 7 bytes]")
        );
    }
    listen
        .ask(&delivery(BODY))
        .assert_unauthorized("bad_signature");
    let output = listen.stop().code(0);
    assert_eq!(output.stderr, NOTICE);
    assert!(!output.all().contains("sig_"), "{output:?}");
}

#[test]
fn what_is_odd_about_the_variables_is_noted() {
    let unused = [&DEFAULT_VARIABLES[..], &EU_VARIABLES[..1]].concat();
    let missing = [&DEFAULT_VARIABLES[..], &US_VARIABLES, &[MULTI_REGION]].concat();
    for (variables, notes) in [
        (&DEFAULT_VARIABLES[..], ""),
        (
            &unused,
            "note: EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY is set but not used while \
             QSTASH_REGION is unset: set it to US_EAST_1 or EU_CENTRAL_1 to receive from both \
             regions\n",
        ),
        (
            &missing,
            "note: QSTASH_REGION is set, and there are no keys for EU_CENTRAL_1: its deliveries \
             are checked with the default keys, or refused where there are none; set \
             EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY and EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY\n",
        ),
    ] {
        let output = Listen::start(&[], variables).stop().code(0);
        assert_eq!(output.stderr, notes);
    }
}

#[test]
fn variables_that_are_wrong_are_an_error() {
    let mars = ("QSTASH_REGION", "MARS");
    for keys in [&[][..], &DEFAULT_VARIABLES] {
        let output = run(&["listen", "--port", "0"]).with(keys).with(&[mars]);
        output.end().assert_misuse(
            "QSTASH_REGION is \"MARS\", which is no region: set it to US_EAST_1 or EU_CENTRAL_1, \
             or unset it to use one region's keys; `qstash-verify check` tells more",
        );
    }
    for variables in [&DEFAULT_VARIABLES[..1], &EU_VARIABLES] {
        let output = run(&["listen", "--port", "0"])
            .with(variables)
            .end()
            .code(2);
        assert_eq!(output.stdout, "");
        assert!(!output.stderr.contains("PUBLIC"), "{output:?}");
        for (name, _) in variables {
            assert!(output.stderr.contains(name), "{output:?}");
        }
    }
    let output = run(&["listen", "--port", "0", "--base-url", "api.example.com"]);
    output.with(&DEFAULT_VARIABLES).end().assert_misuse(
        "the URL to compare `sub` with, \"api.example.com\", does not begin with https:// or \
         http://",
    );
}
