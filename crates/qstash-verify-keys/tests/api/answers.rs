//! Unusable answers, and silence.

use std::net::TcpListener;
use std::time::SystemTime;

use qstash_verify::signing::SignedDelivery;
use qstash_verify::{Credentials, KeySlot, RequestHead, SigningKeys, Verifier};
use qstash_verify_keys::KeyRefresher;
use qstash_verify_test_support::log::captured;
use qstash_verify_test_support::{DEFAULT, signing_keys};

use crate::server::{NEW, Server, TOKEN, block_on, first_fetch, is_in_use, json, pair};

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
        ("no HTTP\r\n\r\n".into(), "no response from"),
        (String::new(), "no response from"),
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
fn forgeries_cause_one_early_request() {
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
    let forgeries = async {
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
    captured(|| block_on(forgeries));
}
