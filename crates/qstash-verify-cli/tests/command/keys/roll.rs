//! `keys roll`: the question, the request, and what may have happened.

use crate::backend::{Backend, answer};
use crate::keys::{CURRENT, NEW, NEXT, OLD, TOKEN, default_pair, json, keys};
use crate::process::run;

fn api() -> Backend {
    Backend::start([keys(CURRENT, NEXT), keys(NEXT, NEW)])
}

#[test]
fn question_says_what_becomes_of_the_old_keys() {
    for (current, next, here) in [
        (CURRENT, NEXT, "accept deliveries until another roll"),
        (
            OLD,
            CURRENT,
            "refuse every delivery after the roll, unless they are updated",
        ),
        ("", "", "are not set"),
    ] {
        let server = api();
        let url = server.url("");
        let host = url.trim_start_matches("http://");
        let output = run(&["keys", "roll"])
            .with(&default_pair(&url, current, next))
            .input("yes\n")
            .end()
            .code(0);
        let question = format!(
            "Rolling the keys of the default pair at {host}:\n\
             - next (sig_…7z) becomes current, and QStash makes a new next key;\n\
             - services with both present keys accept deliveries until another roll;\n\
             - services with older keys than current (sig_…6v) refuse every delivery;\n\
             - the keys in this environment {here}.\n\
             Roll them? [yes/no] "
        );
        assert_eq!(output.stderr, question);
        let rolled = format!(
            "rolled the keys of the default pair at {host}: current sig_…7z, next sig_…2p\n\
             set them in the environment of each service: `qstash-verify keys --write FILE`\n"
        );
        assert_eq!(output.stdout, rolled);
        assert_eq!(server.request().line, "GET /v2/keys HTTP/1.1");
        let request = server.request();
        assert_eq!(request.line, "POST /v2/keys/rotate HTTP/1.1");
        let bearer = format!("Bearer {TOKEN}");
        assert_eq!(request.header("authorization"), Some(&*bearer));
    }
}

#[test]
fn roll_without_a_question_warns_of_stale_keys() {
    let note = "note: the keys in this environment refuse every delivery after the roll, unless \
                they are updated\n";
    for (current, next, stderr) in [(CURRENT, NEXT, ""), (OLD, CURRENT, note), ("", "", "")] {
        let server = api();
        let url = server.url("");
        let output = run(&["keys", "roll", "--yes"])
            .with(&default_pair(&url, current, next))
            .end()
            .code(0);
        assert_eq!(output.stderr, stderr);
    }
}

#[test]
fn nothing_is_rolled_without_a_yes() {
    for answer in ["no\n", "", "y\n", "\n"] {
        let server = api();
        let url = server.url("");
        let output = run(&["keys", "roll"])
            .with(&default_pair(&url, CURRENT, NEXT))
            .input(answer)
            .end()
            .code(2);
        let refused = "error: nothing was rolled: answer yes, or give --yes\n";
        assert!(output.stderr.ends_with(refused), "{output:?}");
        assert_eq!(output.stdout, "");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn region_is_chosen_and_json_is_for_scripts() {
    let server = api();
    let url = server.url("");
    let variables = [
        ("QSTASH_REGION", "EU_CENTRAL_1"),
        ("US_EAST_1_QSTASH_URL", &*url),
        ("US_EAST_1_QSTASH_TOKEN", TOKEN),
        ("EU_CENTRAL_1_QSTASH_TOKEN", TOKEN),
    ];
    let several = run(&["keys", "roll", "--yes"]).with(&variables).end();
    several.assert_misuse(
        "there are tokens for more than one pair of keys: give --region US_EAST_1 or EU_CENTRAL_1",
    );
    let output = run(&["keys", "roll", "--region", "US_EAST_1", "--yes", "--json"])
        .with(&variables)
        .end()
        .code(0);
    assert_eq!(output.stderr, "");
    let expected = serde_json::json!({
        "ok": true,
        "region": "US_EAST_1",
        "host": url.trim_start_matches("http://"),
        "current": "sig_…7z",
        "next": "sig_…2p",
    });
    assert_eq!(json(&output), expected);
    let none = run(&["keys", "roll", "--region", "EU_CENTRAL_1", "--yes"])
        .with(&default_pair(&url, CURRENT, NEXT))
        .end();
    none.assert_misuse(
        "there is no token of EU_CENTRAL_1: set QSTASH_REGION and EU_CENTRAL_1_QSTASH_TOKEN",
    );
}

#[test]
fn failed_roll_says_whether_it_may_have_happened() {
    let uncertain = "the keys may have been rolled nevertheless";
    for (replies, expected) in [
        (vec![answer("401 Unauthorized", &[])], false),
        (
            vec![keys(CURRENT, NEXT), answer("404 Not Found", &[])],
            false,
        ),
        (vec![keys(CURRENT, NEXT), answer("500 Oops", &[])], true),
    ] {
        let server = Backend::start(replies);
        let url = server.url("");
        let output = run(&["keys", "roll", "--yes"])
            .with(&default_pair(&url, CURRENT, NEXT))
            .end()
            .code(2);
        assert_eq!(output.stderr.contains(uncertain), expected, "{output:?}");
        assert_eq!(output.stdout, "");
    }
    let server = Backend::start([keys(CURRENT, NEXT), keys(NEW, OLD)]);
    let url = server.url("");
    let output = run(&["keys", "roll", "--yes"])
        .with(&default_pair(&url, CURRENT, NEXT))
        .end()
        .code(0);
    assert!(
        output
            .stderr
            .contains("rolled by somebody else at the same time"),
        "{output:?}"
    );
}
