//! Requests, written to the socket byte for byte.

use crate::{DEFAULT, NOW, TARGET, Token, URL};

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
