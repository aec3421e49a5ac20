//! Tokens, bodies and options.

use qstash_verify_test_support::DEFAULT;

use crate::process::run;

use super::{BODY, URL, default_pair, delivery, verify};

#[test]
fn malformed_token_is_explained() {
    let token = delivery(DEFAULT[0]).token();
    for (given, what) in [
        (format!("Bearer {token}"), "the text before it"),
        (format!("upstash-signature: {token}"), "the text before it"),
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
        let text = format!("not a token; without {what}, it is one");
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
    let text = "not a token; without the white space within it, it is one";
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
fn values_are_read_from_files_and_standard_input() {
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

    let arguments = [
        "verify",
        "--signature",
        "@-",
        "-d",
        "@body",
        "--at",
        "1783794365",
    ];
    let output = run(&arguments)
        .with(&default_pair())
        .file("body", BODY)
        .input(format!("{token}\n"))
        .end();
    output.assert_verdict("genuine");
    let twice = ["verify", "--signature", "@-", "--data", "@-"];
    run(&twice).input(&*token).end().assert_misuse(
        "standard input can't be both the signature and the body: give one of them in a file",
    );

    let missing = run(&[&piped[..], &["--data", "@nowhere"]].concat()).end();
    missing.assert_misuse(
        "the body can't be read from nowhere: No such file or directory (os error 2); --data-raw \
         takes text that begins with @",
    );
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
fn wrong_options_are_misuse() {
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
fn misplaced_secrets_are_not_printed() {
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
    output.assert_misuse("the current key has white space in it: its file must hold nothing else");
}

#[test]
fn closed_stdout_changes_no_verdict() {
    let token = delivery(DEFAULT[0]).token();
    let refused = ["verify", "--signature", &token, "--data", "x"];
    assert_eq!(run(&refused).with(&default_pair()).unread(), Some(1));
    assert_eq!(run(&["check"]).unread(), Some(1));
}
