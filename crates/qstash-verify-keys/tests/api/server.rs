//! A server in the place of the API, and what the tests ask of a refresher.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use qstash_verify::{KeySlot, Region, Verifier};
use qstash_verify_keys::{FetchError, KeyRefresher};
use qstash_verify_test_support::log::captured;
use qstash_verify_test_support::lookup;

pub(crate) const TOKEN: &str = "secret-token-of-the-test";
pub(crate) const NEW: [&str; 2] = ["sig_newCurrent", "sig_newNext"];

/// A server that gives one response to every request, and keeps the requests.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Into<Vec<u8>>) -> Self {
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

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub(crate) fn json(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

pub(crate) fn pair(keys: [&str; 2]) -> String {
    let [current, next] = keys;
    json(
        "200 OK",
        &format!(r#"{{"current":"{current}","next":"{next}"}}"#),
    )
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// The result of the first request with these variables, and the log.
pub(crate) fn first_fetch(
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

pub(crate) fn is_in_use(verifier: &Verifier, region: Option<Region>, keys: [&str; 2]) -> bool {
    let ring = verifier.keys();
    keys.map(|key| ring.key_slot(region, key)) == [Some(KeySlot::Current), Some(KeySlot::Next)]
}
