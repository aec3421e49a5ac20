//! HTTP requests as raw bytes.

use crate::{DEFAULT, NOW, TARGET, Token, URL};

/// A request that is sent byte for byte.
#[derive(Clone, Debug)]
pub struct Request {
    line: String,
    headers: Vec<u8>,
    body: Vec<u8>,
}

impl Request {
    /// Creates a POST without a body.
    #[must_use]
    pub fn post(target: &str) -> Self {
        Request::new("POST", target)
    }

    /// Creates a request without a body.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        Request {
            line: format!("{method} {target} HTTP/1.1\r\n"),
            headers: b"host: localhost\r\n".to_vec(),
            body: Vec::new(),
        }
    }

    /// Creates the head of a delivery of this body, signed with the current key of the
    /// default pair. The body must be added.
    #[must_use]
    pub fn genuine(body: &[u8]) -> Self {
        Request::post(TARGET).signed(Token::new(URL, body, NOW).sign(DEFAULT[0]))
    }

    /// Creates the head of a delivery of this body, signed with another key.
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

    /// Sets the body and `Content-Length`.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        body.clone_into(&mut self.body);
        self.header("content-length", body.len().to_string())
    }

    /// Sets the body, chunked in `size` bytes.
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

    /// Sets the bytes after the head, without a framing header.
    #[must_use]
    pub fn raw_body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self
    }

    /// Returns the request line and the headers.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        [self.line.as_bytes(), &self.headers, b"\r\n"].concat()
    }

    /// Returns head and body.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [self.head(), self.body.clone()].concat()
    }
}
