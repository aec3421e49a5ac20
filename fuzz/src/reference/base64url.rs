//! Base64url without padding (RFC 4648 §5), bit by bit.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Encodes bytes.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let mut bits = 0_usize;
        for at in 0..3 {
            bits = bits << 8 | usize::from(three.get(at).copied().unwrap_or(0));
        }
        // One byte takes two symbols, two take three, three take four.
        for symbol in 0..=three.len() {
            text.push(char::from(ALPHABET[bits >> (18 - 6 * symbol) & 63]));
        }
    }
    text
}

/// Decodes a text; `None` for any text that [`encode`] can't return.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for symbol in text {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count).to_le_bytes()[0]);
            bits &= (1 << count) - 1;
        }
    }
    // Six bits left are a superfluous symbol; fewer must be zero.
    (count < 6 && bits == 0).then_some(bytes)
}

#[test]
fn encodes_and_decodes_the_examples_of_rfc_4648() {
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
