//! `check --online`: other keys than those of the console are errors.

use crate::backend::{Backend, answer};
use crate::keys::{CURRENT, NEXT, OLD, api, default_pair};
use crate::process::run;

#[test]
fn mismatch_is_an_error() {
    for (current, next, code, line) in [
        (
            CURRENT,
            NEXT,
            0,
            "  passed  default pair: the keys are those of the console\n",
        ),
        (
            OLD,
            CURRENT,
            1,
            "  error   default pair: the keys were rolled; deliveries are accepted with the next key until another roll: set both to those of the console\n",
        ),
        (
            NEXT,
            CURRENT,
            1,
            "  error   default pair: current and next are swapped",
        ),
    ] {
        let server = api(CURRENT, NEXT);
        let url = server.url("");
        let variables = default_pair(&url, current, next);
        let output = run(&["check", "--online"])
            .with(&variables)
            .end()
            .code(code);
        assert!(output.stdout.contains(line), "{}", output.stdout);
        let offline = run(&["check"]).with(&variables).end().code(0);
        assert!(
            !offline.stdout.contains("those of the console"),
            "{}",
            offline.stdout
        );
    }
}

#[test]
fn api_that_cannot_be_asked_is_an_error() {
    let server = Backend::start([answer("401 Unauthorized", &[])]);
    let url = server.url("");
    let output = run(&["check", "--online", "--json"])
        .with(&default_pair(&url, CURRENT, NEXT))
        .end()
        .code(1);
    assert!(output.stdout.contains("\"not_asked\""), "{}", output.stdout);
    assert!(
        output.stdout.contains("default pair: 401 from "),
        "{}",
        output.stdout
    );
    let without_token = default_pair(&url, CURRENT, NEXT);
    let keys = without_token
        .iter()
        .filter(|(name, _)| name.ends_with("_KEY"));
    let keys: Vec<_> = keys.copied().collect();
    let output = run(&["check", "--online"]).with(&keys).end().code(1);
    assert!(
        output
            .stdout
            .contains("  error   the console can't be asked: "),
        "{output:?}"
    );
}
