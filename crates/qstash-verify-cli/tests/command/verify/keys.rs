//! Signing keys: the one that signed, and those in use.

use qstash_verify_test_support::{DEFAULT, EU, US};

use crate::process::run;

use super::{BODY, both_regions, default_pair, delivery, verify, verify_with};

#[test]
fn signing_key_is_named() {
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
    wrong.assert_check("body", "ok", "24 bytes, as signed");
    wrong.assert_verdict("refused: bad_signature");

    let right = verify_with(&regions, &us, BODY, &["--region", "us-east-1"]);
    right.assert_verdict("genuine");

    // No header, and no default pair.
    let none = verify_with(&regions, &us, BODY, &[]);
    none.assert_check(
        "keys",
        "FAIL",
        "signed by the US_EAST_1 pair (US_EAST_1_QSTASH_CURRENT_SIGNING_KEY), but that is only \
         used with its region header: give --region US_EAST_1",
    );
    none.assert_check("signature", "ok", "made by the key found");
    none.assert_verdict("refused: no_signing_keys");

    // With a default pair, and without QSTASH_REGION.
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
        "signed by the default pair (QSTASH_CURRENT_SIGNING_KEY), but the region in the \
         header has a pair of its own",
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
        "signed with QSTASH_CURRENT_SIGNING_KEY without the quotes around it: remove them",
    );

    // The development server's.
    let token = delivery("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r").token();
    let text = "signed with published keys of the development server, with which anyone can sign: to \
                accept it in development, set QSTASH_DEV=1";
    verify(&token, BODY, &[]).assert_check("signature", "FAIL", text);
    let accepted = verify_with(&[("QSTASH_DEV", "1")], &token, BODY, &[]);
    accepted.assert_verdict("genuine");

    // An unknown key.
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
fn rolled_key_is_a_warning() {
    let output = verify(&delivery(DEFAULT[1]).token(), BODY, &[]);
    let text = "made by the next key: the keys were rolled; copy current and next from the QStash \
                console before the next roll";
    output.assert_check("signature", "warn", text);
    output.assert_verdict("genuine");
    // A refusal doesn't hide the warning.
    let output = verify(&delivery(DEFAULT[1]).token(), "x", &[]);
    output.assert_check("signature", "warn", text);
}

#[test]
fn unusable_environment_is_an_error() {
    let token = delivery(DEFAULT[0]).token();
    let none = verify_with(&[], &token, BODY, &[]);
    assert!(
        none.check("keys")
            .contains("does not start: no complete pair"),
        "{none:#?}"
    );
    assert!(none.check("keys").contains("--current-key"), "{none:#?}");
    // The token's shape takes no keys; the error of the start comes first.
    assert!(none.stdout.starts_with("FAIL keys "), "{none:#?}");
    let length = format!("HS256, {} characters", token.len());
    none.assert_check("token", "ok", &length);
    none.assert_check("signature", "-", "not checked");
    none.assert_verdict("refused: no_signing_keys");

    let half = verify_with(&default_pair()[..1], &token, BODY, &[]);
    assert!(half.check("keys").ends_with("set both"), "{half:#?}");
    half.assert_check("body", "ok", "24 bytes, as signed");
}

#[test]
fn public_keys_are_a_warning() {
    let token = delivery("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r").token();
    let text = "published keys of the development server, with which anyone can sign: for development \
                only";
    let on = verify_with(&[("QSTASH_DEV", "1")], &token, BODY, &[]);
    on.assert_check("keys", "warn", text);
    on.assert_verdict("genuine");
}

#[test]
fn unused_key_has_the_right_cause() {
    let token = delivery(DEFAULT[0]).token();
    let given = ["--current-key", US[0]];
    let output = verify(&token, BODY, &given);
    output.assert_check(
        "signature",
        "FAIL",
        "signed by the default pair (QSTASH_CURRENT_SIGNING_KEY), but --current-key \
         replaces it",
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
fn token_comes_before_the_keys_of_its_region() {
    let us_only = &both_regions()[..3];
    let token = delivery(EU[0]).token();
    let malformed = verify_with(us_only, "x", BODY, &["--region", "EU-CENTRAL-1"]);
    malformed.assert_check("keys", "-", "not checked");
    malformed.assert_check("signature", "-", "not checked");
    malformed.assert_verdict("refused: malformed_token");
    assert!(
        malformed.stdout.starts_with("FAIL token "),
        "{malformed:#?}"
    );

    // A well-formed token fails at the keys.
    let well_formed = verify_with(us_only, &token, BODY, &["--region", "EU-CENTRAL-1"]);
    let length = format!("HS256, {} characters", token.len());
    well_formed.assert_check("token", "ok", &length);
    assert!(well_formed.check("keys").starts_with("FAIL keys "));
    well_formed.assert_check("signature", "-", "not checked");
    well_formed.assert_verdict("refused: no_signing_keys");

    // Half a pair: the service doesn't start, and the token is malformed as well.
    let half = verify_with(&default_pair()[..1], "x", BODY, &[]);
    assert!(half.stdout.starts_with("FAIL keys "), "{half:#?}");
    half.assert_verdict("refused: no_signing_keys; also malformed_token");
    for output in [&malformed, &well_formed, &half] {
        let lines = output.stdout.lines();
        let keys = lines.filter(|line| line.get(5..9) == Some("keys")).count();
        assert_eq!(keys, 1, "{output:#?}");
        assert_eq!(output.stdout.lines().count(), 8, "{output:#?}");
    }
}

#[test]
fn doubtful_keys_given_are_noted() {
    let token = delivery(DEFAULT[0]).token();
    let public = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r";
    let real = DEFAULT[0];
    for (current, next, notes) in [
        (real, real, &[][..]),
        (
            public,
            real,
            &["a signing key given in code is published, so anyone can sign with it: "],
        ),
        (
            "eyJVc2VySUQiOiJhIn0=",
            real,
            &["--current-key holds a token in place of a signing key: "],
        ),
        (
            "your_current_key",
            "sig_4fXrAz72mB9k",
            &[
                "--current-key holds a placeholder: ",
                "--next-key is shorter than signing keys are, ",
            ],
        ),
    ] {
        let keys = ["--current-key", current, "--next-key", next];
        let output = verify(&token, BODY, &keys);
        let lines: Vec<_> = output.stderr.lines().collect();
        assert_eq!(lines.len(), notes.len(), "{output:#?}");
        for (line, note) in lines.iter().zip(notes) {
            assert!(line.starts_with(&format!("note: {note}")), "{line}");
        }
    }
    // One key stands for both, and is noted once.
    let output = verify(&token, BODY, &["--current-key", "changeme"]);
    assert_eq!(output.stderr.lines().count(), 1, "{output:#?}");
    for (option, quoted) in [("--current-key", "'sig_x'"), ("--next-key", "\"sig_x\"")] {
        let keys = match option {
            "--current-key" => vec![option, quoted],
            _ => vec!["--current-key", real, option, quoted],
        };
        let output = verify(&token, BODY, &keys).code(2);
        let start = format!("error: {option} has quotes around its value, and they count as part");
        assert!(output.stderr.starts_with(&start), "{output:#?}");
    }
}

#[test]
fn token_is_checked_without_keys() {
    let token = delivery(US[0]).token();
    for (variables, given, code) in [
        (&[][..], format!("\"{token}\""), "malformed_token"),
        (&both_regions(), format!("\"{token}\""), "malformed_token"),
        (
            &[],
            "eyJhbGciOiJub25lIn0.e30.".to_owned(),
            "unsupported_algorithm",
        ),
    ] {
        let output = verify_with(variables, &given, BODY, &[]);
        output.assert_verdict(&format!("refused: {code}"));
    }
    let quoted = verify_with(&both_regions(), &format!("\"{token}\""), BODY, &[]);
    quoted.assert_check(
        "token",
        "FAIL",
        "not a token; without the quotes around it, it is one",
    );
    run(&["verify", "--signature", " ", "--data", ""])
        .end()
        .assert_misuse(
            "the signature is empty: --signature; give the value of the header upstash-signature",
        );
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
        output.stderr.contains("without the last three digits"),
        "{output:?}"
    );
}
