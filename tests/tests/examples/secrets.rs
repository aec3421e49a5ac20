//! Keys and tokens are absent from the output of an example, even at level `trace`.

use qstash_verify_tests::{
    DEFAULT, DEFAULT_VARIABLES, EU, EU_VARIABLES, Kind, MULTI_REGION, Request, Token, US,
    US_VARIABLES, on_each_server,
};

use crate::{BODY, DEVELOPMENT, ORIGIN, URL, now};
use qstash_verify_tests::Example;

on_each_server! {
    and_examples:
    keys_and_tokens_are_not_printed,
    development_keys_are_not_printed,
}

/// The length of the pieces of a secret that must be absent. Any 40 characters of a
/// token contain one.
const PIECE: usize = 20;

fn assert_absent(output: &str, secret: &str) {
    for piece in secret.as_bytes().chunks_exact(PIECE.min(secret.len())) {
        // As text, and as the `Debug` form of bytes.
        let text = std::str::from_utf8(piece).unwrap();
        let numbers = format!("{piece:?}");
        for shown in [text, numbers.trim_matches(['[', ']'])] {
            assert!(!output.contains(shown), "{shown} is in:\n{output}");
        }
    }
}

/// A token for the webhook with a unique `jti`.
fn token(key: &str, number: usize) -> String {
    let id = format!("\"jwt_{}\"", format!("{number:04}").repeat(7));
    Token::new(URL, BODY, now()).claim("jti", &id).sign(key)
}

fn keys_and_tokens_are_not_printed(kind: Kind) {
    let settings = [("RUST_LOG", "trace"), ("PUBLIC_URL", ORIGIN), MULTI_REGION];
    let variables = [
        &DEFAULT_VARIABLES[..],
        &US_VARIABLES,
        &EU_VARIABLES,
        &settings,
    ];
    let mut example = Example::start(kind, &variables.concat());
    let mut tokens = Vec::new();
    let mut ask = |key: &str, region: &str, send: &dyn Fn(Request) -> Request| {
        let token = token(key, tokens.len());
        let request = Request::post("/webhook")
            .header("upstash-region", region)
            .header("upstash-message-id", format!("msg_{}", tokens.len()))
            .signed(&token);
        tokens.push(token);
        let mut connection = example.connect();
        connection.send(send(request).bytes());
        // Reads until the server closes the connection.
        connection.answers().last().map(|answer| answer.status())
    };
    let genuine = |request: Request| request.header("connection", "close").body(BODY);
    for (region, pair) in [("", DEFAULT), ("US-EAST-1", US), ("EU-CENTRAL-1", EU)] {
        for key in pair {
            assert_eq!(ask(key, region, &genuine), Some(200));
        }
        assert_eq!(ask("sig_ofSomebodyElse", region, &genuine), Some(401));
    }
    let [key, _] = DEFAULT;
    // One request per kind of refusal.
    let chunked = |request: Request| request.header("connection", "close").chunks(BODY, 5);
    assert_eq!(ask(key, "", &chunked), Some(200));
    let second = token(key, 99);
    let two = |request: Request| genuine(request.signed(&second));
    assert_eq!(ask(key, "", &two), Some(401));
    assert_eq!(ask(US[0], "EU-CENTRAL-1", &genuine), Some(401));
    let other_body = |request: Request| request.header("connection", "close").body(b"x");
    assert_eq!(ask(key, "", &other_body), Some(401));
    // Rocket waits for 14 bytes of the body.
    let long = |request: Request| {
        let request = request.header("content-length", "99999999999");
        request.raw_body([b'x'; 14])
    };
    assert_eq!(ask(key, "", &long), Some(413));
    let chunks = |request: Request| {
        let request = request.header("transfer-encoding", "chunked");
        request.raw_body("x\r\n")
    };
    // Rocket drops an error among them.
    let status = if kind == Kind::Rocket { 401 } else { 400 };
    assert_eq!(ask(key, "", &chunks), Some(status));
    let junk = |request: Request| request.header("content-length", "junk");
    assert_eq!(ask(key, "", &junk), Some(400));
    tokens.push(second);

    let output = example.stop();
    // The output has `trace` events and the requests.
    assert!(output.contains("TRACE"), "{output}");
    assert!(output.contains("WARN"), "{output}");
    assert!(output.contains("msg_2"), "{output}");
    for token in &tokens {
        assert_absent(&output, token);
        let (_, signature) = token.rsplit_once('.').unwrap();
        assert!(!output.contains(signature), "{output}");
    }
    for key in [DEFAULT, US, EU].into_iter().flatten() {
        assert_absent(&output, key);
        assert_absent(&output, key.trim_start_matches("sig_"));
    }
}

fn development_keys_are_not_printed(kind: Kind) {
    let mut example = Example::start(kind, &[("RUST_LOG", "trace")]);
    let request = Request::post("/webhook").signed(token(DEVELOPMENT[0], 0));
    assert_eq!(example.ask(&request.body(BODY)).status(), 200);
    let output = example.stop();
    assert!(output.contains("TRACE"), "{output}");
    for key in DEVELOPMENT {
        assert_absent(&output, key);
    }
}
