//! Deliveries to `listen`.

use qstash_verify_test_support::{DEFAULT_VARIABLES, MULTI_REGION, US_VARIABLES};

use crate::backend::{Backend, answer, ok};
use crate::process::Listen;

use super::{NOTICE, assert_printed, both_regions, send, timeless, verify};

#[test]
fn listen_with_the_same_keys_accepts() {
    let regional = both_regions();
    for (variables, arguments, signed, accepted) in [
        (
            &[][..],
            &[][..],
            "from EU_CENTRAL_1, signed with the current key",
            "region EU_CENTRAL_1, current key (explicit)",
        ),
        (
            &DEFAULT_VARIABLES,
            &[],
            "from EU_CENTRAL_1, signed with the current key of the default pair",
            "region EU_CENTRAL_1, current key (default)",
        ),
        (
            &DEFAULT_VARIABLES,
            &["--next"],
            "from EU_CENTRAL_1, signed with the next key of the default pair",
            "region EU_CENTRAL_1, next key (default)",
        ),
        (
            &DEFAULT_VARIABLES,
            &["--region", "us-east-1"],
            "from US_EAST_1, signed with the current key of the default pair",
            "region US_EAST_1, current key (default)",
        ),
        // Without an argument, it is from the primary region.
        (
            &regional,
            &[],
            "from US_EAST_1, signed with the current key of the US_EAST_1 pair",
            "region US_EAST_1, current key (region)",
        ),
        (
            &regional,
            &["--region", "EU_CENTRAL_1", "--next"],
            "from EU_CENTRAL_1, signed with the next key of the EU_CENTRAL_1 pair",
            "region EU_CENTRAL_1, next key (region)",
        ),
    ] {
        let listen = Listen::start(&[], variables);
        let url = listen.url("/webhook?a=b");
        let common = ["--data", r#"{"a":1}"#, "--message-id", "msg_1"];
        let output = send(&url, &[&common, arguments].concat())
            .with(variables)
            .end();
        let printed =
            format!("POST {url}: 7 bytes {signed}\n200 OK after T\n{{\"verified\":true}}\n");
        assert_eq!(timeless(&output.stdout), printed);
        let notice = if variables.is_empty() { NOTICE } else { "" };
        assert_eq!((output.code, &*output.stderr), (Some(0), notice));
        assert_eq!(
            listen.line(),
            format!("accepted 200 POST /webhook?a=b [{accepted}, msg_1, retried 0, 7 bytes]")
        );
    }
}

#[test]
fn both_regions_send_a_delivery_each() {
    let variables = both_regions();
    let listen = Listen::start(&[], &variables);
    let url = listen.url("/");
    let arguments = ["--data", "x", "--message-id", "msg_1", "--both-regions"];
    let output = send(&url, &arguments).with(&variables).end();
    let line = |region: &str| {
        format!(
            "POST {url}: 1 byte from {region}, signed with the current key of the {region} pair"
        )
    };
    let answer = ["200 OK after T", r#"{"verified":true}"#];
    let (us, eu) = (line("US_EAST_1"), line("EU_CENTRAL_1"));
    assert_printed(
        &output,
        0,
        &[&*us, answer[0], answer[1], &*eu, answer[0], answer[1]],
    );
    for region in ["US_EAST_1", "EU_CENTRAL_1"] {
        assert_eq!(
            listen.line(),
            format!(
                "accepted 200 POST / [region {region}, current key (region), msg_1, retried 0, \
                 1 byte]"
            )
        );
    }
}

#[test]
fn refusal_of_one_region_is_a_failure() {
    let statuses = ["401 Unauthorized", "200 OK"];
    for script in [statuses, [statuses[1], statuses[0]]] {
        let backend = Backend::start(script.map(|status| answer(status, &[])));
        let arguments = ["--data", "ping", "--both-regions"];
        let output = send(&backend.url("/"), &arguments).with(&both_regions());
        output.end().code(1);
        let regions: Vec<_> = backend
            .requests()
            .iter()
            .map(|request| request.header("upstash-region").unwrap().to_owned())
            .collect();
        assert_eq!(regions, ["US-EAST-1", "EU-CENTRAL-1"]);
    }
}

#[test]
fn region_without_keys_is_signed_with_the_default_pair() {
    let variables = [&DEFAULT_VARIABLES[..], &US_VARIABLES, &[MULTI_REGION]].concat();
    let backend = Backend::start([ok()]);
    let arguments = ["--data", "ping", "--region", "EU_CENTRAL_1"];
    let output = send(&backend.url("/"), &arguments).with(&variables).end();
    assert_eq!(
        output.stderr,
        "note: no keys of EU_CENTRAL_1 are set: signed with the default pair, which is right only \
         if those are its keys\n"
    );
    output.code(0);
    assert_eq!(
        verify(&backend.request(), &backend.url("/"))
            .key_slot()
            .as_str(),
        "current"
    );
}
