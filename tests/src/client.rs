//! A client that sends what it is told to, byte for byte.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::{DEFAULT, Token};

/// When [`Request::genuine`] was signed.
pub const NOW: i64 = 1_783_794_355;
/// What it was published to.
pub const URL: &str = "https://api.example.com/hooks/qstash?from=qstash";
/// What that is to a server.
const TARGET: &str = "/hooks/qstash?from=qstash";

/// How long a server may be silent before a test fails: none of them waits for
/// this to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request, to be written as it stands.
#[derive(Clone, Debug)]
pub struct Request {
    line: String,
    headers: Vec<u8>,
    body: Vec<u8>,
}

impl Request {
    /// A POST without a body.
    #[must_use]
    pub fn post(target: &str) -> Self {
        Request::new("POST", target)
    }

    /// A request without a body.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        Request {
            line: format!("{method} {target} HTTP/1.1\r\n"),
            headers: b"host: localhost\r\n".to_vec(),
            body: Vec::new(),
        }
    }

    /// The head of a delivery of this body, as QStash made them in 2026, signed
    /// with the current key of the default pair. The body is yet to be added.
    #[must_use]
    pub fn genuine(body: &[u8]) -> Self {
        Request::post(TARGET).signed(Token::new(URL, body, NOW).sign(DEFAULT[0]))
    }

    /// The same, signed by somebody else.
    #[must_use]
    pub fn forged(body: &[u8]) -> Self {
        Request::post(TARGET).signed(Token::new(URL, body, NOW).sign("sig_ofSomebodyElse"))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        for part in [name.as_bytes(), b": ", value.as_ref(), b"\r\n"] {
            self.headers.extend_from_slice(part);
        }
        self
    }

    /// Adds a signature header.
    #[must_use]
    pub fn signed(self, token: impl AsRef<[u8]>) -> Self {
        self.header("upstash-signature", token)
    }

    /// Gives it this body, with its length.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        body.clone_into(&mut self.body);
        self.header("content-length", body.len().to_string())
    }

    /// Gives it this body in chunks of `size` bytes.
    #[must_use]
    pub fn chunks(mut self, body: &[u8], size: usize) -> Self {
        for chunk in body.chunks(size) {
            self.body
                .extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            self.body.extend_from_slice(chunk);
            self.body.extend_from_slice(b"\r\n");
        }
        self.body.extend_from_slice(b"0\r\n\r\n");
        self.header("transfer-encoding", "chunked")
    }

    /// Gives it these bytes behind the head, and no header that says so.
    #[must_use]
    pub fn raw_body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self
    }

    /// The request line and the headers.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        [self.line.as_bytes(), &self.headers, b"\r\n"].concat()
    }

    /// Everything.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [self.head(), self.body.clone()].concat()
    }
}

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status line, without its end.
    pub line: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        let code = self.line.split(' ').nth(1).unwrap();
        code.parse().unwrap()
    }

    /// The value of a header that is there once, else nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Checks that it is a refusal: this status line, this code, and nothing
    /// that does not belong there.
    pub fn assert_refusal(&self, line: &str, code: &str) {
        assert_eq!(self.line, line);
        assert_eq!(self.text(), format!(r#"{{"error":"{code}"}}"#));
        assert_eq!(self.header("content-type"), Some("application/json"));
        let challenge = (self.status() == 401).then_some("Upstash-Signature");
        assert_eq!(self.header("www-authenticate"), challenge);
        let length = self.body.len().to_string();
        assert_eq!(self.header("content-length"), Some(&*length));
        for (name, _) in &self.headers {
            let known = ["content-type", "www-authenticate", "content-length", "date"];
            assert!(known.contains(&&**name), "{name}");
        }
    }

    /// Checks that it is a refusal with 401.
    pub fn assert_unauthorized(&self, code: &str) {
        self.assert_refusal("HTTP/1.1 401 Unauthorized", code);
    }

    /// Status and body, to be compared in one go.
    #[must_use]
    pub fn brief(&self) -> (u16, String) {
        (self.status(), self.text())
    }
}

impl Connection {
    /// Connects.
    #[must_use]
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection {
            stream,
            received: Vec::new(),
        }
    }

    /// Sends these bytes, and says whether the server let it: what one that has
    /// closed the connection thinks of them is in its answer.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        match self.stream.write_all(bytes.as_ref()) {
            Ok(()) => true,
            Err(error) => {
                assert!(closed(error.kind()), "sending failed: {error}");
                false
            }
        }
    }

    /// Says that nothing more will be sent.
    pub fn finish_sending(&mut self) {
        if let Err(error) = self.stream.shutdown(Shutdown::Write) {
            assert!(
                closed(error.kind()) || error.kind() == ErrorKind::NotConnected,
                "{error}"
            );
        }
    }

    /// Sends the request and reads its answer.
    pub fn ask(&mut self, request: &Request) -> Answer {
        self.send(request.bytes());
        self.answer()
    }

    /// Reads an answer.
    pub fn answer(&mut self) -> Answer {
        self.next_answer()
            .expect("the connection was closed without an answer")
    }

    /// Reads an answer, unless the connection is closed instead.
    pub fn next_answer(&mut self) -> Option<Answer> {
        let mut answer = self.answer_to_head()?;
        let length = match answer.status() {
            100..=199 | 204 | 304 => 0,
            _ => {
                let length = answer.header("content-length");
                let length = length.expect("an answer without a length");
                length.parse().unwrap()
            }
        };
        while self.received.len() < length {
            assert!(self.receive(), "the connection was closed in an answer");
        }
        answer.body = self.received.drain(..length).collect();
        Some(answer)
    }

    /// Reads an answer that has no body whatever it says, such as that to a
    /// HEAD request.
    pub fn answer_to_head(&mut self) -> Option<Answer> {
        const END: &[u8] = b"\r\n\r\n";
        let end = loop {
            match self.received.windows(END.len()).position(|at| at == END) {
                Some(end) => break end,
                None if self.receive() => {}
                None => {
                    assert_eq!(self.received, b"", "the connection was closed in an answer");
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

    /// Reads answers until the server closes the connection.
    pub fn answers(&mut self) -> Vec<Answer> {
        std::iter::from_fn(|| self.next_answer()).collect()
    }

    /// Whether anything more arrived.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(count) => {
                self.received.extend(buffer.iter().take(count));
                count > 0
            }
            Err(error) => {
                assert!(closed(error.kind()), "no answer came: {error}");
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
