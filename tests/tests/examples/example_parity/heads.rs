//! Cases of heads: routes, methods, signature headers, other headers, regions.

use qstash_verify_tests::{DEFAULT, EU, Request, Token, US};

use super::{Case, genuine, genuine_for};
use crate::{BODY, URL, delivery, forged, now, signed};

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"];
const TARGETS: [&str; 10] = [
    "/webhook",
    "/webhook?from=qstash",
    "/health",
    "/health?verbose",
    "/nope",
    "/webhook/",
    "//webhook",
    "/Webhook",
    "/x/../webhook",
    "/",
];

pub(super) fn routes() -> Vec<Case> {
    let mut cases = Vec::new();
    for method in METHODS {
        for target in TARGETS {
            let path = target.split('?').next().unwrap_or_default();
            let unsigned = Request::new(method, target);
            for (who, request, refusal) in [
                ("genuine", genuine_for(method, target, b""), ""),
                ("forged", unsigned.clone().signed(other()), "bad_signature"),
                ("junk", unsigned.clone().signed("junk"), "malformed_token"),
                ("unsigned", unsigned, "missing_signature"),
            ] {
                let (status, code) = match (path, method) {
                    ("/webhook", _) if who != "genuine" => (401, refusal),
                    ("/webhook", "POST") | ("/health", "GET" | "HEAD") => (200, ""),
                    ("/webhook" | "/health", _) => (405, ""),
                    _ => (404, ""),
                };
                let name = format!("{who} {method} {target}");
                for request in [request.clone(), request.body(b"")] {
                    cases.push(Case::new(&name, request, status, code).method(method));
                }
            }
        }
    }
    cases
}

/// A token signed with another key.
fn other() -> String {
    Token::new(URL, BODY, now()).sign("sig_ofSomebodyElse")
}

pub(super) fn signatures() -> Vec<Case> {
    let token = |key| Token::new(URL, BODY, now()).sign(key);
    let post = |values: &[&str]| {
        let request = Request::post("/webhook").header("x-before", "1");
        let signed = values.iter().fold(request, Request::signed);
        signed.header("x-after", "2").body(BODY)
    };
    let (current, next, other) = (token(DEFAULT[0]), token(DEFAULT[1]), other());
    let joined = format!("{current}, {current}");
    let values = [
        (&*current, 200, ""),
        (&next, 200, ""),
        (&other, 401, "bad_signature"),
        ("", 401, "malformed_token"),
        ("junk", 401, "malformed_token"),
        (&joined, 401, "malformed_token"),
    ];
    let mut cases = vec![Case::new("none", post(&[]), 401, "missing_signature")];
    for (first, status, code) in values {
        cases.push(Case::new(first, post(&[first]), status, code));
        for (second, ..) in values {
            let name = format!("{first} and {second}");
            let code = "malformed_token";
            cases.push(Case::new(&name, post(&[first, second]), 401, code));
            let three = post(&[first, second, &current]);
            cases.push(Case::new(name, three, 401, code));
        }
    }
    for (name, status) in [
        ("Upstash-Signature", 200),
        ("UPSTASH-SIGNATURE", 200),
        ("upstash_signature", 401),
        ("x-upstash-signature", 401),
        ("authorization", 401),
    ] {
        let request = Request::post("/webhook").header(name, &current).body(BODY);
        let code = if status == 200 {
            ""
        } else {
            "missing_signature"
        };
        cases.push(Case::new(name, request, status, code));
    }
    cases
}

pub(super) fn junk() -> Vec<Case> {
    let mut cases = Vec::new();
    let plain = || delivery(DEFAULT[0], BODY);
    for byte in 0x80..=0xff {
        for name in [
            "x-junk",
            "upstash-region",
            "upstash-message-id",
            "upstash-retried",
            "user-agent",
            "content-type",
        ] {
            for value in [vec![byte], vec![b'a', byte, b'b']] {
                let request = plain().header(name, value);
                cases.push(Case::new(format!("{name} {byte:x}"), request, 200, ""));
            }
        }
        let token = Token::new(URL, BODY, now()).sign(DEFAULT[0]);
        let (start, end) = token.split_at(200);
        for value in [
            vec![byte],
            [token.as_bytes(), &[byte]].concat(),
            [start.as_bytes(), &[byte], end.as_bytes()].concat(),
        ] {
            let request = Request::post("/webhook").signed(value).body(BODY);
            let name = format!("signature {byte:x}");
            cases.push(Case::new(name, request, 401, "malformed_token"));
        }
    }
    for (name, value) in [
        ("host", "api.example.com"),
        ("x-empty", ""),
        ("x-spaces", "  a \t b  "),
        ("x-long", &"x".repeat(60_000)),
        ("expect", "100-continue"),
        ("expect", "miracles"),
        ("accept", "application/xml"),
        ("accept-encoding", "gzip, br"),
        ("content-encoding", "gzip"),
        ("content-type", "multipart/form-data"),
        ("cookie", "a=b"),
        ("if-none-match", "*"),
        ("origin", "https://example.com"),
        ("range", "bytes=0-1"),
        ("te", "trailers"),
        ("trailer", "upstash-signature"),
        ("x-http-method-override", "GET"),
        ("x-forwarded-host", "elsewhere.example.com"),
        ("x-original-url", "/health"),
    ] {
        // The client already sends `Host`, and a second one is invalid.
        let name = if name == "host" { "x-host" } else { name };
        cases.push(Case::new(name, plain().header(name, value), 200, ""));
    }
    let many = (0..80).fold(plain(), |request, number| {
        request.header(&format!("x-{number}"), "x")
    });
    cases.push(Case::new("many headers", many, 200, ""));
    let too_many = (0..200).fold(plain(), |request, number| {
        request.header(&format!("x-{number}"), "x")
    });
    cases.push(Case::new("too many headers", too_many, 431, ""));
    for line in [
        "junk",
        ": x",
        "x : y",
        "x: a\0b",
        "x: a\x01b",
        "x: a\x7fb",
        "x: y\r\n folded",
        "x\u{80}: y",
        "(x): y",
        "content-length: 5",
        "content-length: -5",
        "content-length: 5, 5",
        "content-length: five",
        "transfer-encoding: gzip",
    ] {
        let request = genuine(BODY).header("content-length", "25");
        let (name, value) = ("x-before", format!("x\r\n{line}"));
        let request = request.header(name, value).raw_body(BODY);
        cases.push(Case::new(line, request, 400, ""));
    }
    cases
}

pub(super) fn regions() -> Vec<Case> {
    let mut cases = Vec::new();
    for (region, pair) in [
        (None, DEFAULT),
        (Some("US-EAST-1"), US),
        (Some("us-east-1"), US),
        (Some("US_EAST_1"), US),
        (Some("EU-CENTRAL-1"), EU),
        (Some("eu-central-1"), EU),
        (Some("MARS-1"), DEFAULT),
        (Some(""), DEFAULT),
        (Some("US-EAST-1, EU-CENTRAL-1"), DEFAULT),
    ] {
        for (number, key) in [DEFAULT, US, EU].into_iter().flatten().enumerate() {
            for retried in ["0", "1", "5", "-1", "many"] {
                let mut request = signed(key, BODY)
                    .header("user-agent", "Upstash-QStash")
                    .header("upstash-message-id", format!("msg_{number}"))
                    .header("upstash-schedule-id", "scd_1")
                    .header("upstash-topic-name", "orders")
                    .header("upstash-caller-ip", "192.0.2.1")
                    .header("upstash-retried", retried);
                if let Some(region) = region {
                    request = request.header("upstash-region", region);
                }
                let (status, code) = match pair.contains(&key) {
                    true => (200, ""),
                    false => (401, "bad_signature"),
                };
                let name = format!("{region:?} {key} {retried}");
                cases.push(Case::new(name, request.body(BODY), status, code));
            }
        }
    }
    let two = |first, second| {
        let request = delivery(US[0], BODY).header("upstash-region", first);
        request.header("upstash-region", second)
    };
    let (us, eu) = ("US-EAST-1", "EU-CENTRAL-1");
    cases.push(Case::new("the first region", two(us, eu), 200, ""));
    cases.push(Case::new("and no other", two(eu, us), 401, "bad_signature"));
    let elsewhere = forged(BODY).header("upstash-region", us).body(BODY);
    cases.push(Case::new("forged", elsewhere, 401, "bad_signature"));
    cases
}
