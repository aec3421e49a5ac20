//! States of keys, failures of the API, and exit statuses.

use crate::backend::{Backend, Nobody, Reply, answer};
use crate::keys::{
    CURRENT, NEW, NEXT, OLD, OTHER_CURRENT, OTHER_NEXT, TOKEN, api, default_pair, json, keys,
};
use crate::process::run;

#[test]
fn each_state_has_its_exit_status() {
    let spaced = format!(" {CURRENT}\n");
    for (current, next, code, state, states) in [
        (CURRENT, NEXT, 0, "up_to_date", ["up_to_date", "up_to_date"]),
        (
            &*spaced,
            NEXT,
            0,
            "up_to_date",
            ["up_to_date", "up_to_date"],
        ),
        (OLD, CURRENT, 1, "rolled_once", ["stale", "is_current"]),
        (NEXT, CURRENT, 1, "swapped", ["is_next", "is_current"]),
        (CURRENT, OLD, 1, "wrong_next", ["up_to_date", "stale"]),
        (OLD, NEW, 1, "stale", ["stale", "stale"]),
        (NEXT, NEW, 1, "stale", ["is_next", "stale"]),
        (CURRENT, "", 1, "incomplete", ["up_to_date", "not_set"]),
        ("", "", 1, "not_set", ["not_set", "not_set"]),
    ] {
        let server = api(CURRENT, NEXT);
        let url = server.url("");
        let variables = default_pair(&url, current, next);
        let output = run(&["keys", "--json"]).with(&variables).end().code(code);
        assert_eq!(output.stderr, "");
        let report = json(&output);
        let pair = &report["pairs"][0];
        assert_eq!(pair["state"], state, "{report}");
        assert_eq!(pair["current"]["state"], states[0], "{report}");
        assert_eq!(pair["next"]["state"], states[1], "{report}");
        assert_eq!(report["ok"], code == 0);
        assert_eq!(pair["current"]["console"], "sig_…6v");
        let request = server.request();
        assert_eq!(request.line, "GET /v2/keys HTTP/1.1");
        let bearer = format!("Bearer {TOKEN}");
        assert_eq!(request.header("authorization"), Some(&*bearer));
    }
}

#[test]
fn keys_of_the_other_region_are_named() {
    let (us, eu) = (api(CURRENT, NEXT), api(OTHER_CURRENT, OTHER_NEXT));
    let urls = [us.url(""), eu.url("")];
    let variables = [
        ("QSTASH_REGION", "US_EAST_1"),
        ("US_EAST_1_QSTASH_URL", &*urls[0]),
        ("US_EAST_1_QSTASH_TOKEN", TOKEN),
        ("US_EAST_1_QSTASH_CURRENT_SIGNING_KEY", OTHER_CURRENT),
        ("US_EAST_1_QSTASH_NEXT_SIGNING_KEY", OTHER_NEXT),
        ("EU_CENTRAL_1_QSTASH_URL", &urls[1]),
        ("EU_CENTRAL_1_QSTASH_TOKEN", TOKEN),
        ("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY", OTHER_CURRENT),
        ("EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY", OTHER_NEXT),
        // Of no use beside the regions.
        ("QSTASH_TOKEN", TOKEN),
    ];
    let output = run(&["keys"]).with(&variables).end().code(1);
    let shown = format!(
        "US_EAST_1 pair at {}\n  \
           {:36}  environment  console\n  \
           US_EAST_1_QSTASH_CURRENT_SIGNING_KEY  sig_…8d      sig_…6v  is a key of EU_CENTRAL_1\n  \
           US_EAST_1_QSTASH_NEXT_SIGNING_KEY     sig_…2e      sig_…7z  is a key of EU_CENTRAL_1\n  \
           the keys are those of EU_CENTRAL_1, so every delivery is refused: set both to those of \
           the console\n\
         EU_CENTRAL_1 pair at {}\n",
        urls[0].trim_start_matches("http://"),
        "",
        urls[1].trim_start_matches("http://"),
    );
    assert!(output.stdout.starts_with(&shown), "{}", output.stdout);
    assert!(
        output
            .stdout
            .ends_with("  the keys are those of the console\n")
    );
    assert_eq!(output.stderr, "");
}

#[test]
fn failures_name_the_remedy_and_the_status_is_2() {
    let nobody = Nobody::new();
    let nobody = nobody.url("/path");
    let cases = [
        (
            Some(answer("401 Unauthorized", &[])),
            "401 from ",
            ": the token in QSTASH_TOKEN is not valid there; copy it from the QStash console\n",
        ),
        (
            Some(answer("302 Found", &["location: http://x.y/"])),
            "302 from ",
            "a redirect is not followed",
        ),
        (
            Some(answer("503 Service Unavailable", &[])),
            "503 from ",
            "QStash failed",
        ),
        (
            Some(answer("200 OK", &[])),
            "the response is not a JSON object",
            "QSTASH_URL is the URL of QStash",
        ),
        (
            Some(keys("null", NEXT)),
            "a signing key in the response is a placeholder",
            "",
        ),
        (Some(Reply::Answer(Vec::new())), "no response from ", ""),
        (
            None,
            "no response from ",
            "check that this host may reach it",
        ),
    ];
    for (reply, begin, expected) in cases {
        let server = reply.map(|reply| Backend::start([reply]));
        let url = server
            .as_ref()
            .map_or(nobody.clone(), |server| server.url("/path"));
        for arguments in [&["keys"][..], &["keys", "--json"]] {
            let variables = default_pair(&url, CURRENT, NEXT);
            // The server answers once.
            let arguments = match server {
                Some(_) if arguments.len() > 1 => continue,
                _ => arguments,
            };
            let output = run(arguments).with(&variables).end().code(2);
            let error = output.stderr.strip_prefix("error: ").unwrap();
            assert!(
                error.starts_with(begin) && error.contains(expected),
                "{error}"
            );
            assert!(!error.contains("/path"), "{error}");
        }
    }
}

#[test]
fn other_pairs_are_reported_although_one_fails() {
    let (us, eu) = (
        Backend::start([answer("401 Unauthorized", &[])]),
        api(CURRENT, NEXT),
    );
    let urls = [us.url(""), eu.url("")];
    let variables = [
        ("QSTASH_REGION", "EU_CENTRAL_1"),
        ("US_EAST_1_QSTASH_URL", &*urls[0]),
        ("US_EAST_1_QSTASH_TOKEN", TOKEN),
        ("EU_CENTRAL_1_QSTASH_URL", &urls[1]),
        ("EU_CENTRAL_1_QSTASH_TOKEN", TOKEN),
        ("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY", CURRENT),
        ("EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY", NEXT),
        ("QSTASH_CURRENT_SIGNING_KEY", CURRENT),
    ];
    let output = run(&["keys", "--json", "--write", "new.env"])
        .with(&variables)
        .end()
        .code(2);
    let report = json(&output);
    let states: Vec<_> = report["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| pair["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["not_asked", "not_asked", "up_to_date"]);
    assert_eq!(report["ok"], false);
    assert_eq!(report["written"], serde_json::Value::Null);
    let no_token = "QSTASH_TOKEN is not set: copy it from the QStash console";
    assert_eq!(report["pairs"][0]["error"], no_token);
    let host = urls[0].trim_start_matches("http://");
    let expected = format!(
        "error: {no_token}\nerror: 401 from {host}: the token in US_EAST_1_QSTASH_TOKEN is not \
         valid for this region; copy it from the QStash console; nothing was written\n"
    );
    assert_eq!(output.stderr, expected);
}

#[test]
fn silent_api_is_waited_for_with_a_note() {
    let server = Backend::start([Reply::Silence]);
    let url = server.url("");
    let host = url.trim_start_matches("http://");
    let output = run(&["keys", "--timeout", "1.2"])
        .with(&default_pair(&url, CURRENT, NEXT))
        .end()
        .code(2);
    let expected = format!(
        "note: waiting for {host}, 1.2 s at most\nerror: no response from {host} within 1.2 s: check \
         that this host may reach it\n"
    );
    assert_eq!(output.stderr, expected);
    assert!(
        output
            .stdout
            .ends_with("  the console's keys are unknown\n")
    );
}

#[test]
fn nothing_can_be_asked_without_a_token() {
    let pair = default_pair("", CURRENT, NEXT);
    assert_eq!(pair[0].0, "QSTASH_TOKEN");
    let without = run(&["keys"]).with(&pair[1..]).end().code(2);
    assert!(without.stderr.contains("QSTASH_TOKEN"), "{without:?}");
    let development = run(&["keys"]).with(&[("QSTASH_DEV", "1")]).end();
    development.assert_misuse(
        "QSTASH_DEV is on, and the development server's keys are fixed: unset it to ask for those \
         of the console",
    );
    let clear = default_pair("http://qstash.upstash.io", CURRENT, NEXT);
    let clear = run(&["keys"]).with(&clear).end().code(2);
    assert!(
        clear.stderr.contains("the URL in QSTASH_URL has http://"),
        "{clear:?}"
    );
    let broken = run(&["keys"]).file(".env", "QSTASH_TOKEN=x\nQSTASH_NEXT_SIGNING_KEY='x\n");
    let broken = broken.end().code(2);
    assert!(broken.stderr.contains("line 2 of .env"), "{broken:?}");
}

#[test]
fn token_of_the_process_is_not_sent_to_a_host_of_the_default_file() {
    let variables = [
        ("QSTASH_TOKEN", TOKEN),
        ("QSTASH_CURRENT_SIGNING_KEY", CURRENT),
        ("QSTASH_NEXT_SIGNING_KEY", NEXT),
    ];
    let elsewhere = "QSTASH_URL=https://collector.invalid\n";
    for arguments in [
        &["keys"][..],
        &["keys", "roll", "--yes"],
        &["check", "--online"],
    ] {
        let output = run(arguments)
            .with(&variables)
            .file(".env", elsewhere)
            .end();
        let printed = output.all();
        assert!(
            printed.contains("QSTASH_TOKEN is not sent to collector.invalid: QSTASH_URL is set in"),
            "{arguments:?}: {printed}"
        );
        assert!(!printed.contains(TOKEN), "{printed}");
    }
    // A named file is trusted; the name does not resolve.
    let named = run(&["keys", "--env-file", ".env"]).with(&variables);
    let output = named.file(".env", elsewhere).end().code(2);
    assert!(!output.all().contains("is not sent"), "{output:?}");
    // So is a host of this machine.
    let server = api(CURRENT, NEXT);
    let local = format!("QSTASH_URL={}\n", server.url(""));
    let output = run(&["keys"]).with(&variables).file(".env", local).end();
    assert_eq!(output.code(0).stderr, "");
}
