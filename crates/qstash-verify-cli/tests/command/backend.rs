//! A server with scripted responses that records its requests.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};

use crate::process::PATIENCE;

/// The reply to a request, on a connection of its own.
#[derive(Debug)]
pub(crate) enum Reply {
    /// Writes bytes, and closes the connection.
    Answer(Vec<u8>),
    /// Writes bytes, and keeps the connection open.
    Keep(Vec<u8>),
    /// Writes nothing until the client closes the connection.
    Silence,
    /// Writes bytes at a signal.
    Wait(Receiver<()>, Vec<u8>),
}

/// Returns a response without a body.
pub(crate) fn answer(status: &str, headers: &[&str]) -> Reply {
    answer_with(status, headers, b"")
}

pub(crate) fn answer_with(status: &str, headers: &[&str], body: &[u8]) -> Reply {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    Reply::Answer([head.as_bytes(), b"\r\n", body].concat())
}

pub(crate) fn ok() -> Reply {
    answer("200 OK", &[])
}

#[derive(Debug)]
pub(crate) struct Backend {
    listener: TcpListener,
    received: Receiver<Received>,
}

/// A recorded request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// The request line.
    pub(crate) line: String,
    /// Names in lower case, with values.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Backend {
    /// Starts a server that answers one request for each reply.
    pub(crate) fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let script: Vec<_> = script.into_iter().collect();
        let (sender, received) = mpsc::channel();
        let accepting = listener.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for reply in script {
                let (mut stream, _) = accepting.accept().unwrap();
                let request = Received::read(&mut stream);
                if sender.send(request).is_err() {
                    return;
                }
                match reply {
                    // The client may close the connection early.
                    Reply::Answer(bytes) => drop(stream.write_all(&bytes)),
                    Reply::Keep(bytes) => {
                        stream.write_all(&bytes).unwrap();
                        kept.push(stream);
                    }
                    Reply::Wait(told, bytes) => {
                        told.recv_timeout(PATIENCE).unwrap();
                        stream.write_all(&bytes).unwrap();
                    }
                    Reply::Silence => assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0),
                }
            }
            // Kept open until the end of the test.
            let _ = accepting.accept();
        });
        Backend { listener, received }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.listener.local_addr().unwrap())
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// Waits for the next request.
    pub(crate) fn request(&self) -> Received {
        self.received.recv_timeout(PATIENCE).expect("no request")
    }

    /// Returns the requests that were not returned yet.
    pub(crate) fn requests(&self) -> Vec<Received> {
        self.received.try_iter().collect()
    }
}

impl Received {
    fn read(stream: &mut TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut bytes = Vec::new();
        let head = loop {
            match bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break bytes.drain(..end + 4).collect::<Vec<_>>(),
                None => assert!(receive(stream, &mut bytes), "the request broke off"),
            }
        };
        let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let line = String::from_utf8(lines.next().unwrap().to_vec()).unwrap();
        let headers = lines.filter(|line| !line.is_empty()).map(|line| {
            let colon = line.iter().position(|byte| *byte == b':').unwrap();
            let name = String::from_utf8(line[..colon].to_ascii_lowercase()).unwrap();
            (name, line[colon + 1..].trim_ascii().to_vec())
        });
        let mut received = Received {
            line,
            headers: headers.collect(),
            body: Vec::new(),
        };
        // The command always sends a length.
        assert_eq!(received.header("transfer-encoding"), None);
        let length = received.header("content-length");
        let length = length.map_or(0, |length| length.parse().unwrap());
        while bytes.len() < length {
            assert!(receive(stream, &mut bytes), "the body broke off");
        }
        assert_eq!(bytes.len(), length, "there is more behind the body");
        received.body = bytes;
        received
    }

    /// Returns the value of a header that appears at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        assert_eq!(values.next(), None, "{name}");
        Some(std::str::from_utf8(value).unwrap())
    }

    /// Returns the names of the headers, sorted.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        names
    }

    /// Returns the path and the query.
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }
}

/// A port that refuses connections: a connection of its own occupies it.
#[derive(Debug)]
pub(crate) struct Nobody {
    stream: TcpStream,
    _listener: TcpListener,
}

impl Nobody {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Nobody {
            stream: TcpStream::connect(listener.local_addr().unwrap()).unwrap(),
            _listener: listener,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.stream.local_addr().unwrap())
    }
}

fn receive(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 64 * 1024];
    match stream.read(&mut buffer) {
        Ok(count) => {
            bytes.extend_from_slice(&buffer[..count]);
            count > 0
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
            false
        }
    }
}
