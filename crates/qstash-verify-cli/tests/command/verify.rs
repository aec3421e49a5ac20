//! `verify`: what holds of a delivery and what doesn't, and the cause.

use std::time::{Duration, UNIX_EPOCH};

use qstash_verify::Region;
use qstash_verify::testing::{self, SignedDelivery};
use qstash_verify_test_support::{DEFAULT, EU, US, captures};

use crate::process::{Output, run};

const URL: &str = "https://api.example.com/orders";
const BODY: &str = r#"{"id":7,"items":["a b"]}"#;
/// When the deliveries here are signed and, unless a test says otherwise, arrive.
const AT: u64 = 1_783_794_365;

fn delivery(key: &str) -> SignedDelivery {
    testing::delivery(URL, BODY)
        .key(key)
        .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
}

/// `verify` with the default pair of keys in the environment.
fn verify(token: &str, body: &str, arguments: &[&str]) -> Output {
    verify_with(&default_pair(), token, body, arguments)
}

fn verify_with(variables: &[(&str, &str)], token: &str, body: &str, arguments: &[&str]) -> Output {
    let mut all = vec!["verify", "--signature", token, "--data", body];
    if !arguments.contains(&"--at") {
        all.extend(["--at", "1783794365"]);
    }
    all.extend(arguments);
    let output = run(&all).with(variables).end();
    for key in [DEFAULT, US, EU].as_flattened() {
        assert!(!output.all().contains(key), "{output:#?}");
    }
    assert!(
        !output.all().contains(token) || token.len() < 100,
        "{output:#?}"
    );
    output
}

fn default_pair() -> [(&'static str, &'static str); 2] {
    [
        ("QSTASH_CURRENT_SIGNING_KEY", DEFAULT[0]),
        ("QSTASH_NEXT_SIGNING_KEY", DEFAULT[1]),
    ]
}

fn both_regions() -> [(&'static str, &'static str); 5] {
    [
        ("QSTASH_REGION", "US_EAST_1"),
        ("US_EAST_1_QSTASH_CURRENT_SIGNING_KEY", US[0]),
        ("US_EAST_1_QSTASH_NEXT_SIGNING_KEY", US[1]),
        ("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY", EU[0]),
        ("EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY", EU[1]),
    ]
}

impl Output {
    /// The line of a check, without its name.
    #[track_caller]
    fn check(&self, name: &str) -> &str {
        let of = |line: &&str| line.get(5..).is_some_and(|line| line.starts_with(name));
        self.stdout
            .lines()
            .find(of)
            .unwrap_or_else(|| panic!("{self:#?}"))
    }

    #[track_caller]
    fn assert_check(&self, name: &str, mark: &str, text: &str) {
        assert_eq!(self.check(name), format!("{mark:<4} {name:<9} {text}"));
    }

    /// Checks how it ended, and the last line.
    #[track_caller]
    fn assert_verdict(&self, verdict: &str) {
        assert_eq!(self.stdout.lines().last(), Some(verdict), "{self:#?}");
        let code = if verdict == "genuine" { 0 } else { 1 };
        assert_eq!(self.code, Some(code));
    }
}

#[test]
fn genuine_captures_are_genuine() {
    for capture in captures() {
        let [current, next] = &capture.keys;
        let at = capture.at.to_string();
        let body = std::str::from_utf8(&capture.body).unwrap();
        let keys = ["--current-key", current, "--next-key", next];
        let rest = ["--url", &capture.url, "--at", &at];
        let output = verify_with(&[], &capture.signature, body, &[&keys[..], &rest].concat());
        output.assert_verdict("genuine");
        assert_eq!(output.stderr, "");
        output.assert_check("keys", "ok", "those given");
        output.assert_check("signature", "ok", "made by the current key");
        output.assert_check("url", "ok", &format!("signed for {}", capture.url));

        // From the environment, and with the one key that is known.
        let variables = [
            ("QSTASH_CURRENT_SIGNING_KEY", &**current),
            ("QSTASH_NEXT_SIGNING_KEY", next),
        ];
        let output = verify_with(&variables, &capture.signature, body, &["--at", &at]);
        output.assert_verdict("genuine");
        output.assert_check("keys", "ok", "the default pair");
        let output = verify_with(
            &[],
            &capture.signature,
            body,
            &["--current-key", current, "--at", &at],
        );
        output.assert_verdict("genuine");

        // Long ago.
        let output = verify_with(
            &variables,
            &capture.signature,
            body,
            &["--at", "1800000000"],
        );
        output.assert_verdict("refused: expired");
    }
}

#[test]
fn all_of_it() {
    let delivery = delivery(DEFAULT[0]).region(Region::EuCentral1);
    let token = delivery.token();
    let output = verify(&token, BODY, &["--url", URL, "--region", "EU-CENTRAL-1"]);
    let length = token.len();
    output.assert(
        0,
        &format!(
            "ok   keys      the default pair\n\
             ok   token     HS256, {length} characters\n\
             ok   signature made by the current key\n\
             ok   claims    iss Upstash, jti jwt_testDelivery0000000000000000, iat 2026-07-11T18:26:05Z\n\
             ok   time      valid until 2026-07-11T18:31:05Z\n\
             ok   url       signed for https://api.example.com/orders\n\
             ok   body      24 bytes, as they were signed\n\
             genuine\n"
        ),
    );
}

#[test]
fn the_time_is_told_by_how_much() {
    let token = delivery(DEFAULT[0]).token();
    let late = verify(&token, BODY, &["--at", "2026-07-11T20:35:17+02:00"]);
    late.assert_check(
        "time",
        "FAIL",
        "expired 4 min 12 s before --at, at 2026-07-11T18:31:05Z",
    );
    late.assert_verdict("refused: expired");
    verify(
        &token,
        BODY,
        &["--at", "2026-07-11T20:35:17+02:00", "--tolerance", "253"],
    )
    .assert_verdict("genuine");
    // The second in which it expires.
    let then = (AT + 300).to_string();
    verify(&token, BODY, &["--at", &then]).assert_verdict("refused: expired");

    let early = delivery(DEFAULT[0]).claim("nbf", AT + 90).token();
    let early = verify(&early, BODY, &[]);
    early.assert_check(
        "time",
        "FAIL",
        "not valid until 2026-07-11T18:27:35Z (`nbf`), 1 min 30 s after --at",
    );
    early.assert_verdict("refused: not_yet_valid");

    // No clock can be set to these.
    for exp in [-1e300, -1e15] {
        let never = delivery(DEFAULT[0]).claim("exp", exp).token();
        verify(&never, BODY, &[]).assert_verdict("refused: expired");
    }
    let now = run(&["verify", "--signature", &token, "--data", BODY])
        .with(&default_pair())
        .end();
    assert!(
        now.check("time").contains(" before now, at 2026-07-11"),
        "{now:#?}"
    );
}

#[test]
fn one_reason_does_not_hide_the_others() {
    let token = delivery(DEFAULT[0]).token();
    let url = format!("{URL}/");
    let body = format!("{BODY}\n");
    let output = verify(&token, &body, &["--url", &url, "--at", "1783799999"]);
    output.assert_check(
        "url",
        "FAIL",
        "signed for https://api.example.com/orders, and --url is https://api.example.com/orders/; \
         without the `/` at its end, it matches",
    );
    output.assert_check(
        "body",
        "FAIL",
        "body hash differs: the token has that of another body than the 25 bytes given; a \
         trailing newline removed, it matches",
    );
    output.assert_verdict("refused: expired, and if not for that: url_mismatch, body_mismatch");
}

#[test]
fn what_happened_to_the_body_is_found() {
    let token = delivery(DEFAULT[0]).token();
    for (body, what) in [
        (format!("{BODY}\r\n"), "a trailing newline removed"),
        (format!("\u{feff}{BODY}"), "the byte-order mark removed"),
        (format!("  {BODY} "), "white space around it removed"),
        (
            r#"{"id": 7, "items": ["a b"]}"#.to_owned(),
            "its JSON written anew without white space",
        ),
        (
            "eyJpZCI6NywiaXRlbXMiOlsiYSBiIl19".to_owned(),
            "decoded from base64",
        ),
    ] {
        let output = verify(&token, &body, &[]);
        assert!(
            output
                .check("body")
                .ends_with(&format!("; {what}, it matches")),
            "{output:#?}"
        );
        output.assert_verdict("refused: body_mismatch");
    }
    let other = verify(&token, "something else", &[]);
    let unknown =
        "; something before the verifier changes it, or it is not the body of this delivery";
    assert!(other.check("body").ends_with(unknown), "{other:#?}");
}

#[test]
fn a_url_that_is_nearly_right_is_found() {
    let token = |url: &str| {
        let delivery = testing::delivery(url, BODY).key(DEFAULT[0]);
        delivery
            .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
            .token()
    };
    for (signed, given, what) in [
        (
            "https://a.b/c/?d",
            "https://a.b/c?d",
            "with a `/` at its end",
        ),
        (
            "https://a.b/c?d",
            "https://a.b/c/?d",
            "without the `/` at its end",
        ),
        ("https://a.b/c", "http://a.b/c", "with the other scheme"),
        ("https://a.b/c", "https://a.b/c?d=1", "without its query"),
    ] {
        let output = verify(&token(signed), BODY, &["--url", given]);
        let text = format!("signed for {signed}, and --url is {given}; {what}, it matches");
        output.assert_check("url", "FAIL", &text);
        output.assert_verdict("refused: url_mismatch");
    }
    for (signed, given, parts) in [
        (
            "https://a.b/c",
            "https://x.y/z",
            "they differ in host or port, path",
        ),
        (
            "https://a.b/c",
            "https://a.b:443/c",
            "they differ in host or port",
        ),
        (
            "https://a.b/c?d=1",
            "https://a.b/c?d=2",
            "they differ in query",
        ),
        (
            "https://a.b/c#d",
            "https://a.b/c",
            "they are compared to the letter",
        ),
    ] {
        let output = verify(&token(signed), BODY, &["--url", given]);
        let text = format!("signed for {signed}, and --url is {given}; {parts}");
        output.assert_check("url", "FAIL", &text);
    }
    let none = verify(&token(URL), BODY, &["--url", "api.example.com"]).code(2);
    assert!(
        none.stderr.contains("does not begin with https://"),
        "{none:?}"
    );
}

#[test]
fn whose_key_it_was_is_found() {
    let (us, eu) = (delivery(US[0]).token(), delivery(EU[1]).token());
    let regions = both_regions();

    let wrong = verify_with(&regions, &eu, BODY, &["--region", "US-EAST-1"]);
    wrong.assert_check("keys", "ok", "the pair of US_EAST_1");
    wrong.assert_check(
        "signature",
        "FAIL",
        "signed by the EU_CENTRAL_1 pair (EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY), but the region \
         header says US-EAST-1",
    );
    wrong.assert_check("body", "ok", "24 bytes, as they were signed");
    wrong.assert_verdict("refused: bad_signature");

    let right = verify_with(&regions, &us, BODY, &["--region", "us-east-1"]);
    right.assert_verdict("genuine");

    // No header, and no default pair.
    let none = verify_with(&regions, &us, BODY, &[]);
    none.assert_check(
        "keys",
        "FAIL",
        "signed by the US_EAST_1 pair (US_EAST_1_QSTASH_CURRENT_SIGNING_KEY), but --region was \
         not given, and without that header it doesn't count: give --region US_EAST_1",
    );
    none.assert_check("signature", "ok", "made by the key that was found");
    none.assert_verdict("refused: no_signing_keys");

    // Beside a default pair, with QSTASH_REGION forgotten.
    let forgotten = [&default_pair()[..], &regions[1..]].concat();
    let output = verify_with(&forgotten, &us, BODY, &["--region", "US-EAST-1"]);
    output.assert_check(
        "signature",
        "FAIL",
        "signed by the US_EAST_1 pair (US_EAST_1_QSTASH_CURRENT_SIGNING_KEY), but that is not \
         used while QSTASH_REGION is unset: set it",
    );

    // Half a pair.
    let half = [&default_pair()[..], &regions[..2]].concat();
    let output = verify_with(&half, &us, BODY, &["--region", "US-EAST-1"]);
    output.assert_check(
        "signature",
        "FAIL",
        "signed by the US_EAST_1 pair (US_EAST_1_QSTASH_CURRENT_SIGNING_KEY), but \
         US_EAST_1_QSTASH_NEXT_SIGNING_KEY is not set, so neither is used: set both",
    );

    // The default pair, where the region has its own.
    let both = [&default_pair()[..], &regions].concat();
    let token = delivery(DEFAULT[0]).token();
    let output = verify_with(&both, &token, BODY, &["--region", "US-EAST-1"]);
    output.assert_check(
        "signature",
        "FAIL",
        "signed by the default pair (QSTASH_CURRENT_SIGNING_KEY), but the region that the header \
         names has a pair of its own",
    );

    // Quotes.
    let quoted = format!("\"{}\"", DEFAULT[0]);
    let variables = [
        ("QSTASH_CURRENT_SIGNING_KEY", &*quoted),
        ("QSTASH_NEXT_SIGNING_KEY", DEFAULT[1]),
    ];
    let output = verify_with(&variables, &token, BODY, &[]);
    output.assert_check(
        "signature",
        "FAIL",
        "signed with QSTASH_CURRENT_SIGNING_KEY without the quotes around it: take them away",
    );

    // The development server's.
    let token = delivery("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r").token();
    let text = "signed by the development server, or by anyone: its keys are PUBLIC; in production it \
                is rightly refused, in development QSTASH_DEV=1 takes it";
    verify(&token, BODY, &[]).assert_check("signature", "FAIL", text);
    let accepted = verify_with(&[("QSTASH_DEV", "1")], &token, BODY, &[]);
    accepted.assert_verdict("genuine");

    // Nobody's.
    let token = delivery("sig_ofSomeoneElseAltogether").token();
    let output = verify(&token, BODY, &[]);
    assert!(
        output
            .check("signature")
            .starts_with("FAIL signature neither the current nor")
    );
    output.assert_check(
        "claims",
        "-",
        "not checked; the token says it was signed at 2026-07-11T18:26:05Z",
    );
    output.assert_check(
        "time",
        "-",
        "not checked; the token says it is valid until 2026-07-11T18:31:05Z",
    );
    output.assert_check(
        "url",
        "-",
        "not checked; the token says it is for https://api.example.com/orders",
    );
    output.assert_check("body", "-", "not checked");
    output.assert_verdict("refused: bad_signature");
}

#[test]
fn a_rolled_key_is_told() {
    let output = verify(&delivery(DEFAULT[1]).token(), BODY, &[]);
    let text = "made by the next key: the keys were rolled; copy current and next anew, before the \
                next roll";
    output.assert_check("signature", "warn", text);
    output.assert_verdict("genuine");
    // Also where something else is wrong.
    let output = verify(&delivery(DEFAULT[1]).token(), "x", &[]);
    output.assert_check("signature", "warn", text);
}

#[test]
fn a_set_up_that_does_not_start() {
    let token = delivery(DEFAULT[0]).token();
    let none = verify_with(&[], &token, BODY, &[]);
    assert!(
        none.check("keys")
            .contains("does not start: no complete pair"),
        "{none:#?}"
    );
    assert!(none.check("keys").contains("--current-key"), "{none:#?}");
    none.assert_check("token", "-", "not checked");
    none.assert_verdict("refused: no_signing_keys");

    let half = verify_with(&default_pair()[..1], &token, BODY, &[]);
    assert!(half.check("keys").ends_with("set both"), "{half:#?}");
    half.assert_check("body", "ok", "24 bytes, as they were signed");
}

#[test]
fn a_token_that_is_none() {
    let token = delivery(DEFAULT[0]).token();
    for (given, what) in [
        (format!("Bearer {token}"), "what stands before it"),
        (
            format!("upstash-signature: {token}"),
            "what stands before it",
        ),
        (format!("\"{token}\""), "the quotes around it"),
        (format!(" {token}\n"), "the white space around it"),
    ] {
        let arguments = [
            "verify",
            "--signature",
            &given,
            "--data",
            BODY,
            "--at",
            "1783794365",
        ];
        let output = run(&arguments).with(&default_pair()).end();
        let text = format!("not a token as it stands; without {what}, it is one");
        output.assert_check("token", "FAIL", &text);
        output.assert_verdict("refused: malformed_token");
    }
    let wrapped = format!("{}\n  {}", &token[..60], &token[60..]);
    let arguments = [
        "verify",
        "--signature",
        &wrapped,
        "--data",
        BODY,
        "--at",
        "1783794365",
    ];
    let output = run(&arguments).with(&default_pair()).end();
    let text = "not a token as it stands; without the white space within it, it is one";
    output.assert_check("token", "FAIL", text);
    let cut = verify(&token[..token.len() - 50], BODY, &[]);
    cut.assert_verdict("refused: malformed_token");
    cut.assert_check("signature", "-", "not checked");
    let none = verify("eyJhbGciOiJub25lIn0.e30.", BODY, &[]);
    none.assert_verdict("refused: unsupported_algorithm");
    let claim = delivery(DEFAULT[0]).without("exp").token();
    let output = verify(&claim, BODY, &[]);
    assert!(
        output.check("claims").contains("no claim `exp`"),
        "{output:#?}"
    );
    output.assert_verdict("refused: missing_claim");
}

#[test]
fn from_files_and_standard_input() {
    let token = delivery(DEFAULT[0]).token();
    let arguments = [
        "verify",
        "--signature",
        "@token",
        "--body",
        "-",
        "--current-key",
        "@current",
        "--next-key",
        "@next",
        "--at",
        "1783794365",
    ];
    let output = run(&arguments)
        .file("token", format!("{token}\n"))
        .file("current", format!("{}\n", DEFAULT[0]))
        .file("next", DEFAULT[1])
        .input(BODY)
        .end();
    output.assert_verdict("genuine");

    let piped = ["verify", "--signature", &token, "--at", "1783794365"];
    run(&piped)
        .with(&default_pair())
        .input(BODY)
        .end()
        .assert_verdict("genuine");
    let env = format!(
        "QSTASH_CURRENT_SIGNING_KEY={}\nQSTASH_NEXT_SIGNING_KEY='{}'\n",
        DEFAULT[0], DEFAULT[1]
    );
    let output = run(&[&piped[..], &["--body", "body"]].concat())
        .file("body", BODY)
        .file(".env", env)
        .end();
    output.assert_verdict("genuine");

    let missing = run(&[&piped[..], &["--body", "nowhere"]].concat()).end();
    missing.assert_misuse(
        "the body can't be read from nowhere: No such file or directory (os error 2)",
    );
    let missing = run(&["verify", "--signature", "@nowhere", "--data", ""]).end();
    missing.assert_misuse(
        "the file with the signature can't be read: No such file or directory (os error 2)",
    );
}

#[test]
fn wrong_use() {
    for arguments in [
        &["verify"][..],
        &["verify", "--batch", "--signature", "x"],
        &["verify", "--signature", "x", "--data", "a", "--body", "b"],
        &["verify", "--signature", "x", "--next-key", "b"],
        &["verify", "--signature", "x", "--at", "yesterday"],
        &["verify", "--signature", "x", "--tolerance", "-1"],
        &["nonsense"],
        &[],
    ] {
        let output = run(arguments).end().code(2);
        assert_eq!(output.stdout, "", "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_development_servers_keys_are_called_public() {
    let token = delivery("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r").token();
    let text = "PUBLIC ones of the development server, with which anyone can sign: for development \
                only";
    let on = verify_with(&[("QSTASH_DEV", "1")], &token, BODY, &[]);
    on.assert_check("keys", "warn", text);
    on.assert_verdict("genuine");
}

#[test]
fn a_key_that_did_not_count_is_not_blamed_on_the_region() {
    let token = delivery(DEFAULT[0]).token();
    let given = ["--current-key", US[0]];
    let output = verify(&token, BODY, &given);
    output.assert_check(
        "signature",
        "FAIL",
        "signed by the default pair (QSTASH_CURRENT_SIGNING_KEY), but --current-key was given in \
         its place",
    );
    let on = [&default_pair()[..], &[("QSTASH_DEV", "1")]].concat();
    verify_with(&on, &token, BODY, &[]).assert_check(
        "signature",
        "FAIL",
        "signed by the default pair (QSTASH_CURRENT_SIGNING_KEY), but QSTASH_DEV is on, so no \
         other key is used",
    );
    let nowhere = [&default_pair()[..], &[("QSTASH_REGION", "mars")]].concat();
    let output = verify_with(&nowhere, &token, BODY, &[]);
    let end = "; signed by the default pair (QSTASH_CURRENT_SIGNING_KEY)";
    assert!(output.check("keys").ends_with(end), "{output:#?}");
    output.assert_verdict("refused: invalid_region");
}

#[test]
fn a_body_over_the_usual_limit_is_no_refusal() {
    let body = "x".repeat(11 * 1024 * 1024);
    let token = testing::delivery(URL, body.as_str())
        .key(DEFAULT[0])
        .issued_at(UNIX_EPOCH + Duration::from_secs(AT))
        .token();
    let arguments = [
        "verify",
        "--signature",
        &token,
        "--body",
        "-",
        "--at",
        "1783794365",
    ];
    let output = run(&arguments).with(&default_pair()).input(body).end();
    output.assert_verdict("genuine");
}

#[test]
fn no_terminal_obeys_a_captured_header() {
    let token = delivery(EU[0]).claim("sub", "https://x/\u{1b}[2J").token();
    let region = "X\u{1b}]0;pwned\u{7}";
    let output = verify_with(&both_regions(), &token, BODY, &["--region", region]);
    assert!(!output.all().contains(['\u{1b}', '\u{7}']), "{output:#?}");
}

#[test]
fn what_is_misplaced_is_not_told() {
    let token = delivery(DEFAULT[0]).token();
    for arguments in [
        &["verify", &token, "--data", "x"][..],
        &["verify", "--signature", "x", "--data", "y", DEFAULT[0]],
        &["sign", "--url", URL, "--data", "x", "--region", DEFAULT[0]],
        &["sign", "--url", URL, "--data", "x", "-H", DEFAULT[0]],
        &[
            "sign",
            "--url",
            URL,
            "--data",
            "x",
            "--current-key",
            &format!("@{}", DEFAULT[0]),
        ],
        &[DEFAULT[0]],
    ] {
        let output = run(arguments).end().code(2);
        assert!(!output.all().contains(DEFAULT[0]), "{output:?}");
        assert!(!output.all().contains(&token[100..]), "{output:?}");
    }
    let two = format!("{}\n{}", DEFAULT[0], DEFAULT[1]);
    let arguments = [
        "verify",
        "--signature",
        &token,
        "--data",
        "",
        "--current-key",
        "@keys",
    ];
    let output = run(&arguments).file("keys", two).end();
    output.assert_misuse(
        "the file with the current key holds more than that: there is white space in it",
    );
}

#[test]
fn who_leaves_early_changes_no_verdict() {
    let token = delivery(DEFAULT[0]).token();
    let refused = ["verify", "--signature", &token, "--data", "x"];
    assert_eq!(run(&refused).with(&default_pair()).unread(), Some(1));
    assert_eq!(run(&["check"]).unread(), Some(1));
}

#[test]
fn without_keys_the_token_is_looked_at_all_the_same() {
    let token = delivery(US[0]).token();
    for (variables, given, code) in [
        (
            &[][..],
            format!("\"{token}\""),
            "no_signing_keys, and if not for that: malformed_token",
        ),
        (
            &both_regions(),
            format!("\"{token}\""),
            "no_signing_keys, and if not for that: malformed_token",
        ),
        (
            &[],
            "eyJhbGciOiJub25lIn0.e30.".to_owned(),
            "no_signing_keys, and if not for that: unsupported_algorithm",
        ),
    ] {
        let output = verify_with(variables, &given, BODY, &[]);
        output.assert_verdict(&format!("refused: {code}"));
    }
    let quoted = verify_with(&both_regions(), &format!("\"{token}\""), BODY, &[]);
    quoted.assert_check(
        "token",
        "FAIL",
        "not a token as it stands; without the quotes around it, it is one",
    );
    run(&["verify", "--signature", " ", "--data", ""])
        .end()
        .assert_misuse("the signature is empty");
    let milliseconds = [
        "verify",
        "--signature",
        "x",
        "--data",
        "",
        "--at",
        "1783794365000",
    ];
    let output = run(&milliseconds).end().code(2);
    assert!(
        output.stderr.contains("leave out the last three digits"),
        "{output:?}"
    );
}
