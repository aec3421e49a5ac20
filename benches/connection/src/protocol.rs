//! Requests and responses on the wire, as HTTP/1.1 and HTTP/2 have them.

use crate::delivery::{HOST, PATH};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

type Headers = [(String, String)];

impl Protocol {
    /// Returns what a client sends first.
    pub(crate) fn preface(self) -> Vec<u8> {
        match self {
            Protocol::Http1 => Vec::new(),
            Protocol::Http2 => {
                let settings = frame(SETTINGS, 0, 0, &[]);
                let window = (u32::from(u16::MAX) << 8).to_be_bytes();
                let window = frame(WINDOW_UPDATE, 0, 0, &window);
                [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &*settings, &window].concat()
            }
        }
    }

    /// Returns what a client sends once it has the server's settings, which apply to the
    /// next request.
    pub(crate) fn acknowledgement(self) -> Vec<u8> {
        match self {
            Protocol::Http1 => Vec::new(),
            Protocol::Http2 => frame(SETTINGS, ACK, 0, &[]),
        }
    }

    /// Returns a request; on HTTP/2 its frames have this stream.
    pub(crate) fn request(self, stream: u32, headers: &Headers, body: &[u8]) -> Vec<u8> {
        let length = body.len().to_string();
        let own = [("host", HOST), ("content-length", &*length)];
        let headers = headers.iter().map(|(name, value)| (&**name, &**value));
        match self {
            Protocol::Http1 => {
                let mut bytes = format!("POST {PATH} HTTP/1.1\r\n");
                for (name, value) in own.into_iter().chain(headers) {
                    bytes.extend([name, ": ", value, "\r\n"]);
                }
                bytes.push_str("\r\n");
                [bytes.as_bytes(), body].concat()
            }
            Protocol::Http2 => {
                let pseudo = [
                    (":method", "POST"),
                    (":scheme", "https"),
                    (":authority", HOST),
                    (":path", PATH),
                    ("content-length", &*length),
                ];
                let block: Vec<u8> = pseudo
                    .into_iter()
                    .chain(headers)
                    .flat_map(literal)
                    .collect();
                let mut bytes = frame(HEADERS, END_HEADERS, stream, &block);
                let mut chunks = body.chunks(MAX_FRAME).peekable();
                while let Some(chunk) = chunks.next() {
                    let end = if chunks.peek().is_none() {
                        END_STREAM
                    } else {
                        0
                    };
                    bytes.extend(frame(DATA, end, stream, chunk));
                }
                bytes
            }
        }
    }

    /// Sets the stream of the frames of a request.
    pub(crate) fn set_stream(mut frames: &mut [u8], stream: u32) {
        while let Some((head, rest)) = frames.split_first_chunk_mut::<9>() {
            let [a, b, c, _, _, number @ ..] = head;
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            *number = stream.to_be_bytes();
            frames = rest.get_mut(length..).unwrap_or_default();
        }
    }

    /// Returns whether the output has a whole response, and whether its status is 200.
    pub(crate) fn answer(self, output: &[u8]) -> Option<bool> {
        match self {
            Protocol::Http1 => {
                let end = output.windows(4).position(|four| four == b"\r\n\r\n")?;
                let head = std::str::from_utf8(output.get(..end)?).ok()?;
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    name.eq_ignore_ascii_case("content-length").then_some(value)
                })?;
                let length: usize = length.parse().ok()?;
                (output.len() >= end + 4 + length).then(|| head.starts_with("HTTP/1.1 200 "))
            }
            Protocol::Http2 => {
                let (mut rest, mut ok) = (output, None);
                while let Some(([a, b, c, kind, flags, ..], _)) = rest.split_first_chunk::<9>() {
                    let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
                    let payload = rest.get(9..9 + length)?;
                    if *kind == HEADERS {
                        // `:status: 200` of the static table; before it there may be a
                        // new size of the dynamic table (RFC 7541 §6.3).
                        let update = payload.first().is_some_and(|byte| byte & 0xe0 == 0x20);
                        ok = Some(payload.get(usize::from(update)) == Some(&0x88));
                    }
                    if (*kind == HEADERS || *kind == DATA) && flags & END_STREAM != 0 {
                        return ok;
                    }
                    rest = rest.get(9 + length..)?;
                }
                None
            }
        }
    }
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const MAX_FRAME: usize = 16_384;

/// A frame (RFC 9113 §4.1).
#[expect(clippy::cast_possible_truncation, reason = "frames of at most 16 KiB")]
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = (payload.len() as u32).to_be_bytes();
    let head = [a, b, c, kind, flags];
    [&head[..], &stream.to_be_bytes(), payload].concat()
}

/// A field that is not indexed (RFC 7541 §6.2.2), without Huffman code.
fn literal((name, value): (&str, &str)) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        integer(text.len(), &mut bytes);
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// A length with a prefix of 7 bits (RFC 7541 §5.1).
#[expect(clippy::cast_possible_truncation, reason = "7 bits at a time")]
fn integer(length: usize, bytes: &mut Vec<u8>) {
    let Some(mut left) = length.checked_sub(127) else {
        return bytes.push(length as u8);
    };
    bytes.push(127);
    while left >= 128 {
        bytes.push((left % 128) as u8 | 128);
        left /= 128;
    }
    bytes.push(left as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_whole_with_its_last_byte() {
        let http1 = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}";
        let block = frame(HEADERS, END_HEADERS, 1, &[0x20, 0x88]);
        for (protocol, output, ok) in [
            (Protocol::Http1, &http1[..], false),
            (
                Protocol::Http1,
                b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
                true,
            ),
            (
                Protocol::Http2,
                &[block, frame(DATA, END_STREAM, 1, b"x")].concat(),
                true,
            ),
            (
                Protocol::Http2,
                &frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x88]),
                true,
            ),
            (
                Protocol::Http2,
                &frame(HEADERS, END_STREAM, 1, &[0x20, 0x88]),
                true,
            ),
        ] {
            assert_eq!(protocol.answer(output), Some(ok), "{output:?}");
            let cut = output.get(..output.len() - 1).unwrap();
            assert_eq!(protocol.answer(cut), None, "{output:?}");
        }
    }

    #[test]
    fn lengths_take_seven_bits_each() {
        for (length, expected) in [
            (126, &[126][..]),
            (127, &[127, 0]),
            (254, &[127, 127]),
            (255, &[127, 128, 1]),
        ] {
            let mut bytes = Vec::new();
            integer(length, &mut bytes);
            assert_eq!(bytes, expected, "{length}");
        }
    }
}
