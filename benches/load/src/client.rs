//! A low-overhead client, so that the server is the bottleneck: it sends prepared
//! requests sequentially on a keep-alive connection and checks every response.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::delivery::{Answer, Request};
use crate::failure::Failure;
use crate::target::Variant;

/// Maximum number of wrong responses to describe.
const MAX_EXAMPLES: usize = 3;

/// A connection and its position in the list of requests.
#[derive(Debug)]
pub(crate) struct Connection {
    port: u16,
    variant: Variant,
    stream: TcpStream,
    answer: Vec<u8>,
    next: usize,
}

/// The end of a round: the deadline or the number of responses, whichever is first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until {
    pub(crate) time: Instant,
    pub(crate) answers: usize,
}

/// Counts and latencies of a round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Nanoseconds from a request to its response; correct responses only.
    pub(crate) latencies: Vec<u32>,
    pub(crate) wrong: usize,
    /// Descriptions of the first wrong responses.
    pub(crate) examples: Vec<String>,
    /// Number of responses with `Connection: close`.
    pub(crate) closed: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Tally) {
        self.latencies.extend(other.latencies);
        self.wrong += other.wrong;
        self.examples.extend(other.examples);
        self.examples.truncate(MAX_EXAMPLES);
        self.closed += other.closed;
    }
}

/// Whether a response keeps its connection open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Persistence {
    Keep,
    Close,
}

impl Connection {
    /// Opens a connection that starts at this index of the requests.
    pub(crate) async fn open(port: u16, variant: Variant, first: usize) -> io::Result<Self> {
        Ok(Connection {
            port,
            variant,
            stream: connect(port).await?,
            answer: vec![0; 4096],
            next: first,
        })
    }

    /// Sends requests sequentially until the end of the round.
    pub(crate) async fn drive(
        mut self,
        requests: Arc<[Request]>,
        until: Until,
    ) -> Result<(Self, Tally), Failure> {
        let mut tally = Tally::default();
        for _ in 0..until.answers {
            let sent = Instant::now();
            if sent >= until.time {
                break;
            }
            let Some(request) = requests.get(self.next % requests.len()) else {
                return Err("no requests to send".into());
            };
            self.next += 1;
            match self.exchange(request).await {
                Ok(persistence) => {
                    tally.latencies.push(nanos(sent.elapsed()));
                    if persistence == Persistence::Close {
                        tally.closed += 1;
                        self.reopen().await?;
                    }
                }
                Err(wrong) => {
                    tally.wrong += 1;
                    if tally.examples.len() < MAX_EXAMPLES {
                        let variant = self.variant.name();
                        let example = format!("{variant}, {}: {wrong}", request.name);
                        tally.examples.push(example);
                    }
                    // The rest of the wrong response may still arrive on the old one.
                    self.reopen().await?;
                }
            }
        }
        Ok((self, tally))
    }

    async fn reopen(&mut self) -> Result<(), Failure> {
        let gone = |error| {
            format!(
                "server crashed: {}: {error}; see its output above",
                self.variant.name()
            )
        };
        self.stream = connect(self.port).await.map_err(gone)?;
        Ok(())
    }

    /// Sends a request and checks its response.
    async fn exchange(&mut self, request: &Request) -> Result<Persistence, String> {
        let lost = |error: io::Error| format!("no response: {error}");
        self.stream.write_all(&request.bytes).await.map_err(lost)?;
        let mut length = 0;
        loop {
            let room = self.answer.get_mut(length..).unwrap_or_default();
            if room.is_empty() {
                return Err("response longer than the buffer".to_owned());
            }
            let read = self.stream.read(room).await.map_err(lost)?;
            if read == 0 {
                return Err(format!("connection closed after {length} bytes"));
            }
            length += read;
            let arrived = self.answer.get(..length).unwrap_or_default();
            if let Some(persistence) = check(arrived, request.expected(self.variant))? {
                return Ok(persistence);
            }
        }
    }
}

async fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Compares the received bytes with the expected response; `None` if incomplete.
fn check(arrived: &[u8], expected: &Answer) -> Result<Option<Persistence>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(arrived) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("malformed response: {error}")),
    };
    let header = |name: &str| {
        let mut headers = response.headers.iter();
        headers.find_map(|header| {
            header
                .name
                .eq_ignore_ascii_case(name)
                .then_some(header.value)
        })
    };
    let length = header("content-length").and_then(|value| str::from_utf8(value).ok());
    let length: usize = length
        .and_then(|length| length.parse().ok())
        .ok_or("response without Content-Length")?;
    let body = arrived.get(head..).unwrap_or_default();
    if body.len() < length {
        return Ok(None);
    }
    let status = response.code.unwrap_or_default();
    if status != expected.status || body != expected.body {
        return Err(format!(
            "{status} {:?} instead of {} {:?}",
            String::from_utf8_lossy(body),
            expected.status,
            String::from_utf8_lossy(&expected.body),
        ));
    }
    let close = header("connection").is_some_and(|value| value.eq_ignore_ascii_case(b"close"));
    Ok(Some(if close {
        Persistence::Close
    } else {
        Persistence::Keep
    }))
}

fn nanos(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    fn checked(answer: &str) -> Result<Option<Persistence>, String> {
        let expected = Answer {
            status: 200,
            body: b"ok".to_vec(),
        };
        check(answer.as_bytes(), &expected)
    }

    #[test]
    fn only_the_expected_response_is_accepted() {
        assert_eq!(checked(RIGHT), Ok(Some(Persistence::Keep)));
        let closing = RIGHT.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
        assert_eq!(checked(&closing), Ok(Some(Persistence::Close)));
        for at in 0..RIGHT.len() {
            let (arrived, _) = RIGHT.split_at(at);
            assert_eq!(checked(arrived), Ok(None), "{at}");
        }
        for (of, with) in [
            ("200 OK", "204 OK"),
            ("200 OK", "401 Unauthorized"),
            ("\r\nok", "\r\nno"),
            ("\r\nok", "\r\nokHTTP/1.1 200"),
            ("Length: 2\r\n\r\nok", "Length: 1\r\n\r\no"),
            ("Content-Length: 2\r\n", ""),
            ("HTTP", "SMTP"),
        ] {
            let wrong = RIGHT.replace(of, with);
            assert_ne!(wrong, RIGHT);
            assert!(checked(&wrong).is_err(), "{wrong}");
        }
    }
}
