//! Responses and log lines.

use qstash_verify_test_support::{DEFAULT, Request, Token};

use super::{BODY, URL, delivery, forged, genuine, listen, now, token};

#[test]
fn any_path_and_method_is_accepted() {
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
fn accepted_delivery_is_one_line() {
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
fn refusals_are_those_of_the_middleware() {
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
            "the received body (length 5) is not the one that was signed (claim `body`): something before \
             the verifier changes the body, such as decompression or a JSON parser that \
             re-serialises it [5 bytes declared]",
        ),
        (
            post().signed(token(b"").claim("iss", "\"Mallory\"").sign(DEFAULT[0])),
            "wrong_issuer",
            "the token's claim `iss` is not `Upstash`, so QStash did not issue it: check what else \
             signs with this key",
        ),
        (
            post().signed(token(b"").without("exp").sign(DEFAULT[0])),
            "missing_claim",
            "the token has no claim `exp`, which every delivery of QStash has: check what else \
             signs with this key",
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
fn control_characters_of_a_request_are_escaped() {
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

    // With published keys, anyone can sign this.
    let request = signed("https://x/\u{1b}[31m\n", b"").header("upstash-message-id", id);
    listen.ask(&request).assert_unauthorized("url_mismatch");
    assert_eq!(
        listen.line(),
        "refused  401 POST /a%1b%5b31m url_mismatch: the delivery was meant for \
         `https://x/\\u{1b}[31m\\n` (claim `sub`), and this endpoint is \
         `https://api.example.com/a%1b%5b31m`: set the verifier's URL to the one that \
         you publish to [a\\t\\u{9b}31m\\u{202e}\"b\"]"
    );

    let request = Request::post("/\u{9b}31m\u{202e}?\u{9b}");
    assert_eq!(listen.ask(&request).status(), 401);
    let line = listen.line();
    let start = "refused  401 POST /\\u{9b}31m\\u{202e}?\\u{9b} missing_signature: ";
    assert!(line.starts_with(start), "{line}");
}

#[test]
fn bodies_are_printed_on_request() {
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
    // Empty and refused bodies are not printed.
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
fn delivery_for_another_url_is_refused() {
    let listen = listen(&["--base-url", "https://api.example.com"]);
    assert_eq!(listen.ask(&delivery(BODY)).status(), 200);
    listen.line();
    let request = Request::post("/other?a").signed(genuine(b""));
    listen.ask(&request).assert_unauthorized("url_mismatch");
    assert_eq!(
        listen.line(),
        "refused  401 POST /other?a url_mismatch: the delivery was meant for \
         `https://api.example.com/webhook` (claim `sub`), and this endpoint is \
         `https://api.example.com/other?a`: set the verifier's URL to the one that you publish to"
    );
}

#[test]
fn expired_delivery_is_accepted_within_the_tolerance() {
    // Expired a minute ago.
    let expired = || {
        let token = Token::new(URL, b"", now() - 360).sign(DEFAULT[0]);
        Request::post("/webhook").signed(token)
    };
    let strict = listen(&[]);
    strict.ask(&expired()).assert_unauthorized("expired");
    let line = strict.line();
    let start = "refused  401 POST /webhook expired: the delivery expired 1 min ";
    assert!(line.starts_with(start), "{line}");
    for (tolerance, status) in [("3600", 200), ("59.5", 401)] {
        let listen = listen(&["--tolerance", tolerance]);
        assert_eq!(listen.ask(&expired()).status(), status, "{tolerance}");
    }
}

#[test]
fn truncated_request_is_one_line() {
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
