//! The parts of a seed.

/// The byte that announces a string of bytes in place of a known value.
pub(super) const OWN: u8 = 128;

/// Name, expected outcome, bytes.
pub(super) type Seed = (&'static str, &'static str, Vec<u8>);

pub(super) fn seed(name: &'static str, outcome: &'static str, parts: &[&[u8]]) -> Seed {
    (name, outcome, parts.concat())
}

/// Encodes a text as a string of bytes.
pub(super) fn own(text: &str) -> Vec<u8> {
    let mut bytes = vec![OWN, u8::try_from(text.len()).unwrap()];
    bytes.extend(text.as_bytes());
    bytes
}
