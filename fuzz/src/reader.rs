//! Decoding of the fuzzer's bytes.
//!
//! One byte announces the next item, and every sequence of bytes is a valid input. Seeds
//! are written by hand in this encoding, which that of `arbitrary` doesn't allow.

/// A reader of the fuzzer's bytes; after EOF it returns zeros.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Creates a reader at the beginning of `data`.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Reader(data)
    }

    /// Returns the next byte; `None` at EOF.
    pub fn kind(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Returns one byte.
    pub fn byte(&mut self) -> u8 {
        self.kind().unwrap_or(0)
    }

    /// Returns two bytes as a little-endian number.
    pub fn short(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// Returns two bytes as a little-endian number with a sign.
    pub fn signed(&mut self) -> i16 {
        i16::from_le_bytes([self.byte(), self.byte()])
    }

    /// Returns a string of bytes: a byte for the length, then as many bytes.
    ///
    /// It is shorter at EOF.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }

    /// Returns a known value, for a byte below 128; otherwise a string of bytes.
    pub fn one_of<B: AsRef<[u8]> + ?Sized>(&mut self, known: &[&B]) -> Vec<u8> {
        match self.byte() {
            which @ 0..128 => known[usize::from(which) % known.len()].as_ref().to_vec(),
            _ => self.bytes().to_vec(),
        }
    }

    /// Returns [`one_of`](Self::one_of) as text.
    pub fn text_of(&mut self, known: &[&str]) -> String {
        String::from_utf8_lossy(&self.one_of(known)).into_owned()
    }
}
