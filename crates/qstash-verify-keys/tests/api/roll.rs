//! Rolls, and what is logged of them.

use std::net::TcpListener;
use std::time::SystemTime;

use qstash_verify::signing::SignedDelivery;
use qstash_verify::{
    Credentials, KeyRing, KeySlot, REGION_HEADER, Region, RequestHead, SIGNATURE_HEADER,
    SigningKeys, Verifier,
};
use qstash_verify_keys::{KeyApi, KeyRefresher};
use qstash_verify_test_support::log::captured;
use qstash_verify_test_support::{DEFAULT, EU, US, signing_keys};

use crate::server::{NEW, Server, TOKEN, block_on, json, pair};

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
