//! The requests to the API over real sockets, and what becomes of its answers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: what goes wrong here is to fail"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use qstash_verify::signing::SignedDelivery;
use qstash_verify::{
    Credentials, KeyRing, KeySlot, REGION_HEADER, Region, RequestHead, SIGNATURE_HEADER,
    SigningKeys, Verifier,
};
use qstash_verify_keys::{FetchError, KeyApi, KeyRefresher, StartError};
use qstash_verify_test_support::log::captured;
use qstash_verify_test_support::{DEFAULT, EU, US, lookup, signing_keys};

const TOKEN: &str = "secret-token-of-the-test";
const NEW: [&str; 2] = ["sig_newCurrent", "sig_newNext"];

/// A server that gives one answer to every request, and keeps the requests.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
                kept.lock().unwrap().push(head);
                // A client that has read enough closes the connection.
                let _ = stream.write_all(&answer);
            }
        });
        Server { address, requests }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn json(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

fn pair(keys: [&str; 2]) -> String {
    let [current, next] = keys;
    json(
        "200 OK",
        &format!(r#"{{"current":"{current}","next":"{next}"}}"#),
    )
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// The result of the first request with these variables, and the log.
fn first_fetch(
    verifier: &Verifier,
    variables: &[(&str, &str)],
) -> (Result<(), FetchError>, String) {
    captured(|| {
        block_on(async {
            let refresher = KeyRefresher::from_lookup(verifier, lookup(variables)).unwrap();
            let refresh = refresher.start().unwrap();
            let result = refresh.first_fetch().await;
            refresh.stop().await;
            result
        })
    })
}

fn is_in_use(verifier: &Verifier, region: Option<Region>, keys: [&str; 2]) -> bool {
    let ring = verifier.keys();
    keys.map(|key| ring.key_slot(region, key)) == [Some(KeySlot::Current), Some(KeySlot::Next)]
}

#[test]
fn keys_are_fetched_with_the_token_and_replaced() {
    let server = Server::start(pair(NEW));
    let verifier = Verifier::new(signing_keys(&DEFAULT));
    let url = server.url() + "/";
    let variables = [("QSTASH_URL", &*url), ("QSTASH_TOKEN", TOKEN)];
    let (result, log) = first_fetch(&verifier, &variables);
    assert_eq!(result, Ok(()));
    assert!(is_in_use(&verifier, None, NEW));
    let [request] = &server.requests()[..] else {
        panic!("{:?}", server.requests());
    };
    assert!(
        request.starts_with("GET /v2/keys HTTP/1.1\r\n"),
        "{request}"
    );
    let header = format!("\r\nauthorization: Bearer {TOKEN}\r\n");
    assert!(request.contains(&header), "{request}");
    assert!(log.contains("the new ones are in use"), "{log}");
    // Keys of another account would look the same.
    let warning = format!(
        "both new signing keys differ from those before: QSTASH_TOKEN at {}; unless",
        server.address
    );
    assert!(log.contains("WARN") && log.contains(&warning), "{log}");
    for secret in [TOKEN, "sig_"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn pair_with_a_known_key_is_replaced_without_a_warning() {
    let [current, next] = DEFAULT;
    for pair_of_api in [[current, "sig_newNext"], ["sig_newCurrent", current]] {
        let server = Server::start(pair(pair_of_api));
        let verifier = Verifier::new(signing_keys(&[current, next]));
        let url = server.url();
        let variables = [("QSTASH_URL", &*url), ("QSTASH_TOKEN", TOKEN)];
        let (result, log) = first_fetch(&verifier, &variables);
        assert_eq!(result, Ok(()));
        assert!(is_in_use(&verifier, None, pair_of_api), "{pair_of_api:?}");
        assert!(!log.contains("WARN"), "{log}");
    }
}

#[test]
fn each_region_has_its_own_api() {
    let (us, eu) = (
        Server::start(pair(NEW)),
        Server::start(json("401 Unauthorized", "")),
    );
    let (us_url, eu_url) = (us.url(), eu.url() + "/a/path");
    let ring = KeyRing::builder()
        .region(Region::UsEast1, signing_keys(&US))
        .region(Region::EuCentral1, signing_keys(&EU))
        .default_keys(signing_keys(&DEFAULT));
    let verifier = Verifier::new(ring.build().unwrap());
    let variables = [
        ("QSTASH_REGION", "EU_CENTRAL_1"),
        ("US_EAST_1_QSTASH_URL", &us_url),
        ("US_EAST_1_QSTASH_TOKEN", "us-token"),
        ("EU_CENTRAL_1_QSTASH_URL", &eu_url),
        ("EU_CENTRAL_1_QSTASH_TOKEN", "eu-token"),
    ];
    let (result, log) = first_fetch(&verifier, &variables);
    let expected = format!(
        "401 from {}: the token in EU_CENTRAL_1_QSTASH_TOKEN is not valid for this \
         region; copy it from the QStash console",
        eu.address
    );
    assert_eq!(result.unwrap_err().to_string(), expected);
    assert!(log.contains(&expected), "{log}");
    assert!(
        log.contains("not refreshed: QSTASH_TOKEN is not set"),
        "{log}"
    );
    assert!(is_in_use(&verifier, Some(Region::UsEast1), NEW));
    assert!(is_in_use(&verifier, Some(Region::EuCentral1), EU));
    assert!(is_in_use(&verifier, None, DEFAULT));
    assert!(us.requests()[0].contains("Bearer us-token\r\n"));
    assert!(eu.requests()[0].contains("Bearer eu-token\r\n"));
}

#[test]
fn unusable_answers_keep_the_keys_and_name_the_remedy() {
    let other = Server::start(pair(NEW));
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nlocation: {}/v2/keys\r\ncontent-length: 0\r\n\r\n",
        other.url()
    );
    let endless = json("200 OK", &" ".repeat(1024 * 1024));
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (answer, expected) in [
        (
            json("401 Unauthorized", TOKEN),
            "the token in QSTASH_TOKEN is not valid",
        ),
        (
            json("403 Forbidden", ""),
            "the token in QSTASH_TOKEN is not valid",
        ),
        (
            json("404 Not Found", ""),
            "check that QSTASH_URL is the URL of QStash",
        ),
        (json("429 Too Many Requests", ""), "too many requests"),
        (json("500 Internal Server Error", ""), "500 from"),
        (redirect, "a redirect is not followed"),
        (
            json("200 OK", r#"{"current":"sig_secret1""#),
            "not a JSON object",
        ),
        (
            json(
                "200 OK",
                r#"{"current":"sig_secret1","next":["sig_secret2"]}"#,
            ),
            "not a JSON",
        ),
        (json("200 OK", ""), "not a JSON object"),
        (pair(["", "sig_secret2"]), "is empty"),
        (pair(["null", "sig_secret2"]), "is a placeholder"),
        (
            pair(["sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "sig_secret2"]),
            "published",
        ),
        (pair(["sig_secret1", "sig_secret1"]), "are the same"),
        (endless, "length limit exceeded"),
        (
            format!("{chunked}{}0\r\n\r\n", chunk.repeat(8)),
            "length limit exceeded",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".into(),
            "can't be read",
        ),
        ("no HTTP\r\n\r\n".into(), "no answer from"),
        (String::new(), "no answer from"),
    ] {
        let server = Server::start(&*answer);
        let verifier = Verifier::new(signing_keys(&DEFAULT));
        let url = server.url();
        let variables = [("QSTASH_URL", &*url), ("QSTASH_TOKEN", TOKEN)];
        let (result, log) = first_fetch(&verifier, &variables);
        let text = result.unwrap_err().to_string();
        assert!(
            text.contains(expected) && text.contains(&server.address.to_string()),
            "{expected}: {text}"
        );
        assert!(log.contains(&text) && log.contains("WARN"), "{log}");
        for secret in [TOKEN, "sig_"] {
            assert!(!log.contains(secret), "{log}");
        }
        assert!(is_in_use(&verifier, None, DEFAULT), "{text}");
    }
    assert_eq!(
        other.requests(),
        [] as [String; 0],
        "a redirect was followed"
    );
}

#[test]
fn silent_server_is_given_up_after_ten_seconds() {
    // Accepts in its backlog, and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let verifier = Verifier::new(signing_keys(&DEFAULT));
    let silent = async {
        tokio::time::pause();
        let refresh = KeyRefresher::new(&verifier)
            .credentials(None, Credentials::new(&url, TOKEN))
            .start()
            .unwrap();
        let started = tokio::time::Instant::now();
        let error = refresh.first_fetch().await.unwrap_err().to_string();
        assert!(error.contains("within 10 s"), "{error}");
        assert_eq!(started.elapsed().as_secs(), 10);
    };
    captured(|| block_on(silent));
}

#[test]
fn deliveries_of_strangers_cause_one_early_request() {
    let server = Server::start(pair(DEFAULT));
    let verifier = Verifier::new(signing_keys(&DEFAULT));
    let deliver = |key: &str| {
        let keys = SigningKeys::new(key, "sig_other").unwrap();
        let url = "https://example.com/hook";
        let delivery = SignedDelivery::new(url, "hello", &keys, SystemTime::now());
        let head = RequestHead::new(delivery.headers(), "/hook");
        verifier
            .verify(&head, delivery.body())
            .map(|verified| verified.key_slot())
    };
    let strangers = async {
        let refresh = KeyRefresher::new(&verifier)
            .credentials(None, Credentials::new(&server.url(), TOKEN))
            .start()
            .unwrap();
        refresh.first_fetch().await.unwrap();
        // Genuine ones cause none.
        for _ in 0..100 {
            assert_eq!(deliver(DEFAULT[0]), Ok(KeySlot::Current));
            tokio::task::yield_now().await;
        }
        assert_eq!(server.requests().len(), 1);
        while server.requests().len() < 2 {
            assert_eq!(deliver("sig_mallory").unwrap_err().code(), "bad_signature");
            tokio::task::yield_now().await;
        }
        for _ in 0..10_000 {
            assert_eq!(deliver("sig_mallory").unwrap_err().code(), "bad_signature");
            tokio::task::yield_now().await;
        }
        assert_eq!(server.requests().len(), 2);
        // They don't stop the service.
        assert_eq!(deliver(DEFAULT[1]), Ok(KeySlot::Next));
        refresh.stop().await;
    };
    captured(|| block_on(strangers));
}

#[test]
fn default_pair_of_a_region_is_fetched_with_it() {
    let server = Server::start(pair(NEW));
    let ring = KeyRing::builder()
        .region(Region::EuCentral1, signing_keys(&EU))
        .default_keys(signing_keys(&EU));
    let verifier = Verifier::new(ring.build().unwrap());
    let url = server.url();
    let variables = [
        ("QSTASH_REGION", "EU_CENTRAL_1"),
        ("EU_CENTRAL_1_QSTASH_URL", &*url),
        ("EU_CENTRAL_1_QSTASH_TOKEN", TOKEN),
        ("QSTASH_URL", &url),
        ("QSTASH_TOKEN", TOKEN),
    ];
    let (result, log) = first_fetch(&verifier, &variables);
    assert_eq!(result, Ok(()));
    assert_eq!(server.requests().len(), 1);
    assert!(is_in_use(&verifier, Some(Region::EuCentral1), NEW));
    assert!(is_in_use(&verifier, None, NEW));
    assert!(log.contains("pair=EU_CENTRAL_1, default"), "{log}");
    // Another token may be of another account.
    let mut variables = variables;
    variables[4].1 = "another-token";
    first_fetch(&verifier, &variables).0.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn roll_is_warned_of_only_where_nothing_is_refreshed() {
    let server = Server::start(pair(US));
    let failing = Server::start(json("500 Internal Server Error", ""));
    let ring = KeyRing::builder()
        .region(Region::UsEast1, signing_keys(&US))
        .region(Region::EuCentral1, signing_keys(&EU));
    let verifier = Verifier::new(ring.build().unwrap());
    let warnings = |region: &str, pair: [&str; 2]| {
        let next = SigningKeys::new(pair[1], pair[0]).unwrap();
        let url = "https://example.com/hook";
        let delivery = SignedDelivery::new(url, "hello", &next, SystemTime::now());
        let headers = delivery.headers();
        let signature = headers.iter().find(|(name, _)| *name == SIGNATURE_HEADER);
        let headers = [
            (SIGNATURE_HEADER, &*signature.unwrap().1),
            (REGION_HEADER, region),
        ];
        let ((), log) = captured(|| {
            let verified = verifier.verify(&RequestHead::new(headers, "/hook"), b"hello");
            assert_eq!(verified.unwrap().key_slot(), KeySlot::Next);
        });
        log.matches("signed with the next key").count()
    };
    let start = |server: &Server| {
        KeyRefresher::new(&verifier)
            .credentials(
                Some(Region::UsEast1),
                Credentials::new(&server.url(), TOKEN),
            )
            .start()
            .unwrap()
    };
    let fresh = || verifier.set_keys(Some(Region::UsEast1), signing_keys(&US));
    captured(|| {
        block_on(async {
            let refresh = start(&server);
            refresh.first_fetch().await.unwrap();
            assert_eq!(warnings("US-EAST-1", US), 0);
            assert_eq!(warnings("EU-CENTRAL-1", EU), 1);
            refresh.stop().await;
            assert_eq!(warnings("US-EAST-1", US), 1);
            fresh();
            let refresh = start(&failing);
            refresh.first_fetch().await.unwrap_err();
            assert_eq!(warnings("US-EAST-1", US), 1, "the API fails");
            refresh.stop().await;
        });
    });
}

#[test]
fn first_fetch_fails_if_the_refresh_has_ended() {
    // Accepts in its backlog, and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let verifier = Verifier::new(signing_keys(&DEFAULT));
    // Its runtime is gone once this returns.
    let refresh = block_on(async {
        KeyRefresher::new(&verifier)
            .credentials(None, Credentials::new(&url, TOKEN))
            .start()
            .unwrap()
    });
    let error = block_on(refresh.first_fetch()).unwrap_err().to_string();
    assert!(error.contains("the refresh has ended"), "{error}");
}

#[test]
fn roll_is_a_post_and_its_failure_says_what_may_have_happened() {
    let uncertain = "the keys may have been rolled nevertheless";
    for (answer, expected) in [
        (pair(NEW), None),
        (json("401 Unauthorized", ""), Some(false)),
        (json("302 Found", ""), Some(false)),
        (json("500 Internal Server Error", ""), Some(true)),
        (json("200 OK", "{}"), Some(true)),
        (String::new(), Some(true)),
    ] {
        let server = Server::start(&*answer);
        let credentials = Credentials::new(&server.url(), TOKEN);
        let api = KeyApi::new(Some(Region::UsEast1), &credentials).unwrap();
        assert_eq!(api.host(), server.address.to_string());
        match block_on(api.roll()) {
            Ok(keys) => {
                assert_eq!(expected, None);
                assert_eq!([keys.current(), keys.next()], NEW);
                let printed = format!("{keys:?} {api:?}");
                assert!(!printed.contains("sig_") && !printed.contains(TOKEN));
            }
            Err(error) => {
                let text = error.to_string();
                assert_eq!(Some(text.contains(uncertain)), expected, "{text}");
            }
        }
        let [request] = &server.requests()[..] else {
            panic!("{:?}", server.requests());
        };
        assert!(
            request.starts_with("POST /v2/keys/rotate HTTP/1.1\r\n"),
            "{request}"
        );
    }
}

#[test]
fn timeout_of_one_request_can_be_set() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = KeyApi::new(None, &Credentials::new(&url, TOKEN)).unwrap();
    let api = api.timeout(Duration::from_millis(10));
    let error = block_on(api.fetch()).unwrap_err().to_string();
    assert!(error.contains("within 0.01 s"), "{error}");
}

#[test]
fn development_keys_are_left_alone() {
    let variables = [("QSTASH_DEV", "1"), ("QSTASH_TOKEN", TOKEN)];
    let verifier = Verifier::new(SigningKeys::development());
    let (result, log) = first_fetch(&verifier, &variables);
    assert_eq!(result, Ok(()));
    assert!(log.contains("QSTASH_DEV is on"), "{log}");
}

#[test]
fn unusable_credentials_are_errors_at_the_start() {
    let verifier = Verifier::new(signing_keys(&DEFAULT));
    let start = |verifier: &Verifier, variables: &[(&str, &str)]| {
        let refresher = KeyRefresher::from_lookup(verifier, lookup(variables))?;
        refresher.start().map(drop)
    };
    let text = |variables: &[(&str, &str)]| {
        let (result, _) = captured(|| block_on(async { start(&verifier, variables) }));
        let error = result.unwrap_err();
        let text = error.to_string();
        assert!(!text.contains("secret"), "{text}");
        text
    };
    for (url, expected) in [
        (
            "http://qstash.upstash.io",
            "the URL in QSTASH_URL has http://",
        ),
        (
            "https://user:secret@qstash.upstash.io",
            "the URL in QSTASH_URL has a user",
        ),
        ("qstash", "the URL in QSTASH_URL is no absolute URL"),
    ] {
        let text = text(&[("QSTASH_URL", url), ("QSTASH_TOKEN", "secret")]);
        assert!(text.starts_with(expected), "{text}");
    }
    assert!(text(&[]).contains("QSTASH_TOKEN"));
    assert!(text(&[("QSTASH_TOKEN", "secret secret")]).starts_with("the token in QSTASH_TOKEN"));
    // The verifier has no pair of a region.
    let us = [
        ("QSTASH_REGION", "US_EAST_1"),
        ("US_EAST_1_QSTASH_TOKEN", "secret"),
    ];
    assert!(text(&us).contains("none of the verifier's keys"));
    let default = [("QSTASH_TOKEN", "secret")];
    assert_eq!(start(&verifier, &default), Err(StartError::NoRuntime));
}

#[test]
fn debug_forms_hide_keys_and_tokens() {
    let server = Server::start(pair(NEW));
    let api = KeyApi::new(None, &Credentials::new(&server.url(), TOKEN)).unwrap();
    let form = format!("{api:?}");
    let host = format!("Endpoint {{ host: \"{}\"", server.address);
    assert!(form.contains(&host) && !form.contains(TOKEN), "{form}");
    let keys = block_on(api.fetch()).unwrap();
    assert_eq!(format!("{keys:?}"), "FetchedKeys { .. }");
}
