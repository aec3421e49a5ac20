//! Forwarding.

use qstash_verify_test_support::{DEFAULT_VARIABLES, Request};

use crate::backend::{Backend, Nobody, Reply, answer, answer_with, ok};
use crate::process::run;

use super::{BODY, delivery, forged, forward, genuine, listen};

#[test]
fn request_is_forwarded() {
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
    // Hop-by-hop headers.
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

    // The path of the request is appended unchanged.
    for (target, handed_on) in [("/", "/base/"), ("/?a", "/base/?a")] {
        listen.ask(&Request::new("GET", target).signed(genuine(b"")));
        let received = backend.request();
        assert_eq!(received.line, format!("GET {handed_on} HTTP/1.1"));
        assert_eq!(received.body, b"");
    }
}

#[test]
fn response_is_returned() {
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
    // The connection to the client is kept.
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
fn chunked_response_is_returned() {
    let chunks =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n4\r\n two\r\n0\r\n\r\n";
    let backend = Backend::start([Reply::Answer(chunks.into())]);
    let listen = forward(&backend, "");
    let output = run(&["send", &listen.url("/"), "--data", "x"]).with(&DEFAULT_VARIABLES);
    let output = output.end().code(0);
    assert!(output.stdout.ends_with("\none two\n"), "{output:?}");
}

#[test]
fn refused_requests_are_not_forwarded() {
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
    // The first forwarded request.
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
fn bodies_are_forwarded_whole() {
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
fn backend_without_an_answer_is_502() {
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
            "accepted 502 POST /webhook [no region, current key (default), 7 bytes] not \
             forwarded: {why}"
        );
        assert!(line.starts_with(&start), "{line}");
        // The server goes on.
        assert_eq!(listen.ask(&Request::post("/")).status(), 401);
    }
}

#[test]
fn invalid_forward_url_is_an_error() {
    for (url, wrong) in [
        ("a.b:8000", "it has no scheme, "),
        ("ftp://127.0.0.1", "its scheme is neither http nor https"),
        ("/base", "it has neither scheme nor host"),
    ] {
        let output = run(&["listen", "--port", "0", "--forward", url])
            .end()
            .code(2);
        let line = format!("error: invalid value '{url}' for '--forward <URL>': {wrong}");
        assert!(output.stderr.starts_with(&line), "{output:?}");
    }
    let url = "http://127.0.0.1:8000/?a";
    let output = run(&["listen", "--port", "0", "--forward", url]).with(&DEFAULT_VARIABLES);
    output.end().assert_misuse(&format!(
        "the URL has a query: --forward {url}; leave the query out, since the path of each \
         request is appended"
    ));
}
