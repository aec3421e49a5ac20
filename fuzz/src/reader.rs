//! Decoding of the fuzzer's bytes: one byte announces the next item, and every
//! sequence of bytes is a valid input. `arbitrary` would not do: its encoding can't be
//! written by hand, so that the seeds could have no names.

/// Reads the fuzzer's bytes; after EOF it reads zeros.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader at the beginning.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Reader(data)
    }

    /// The next byte, if there is one.
    pub fn kind(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        self.kind().unwrap_or(0)
    }

    /// Two bytes, the higher one last.
    pub fn short(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// Two bytes, with a sign.
    pub fn signed(&mut self) -> i16 {
        i16::from_le_bytes([self.byte(), self.byte()])
    }

    /// A byte for the length, then that many bytes or all that are left.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }

    /// One of the known values, by a byte below 128; otherwise the fuzzer's bytes.
    pub fn one_of<B: AsRef<[u8]> + ?Sized>(&mut self, known: &[&B]) -> Vec<u8> {
        match self.byte() {
            which @ 0..128 => known[usize::from(which) % known.len()].as_ref().to_vec(),
            _ => self.bytes().to_vec(),
        }
    }

    /// The same for text.
    pub fn text_of(&mut self, known: &[&str]) -> String {
        String::from_utf8_lossy(&self.one_of(known)).into_owned()
    }
}
