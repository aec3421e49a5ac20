//! Start: port, keys and variables.

use std::net::TcpListener;

use qstash_verify_test_support::{
    Connection, DEFAULT_VARIABLES, EU_VARIABLES, MULTI_REGION, Request, US_VARIABLES,
};

use crate::process::{Listen, run, split_time};

use super::{BODY, NOTICE, delivery, now, token};

#[test]
fn port_in_use_is_an_error() {
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
fn lines_have_the_time_and_json_lines_an_event() {
    let before = now();
    let listen = Listen::start(&[], &DEFAULT_VARIABLES);
    listen.ask(&delivery(BODY));
    let line = listen.timed_line();
    let (time, _) = split_time(&line);
    let time: jiff::Timestamp = time.parse().unwrap();
    assert!((before..=now()).contains(&time.as_second()), "{line}");

    let process = run(&["listen", "--port", "0", "--json", "--body"]).with(&DEFAULT_VARIABLES);
    let process = process.start();
    let event = || -> serde_json::Value { serde_json::from_str(&process.line().unwrap()).unwrap() };
    let listening = event();
    assert_eq!(listening["event"], "listening");
    let address = listening["url"].as_str().unwrap().strip_prefix("http://");
    let mut connection = Connection::open(address.unwrap().parse().unwrap());
    connection.ask(&delivery("\u{9b}\n".as_bytes()));
    assert_eq!(event()["body"], "\u{9b}\n");
    let long = vec![b'x'; 64 * 1024 + 1];
    Connection::open(address.unwrap().parse().unwrap()).ask(&delivery(&long));
    let cut = event();
    assert_eq!(cut["body"].as_str().unwrap().len(), 64 * 1024);
    assert_eq!(cut["body_is_cut"], true);
    Connection::open(address.unwrap().parse().unwrap()).ask(&delivery(b"\xff\0"));
    let binary = event();
    assert_eq!(
        (&binary["body"], &binary["body_base64"]),
        (&serde_json::Value::Null, &"/wA=".into())
    );
    let mut connection = Connection::open(address.unwrap().parse().unwrap());
    connection.ask(&delivery(BODY));
    let request = event();
    for (name, value) in [
        ("event", "request".into()),
        ("ok", true.into()),
        ("status", 200.into()),
        ("path", "/webhook".into()),
        ("key", "current".into()),
        ("source", "default".into()),
        ("bytes", 7.into()),
        ("error", serde_json::Value::Null),
        ("body", r#"{"a":1}"#.into()),
        ("body_is_cut", false.into()),
    ] {
        assert_eq!(request[name], value, "{name}");
    }
}

#[test]
fn without_keys_the_published_ones_are_used() {
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
fn warnings_of_the_environment_are_printed() {
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
fn published_key_given_is_noted_once() {
    let public = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r";
    let output = Listen::start(&["--current-key", public], &[])
        .stop()
        .code(0);
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    let start = "note: a signing key given in code is published, so anyone can sign with it: ";
    assert!(output.stderr.starts_with(start), "{output:?}");
}

#[test]
fn invalid_variables_are_an_error() {
    let mars = ("QSTASH_REGION", "MARS");
    for keys in [&[][..], &DEFAULT_VARIABLES] {
        let output = run(&["listen", "--port", "0"]).with(keys).with(&[mars]);
        output.end().assert_misuse(
            "QSTASH_REGION is \"MARS\", which is not a region: set it to US_EAST_1 or EU_CENTRAL_1, \
             or unset it to use one region's keys; run `qstash-verify check`",
        );
    }
    for variables in [&DEFAULT_VARIABLES[..1], &EU_VARIABLES] {
        let output = run(&["listen", "--port", "0"])
            .with(variables)
            .end()
            .code(2);
        assert_eq!(output.stdout, "");
        assert!(!output.stderr.contains("published"), "{output:?}");
        for (name, _) in variables {
            assert!(output.stderr.contains(name), "{output:?}");
        }
    }
    for option in ["--base-url", "--forward"] {
        let output = run(&["listen", "--port", "0", option, "api.example.com"]);
        let output = output.with(&DEFAULT_VARIABLES).end().code(2);
        assert!(output.stderr.contains(": it has no scheme, "), "{output:?}");
    }
}
