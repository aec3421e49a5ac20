//! HTTP responses, with assertions on refusals.

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status line, without CRLF.
    pub line: String,
    /// Lower-case names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns the status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        let code = self.line.split(' ').nth(1).unwrap();
        code.parse().unwrap()
    }

    /// Returns the value of a header that appears exactly once.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// Returns the body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Asserts a refusal with this status line and code, without other headers.
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

    /// Asserts a 401 refusal with this code.
    pub fn assert_unauthorized(&self, code: &str) {
        self.assert_refusal("HTTP/1.1 401 Unauthorized", code);
    }

    /// Returns status and body, for comparison.
    #[must_use]
    pub fn brief(&self) -> (u16, String) {
        (self.status(), self.text())
    }
}
