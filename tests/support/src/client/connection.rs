//! Blocking connections with timeouts.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::{Answer, Request};

/// Timeout of every operation. A test that reaches it fails.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Connects to a server.
    #[must_use]
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.set_write_timeout(Some(TIMEOUT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection {
            stream,
            received: Vec::new(),
        }
    }

    /// Sends bytes; returns `false` if the server has closed the connection.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        match self.stream.write_all(bytes.as_ref()) {
            Ok(()) => true,
            Err(error) => {
                assert!(closed(error.kind()), "sending failed: {error}");
                false
            }
        }
    }

    /// Shuts down the sending side.
    pub fn finish_sending(&mut self) {
        if let Err(error) = self.stream.shutdown(Shutdown::Write) {
            assert!(
                closed(error.kind()) || error.kind() == ErrorKind::NotConnected,
                "{error}"
            );
        }
    }

    /// Sends a request and reads its response.
    pub fn ask(&mut self, request: &Request) -> Answer {
        self.send(request.bytes());
        self.answer()
    }

    /// Reads a response.
    pub fn answer(&mut self) -> Answer {
        self.next_answer()
            .expect("the connection was closed without a response")
    }

    /// Reads a response; returns `None` if the connection is closed.
    pub fn next_answer(&mut self) -> Option<Answer> {
        let mut answer = self.answer_to_head()?;
        answer.body = match answer.status() {
            100..=199 | 204 | 304 => Vec::new(),
            _ if answer.header("transfer-encoding") == Some("chunked") => self.chunks(),
            _ => {
                let length = answer.header("content-length");
                let length = length.expect("a response without a length");
                self.take(length.parse().unwrap())
            }
        };
        Some(answer)
    }

    /// Reads a chunked body without trailers.
    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                line.extend(self.take(1));
            }
            let size = std::str::from_utf8(&line).unwrap().trim_end();
            let size = usize::from_str_radix(size, 16).unwrap();
            body.extend(self.take(size));
            assert_eq!(self.take(2), b"\r\n");
            if size == 0 {
                return body;
            }
        }
    }

    /// Reads exactly this many bytes.
    fn take(&mut self, length: usize) -> Vec<u8> {
        while self.received.len() < length {
            assert!(self.receive(), "the connection was closed in a response");
        }
        self.received.drain(..length).collect()
    }

    /// Reads a response without a body, such as one to a HEAD request.
    pub fn answer_to_head(&mut self) -> Option<Answer> {
        const END: &[u8] = b"\r\n\r\n";
        let end = loop {
            match self.received.windows(END.len()).position(|at| at == END) {
                Some(end) => break end,
                None if self.receive() => {}
                None => {
                    assert_eq!(
                        self.received, b"",
                        "the connection was closed in a response"
                    );
                    return None;
                }
            }
        };
        let head: Vec<_> = self.received.drain(..end + END.len()).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next().unwrap().to_owned();
        assert!(line.starts_with("HTTP/1.1 "), "{line}");
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Some(Answer {
            line,
            headers: headers.collect(),
            body: Vec::new(),
        })
    }

    /// Reads responses until the server closes the connection.
    pub fn answers(&mut self) -> Vec<Answer> {
        std::iter::from_fn(|| self.next_answer()).collect()
    }

    /// Reads into the buffer; returns `false` at EOF.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(count) => {
                self.received.extend(buffer.iter().take(count));
                count > 0
            }
            Err(error) => {
                assert!(closed(error.kind()), "no response came: {error}");
                false
            }
        }
    }
}

fn closed(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted
    )
}
