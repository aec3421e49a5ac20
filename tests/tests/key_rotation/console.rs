//! A stand-in for QStash's console and API: keys of both regions, which roll.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Time until a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Region {
    Us,
    Eu,
}

impl Region {
    pub(crate) const BOTH: [Region; 2] = [Region::Us, Region::Eu];

    pub(crate) fn header(self) -> &'static str {
        ["US-EAST-1", "EU-CENTRAL-1"][self as usize]
    }

    fn prefix(self) -> &'static str {
        ["US_EAST_1", "EU_CENTRAL_1"][self as usize]
    }

    fn key(self, number: usize) -> String {
        format!("sig_{}Key{number}", self.prefix())
    }

    fn token(self) -> String {
        format!("token-of-{}", self.prefix())
    }
}

#[derive(Clone, Copy, Default)]
struct OfRegion {
    rolls: usize,
    requests: usize,
    /// Requests that were answered with keys.
    fetches: usize,
}

#[derive(Default)]
struct State {
    regions: [OfRegion; 2],
    failing: bool,
}

/// The API, up until the test ends.
pub(crate) struct Console {
    address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Console {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<(Mutex<State>, Condvar)>::default();
        let of_server = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&stream.unwrap(), &of_server);
            }
        });
        Console { address, state }
    }

    /// The environment of a service that was deployed before the first roll.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let of_region = |region: Region| {
            let path = region.prefix();
            [
                ("URL", format!("http://{}/{path}", self.address)),
                ("TOKEN", region.token()),
                ("CURRENT_SIGNING_KEY", region.key(0)),
                ("NEXT_SIGNING_KEY", region.key(1)),
            ]
            .map(|(name, value)| (format!("{path}_QSTASH_{name}"), value))
        };
        Region::BOTH.map(of_region).concat()
    }

    pub(crate) fn roll(&self, region: Region, times: usize) {
        self.state.0.lock().unwrap().regions[region as usize].rolls += times;
    }

    /// Whether the API answers 500 from now on.
    pub(crate) fn fail(&self, failing: bool) {
        self.state.0.lock().unwrap().failing = failing;
    }

    fn of(&self, region: Region) -> OfRegion {
        self.state.0.lock().unwrap().regions[region as usize]
    }

    pub(crate) fn current_key(&self, region: Region) -> String {
        region.key(self.of(region).rolls)
    }

    pub(crate) fn requests(&self, region: Region) -> usize {
        self.of(region).requests
    }

    pub(crate) fn fetches(&self, region: Region) -> usize {
        self.of(region).fetches
    }

    pub(crate) fn wait_for_requests(&self, region: Region, number: usize) {
        self.wait(region, |of_region| of_region.requests >= number);
    }

    pub(crate) fn wait_for_fetches(&self, region: Region, number: usize) {
        self.wait(region, |of_region| of_region.fetches >= number);
    }

    fn wait(&self, region: Region, reached: impl Fn(&OfRegion) -> bool) {
        let (state, changed) = &*self.state;
        let state = state.lock().unwrap();
        let waiting = |state: &mut State| !reached(&state.regions[region as usize]);
        let (state, timeout) = changed
            .wait_timeout_while(state, PATIENCE, waiting)
            .unwrap();
        drop(state);
        assert!(
            !timeout.timed_out(),
            "{region:?}: no request in {PATIENCE:?}"
        );
    }
}

/// Answers one request, and closes the connection.
fn answer(mut stream: &TcpStream, (state, changed): &(Mutex<State>, Condvar)) {
    let mut head = String::new();
    let mut reader = BufReader::new(stream);
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
    let is_for = |region: &Region| head.starts_with(&format!("GET /{}/v2/keys ", region.prefix()));
    let region = Region::BOTH.into_iter().find(is_for).expect(&head);
    let authorization = format!("\r\nauthorization: Bearer {}\r\n", region.token());
    let (status, body) = {
        let mut state = state.lock().unwrap();
        let failing = state.failing;
        let of_region = &mut state.regions[region as usize];
        of_region.requests += 1;
        let [current, next] = [0, 1].map(|later| region.key(of_region.rolls + later));
        if failing {
            ("500 Internal Server Error", String::new())
        } else if head.contains(&authorization) {
            of_region.fetches += 1;
            (
                "200 OK",
                format!(r#"{{"current":"{current}","next":"{next}"}}"#),
            )
        } else {
            ("401 Unauthorized", String::new())
        }
    };
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).unwrap();
    changed.notify_all();
}
