//! RFC 4648 §5, without padding: bit by bit.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text of some bytes.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut bits: Vec<bool> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
        .collect();
    while bits.len() % 6 != 0 {
        bits.push(false);
    }
    let symbols = bits.chunks(6).map(|six| ALPHABET[number(six)]);
    symbols.map(char::from).collect()
}

/// The bytes of a text; `None` for any text that [`encode`] doesn't write.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bits = Vec::new();
    for symbol in text {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
    }
    let whole = bits.len() / 8 * 8;
    let left = bits.split_off(whole);
    // Six bits left are a symbol too many; fewer are filled up with zeros.
    if left.len() >= 6 || left.contains(&true) {
        return None;
    }
    let bytes = bits.chunks(8).map(number);
    Some(bytes.map(|byte| u8::try_from(byte).unwrap()).collect())
}

fn number(bits: &[bool]) -> usize {
    bits.iter()
        .fold(0, |number, bit| number * 2 + usize::from(*bit))
}

#[test]
fn the_examples_of_the_rfc() {
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg"),
        ("fo", "Zm8"),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(encode(bytes.as_bytes()), text);
        assert_eq!(decode(text.as_bytes()).unwrap(), bytes.as_bytes());
    }
    assert_eq!(decode(b"-_-_").unwrap(), [0xfb, 0xff, 0xbf]);
    for text in ["A", "Zh", "Zg==", "Zm9", "Zm9vY", "+_", "Z g", "Zm8\n"] {
        assert_eq!(decode(text.as_bytes()), None, "{text}");
    }
}
