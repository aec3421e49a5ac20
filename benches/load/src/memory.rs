//! Memory per connection with endless unread bodies, on a refused and an open route.

use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::process::Process;
use crate::server::{OPEN_PATH, PATH};
use crate::target::{Framework, Target, Variant};

/// Resolution of the memory per connection, in KiB.
const NEGLIGIBLE: u64 = 32;
/// Duration of a measurement, longer than a server keeps a refused connection.
const DURATION: Duration = Duration::from_secs(2);
/// Number of bytes that a connection sends per turn.
const TURN: usize = 256 * 1024;

/// The framing of an endless body.
#[derive(Clone, Copy, Debug)]
enum Framing {
    /// A `Content-Length` that is never reached.
    ContentLength,
    /// Chunks of this size.
    Chunked(usize),
}

impl Framing {
    const ALL: [Framing; 7] = [
        Framing::ContentLength,
        Framing::Chunked(1),
        Framing::Chunked(16),
        Framing::Chunked(256),
        Framing::Chunked(1024),
        Framing::Chunked(16 * 1024),
        Framing::Chunked(64 * 1024),
    ];

    fn head(self, path: &str) -> String {
        let framing = match self {
            Framing::ContentLength => "content-length: 1099511627776",
            Framing::Chunked(_) => "transfer-encoding: chunked",
        };
        format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{framing}\r\n\r\n")
    }

    /// Returns a repeatable piece of the body.
    fn piece(self) -> Vec<u8> {
        match self {
            Framing::ContentLength => vec![b'x'; TURN],
            Framing::Chunked(size) => {
                let data = vec![b'x'; size];
                let chunk = [format!("{size:x}\r\n").as_bytes(), &data, b"\r\n"].concat();
                chunk.repeat(TURN.div_ceil(chunk.len()))
            }
        }
    }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Framing::ContentLength => f.write_str("Content-Length"),
            Framing::Chunked(size) => write!(f, "chunks of {size} B"),
        }
    }
}

/// Memory per connection, and the number of clients with a response.
#[derive(Clone, Copy)]
struct Measurement {
    kibibytes: u64,
    answers: usize,
}

/// Measures and prints all combinations; returns a message per framework over the limit.
pub(crate) fn run(connections: u16) -> Result<Vec<String>, Failure> {
    let count = usize::from(connections);
    println!("Peak KiB per connection of {connections}, and number of responses");
    println!(
        "{:24}{:>12} {:>8} {:>12} {:>8}",
        "", "open route", "received", "refused", "received"
    );
    let mut violations = Vec::new();
    for framework in [Framework::Axum, Framework::Actix] {
        let name = framework.name();
        let (mut most_open, mut most_refused) = (NEGLIGIBLE, 0);
        for framing in Framing::ALL {
            let open = measure(framework, Variant::Bare, framing, OPEN_PATH, count)?;
            let refused = measure(framework, Variant::Wrapped, framing, PATH, count)?;
            println!(
                "{:24}{:>12} {:>8} {:>12} {:>8}",
                format!("{name}, {framing}"),
                open.kibibytes,
                open.answers,
                refused.kibibytes,
                refused.answers
            );
            // The limit compares the maxima, since clients choose the framing.
            most_open = most_open.max(open.kibibytes);
            most_refused = most_refused.max(refused.kibibytes);
        }
        if most_refused * 2 > most_open * 3 {
            violations.push(format!(
                "memory per refused connection: {name}, {most_refused} KiB, open {most_open} KiB; the \
                 limit is 1.5 times the open one"
            ));
        }
    }
    Ok(violations)
}

fn measure(
    framework: Framework,
    variant: Variant,
    framing: Framing,
    path: &str,
    count: usize,
) -> Result<Measurement, Failure> {
    let process = Process::start(Target {
        framework,
        variant,
        core: None,
        log: false,
    })?;
    let piece = framing.piece();
    let head = framing.head(path).into_bytes();
    let mut clients = (0..count)
        .map(|_| Client::open(process.port, &head, &piece))
        .collect::<Result<Vec<_>, Failure>>()?;
    // Idle connections take the same memory on both routes.
    let before = process.memory()?;
    let mut most = before;
    let start = Instant::now();
    while start.elapsed() < DURATION {
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(&piece);
            if number % 64 == 0 {
                most = most.max(process.memory()?);
            }
        }
        if clients.iter().all(|client| client.closed) {
            break;
        }
        std::thread::yield_now();
    }
    let mut answers = 0;
    for client in &mut clients {
        answers += usize::from(client.is_answered());
    }
    Ok(Measurement {
        kibibytes: most.saturating_sub(before) / u64::try_from(count.max(1))?,
        answers,
    })
}

/// A client that reads after sending.
struct Client {
    stream: TcpStream,
    /// Head and first piece in one write, so that the server reads them together.
    first: Vec<u8>,
    /// Number of bytes sent of `first`, then of the piece.
    sent: usize,
    closed: bool,
}

impl Client {
    fn open(port: u16, head: &[u8], piece: &[u8]) -> Result<Self, Failure> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nonblocking(true)?;
        Ok(Client {
            stream,
            first: [head, piece].concat(),
            sent: 0,
            closed: false,
        })
    }

    /// Sends as much of the piece as the socket accepts.
    fn send(&mut self, piece: &[u8]) {
        while !self.closed {
            let piece = if self.first.is_empty() {
                piece
            } else {
                &self.first
            };
            match self
                .stream
                .write(piece.get(self.sent..).unwrap_or_default())
            {
                Ok(length) => self.sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.closed = true,
            }
            if self.sent >= piece.len() {
                self.first = Vec::new();
                self.sent = 0;
                return;
            }
        }
    }

    /// Returns whether the start of a response has arrived.
    fn is_answered(&mut self) -> bool {
        let mut bytes = [0; 9];
        self.stream.read_exact(&mut bytes).is_ok() && &bytes == b"HTTP/1.1 "
    }
}
