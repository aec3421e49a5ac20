//! The compact JWS (RFC 7515 §7.1): bounds, shape, algorithm, MAC. What the
//! payload means is not known here.

use base64::Engine as _;
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
))]
use base64::engine::general_purpose::NO_PAD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::VerifyError;
use crate::json::{self, Value};

/// The longest token that is looked at, in bytes; genuine ones have about 450.
pub(crate) const MAX_LENGTH: usize = 8 * 1024;

/// The longest header, in bytes of base64url. One that is not the usual one
/// costs more than a MAC does, and anyone can send it.
const MAX_HEADER_LENGTH: usize = 1024;

/// The header of every genuine token so far, `{"alg":"HS256","typ":"JWT"}`.
const USUAL_HEADER: &[u8] = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Decodes payloads, most of a token, with vector instructions where the
/// machine has them. To be made once.
#[derive(Clone)]
pub(crate) struct PayloadDecoder(Engine);

#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
))]
type Engine = base64::engine::Simd;
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
)))]
type Engine = base64::engine::GeneralPurpose;

impl PayloadDecoder {
    #[cfg(any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_feature = "neon")
    ))]
    pub(crate) fn new() -> Self {
        PayloadDecoder(Engine::url_safe(NO_PAD))
    }

    #[cfg(not(any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_feature = "neon")
    )))]
    pub(crate) fn new() -> Self {
        PayloadDecoder(URL_SAFE_NO_PAD)
    }
}

/// Nobody wants to read the engine's tables.
impl std::fmt::Debug for PayloadDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PayloadDecoder")
    }
}

/// Payloads of this size, which no genuine one has reached, are decoded on the
/// stack.
const ON_STACK: usize = 1024;

/// A token whose shape and algorithm are right; nothing is known of who made it.
pub(crate) struct Token<'a> {
    /// What the MAC is over: header, dot, payload.
    pub(crate) signing_input: &'a [u8],
    pub(crate) payload: &'a [u8],
    /// `None` if the signature has another length than this MAC.
    pub(crate) mac: Option<[u8; 32]>,
}

/// Memory for a decoded payload.
pub(crate) struct Scratch {
    stack: [u8; ON_STACK],
    heap: Vec<u8>,
}

impl Scratch {
    pub(crate) const fn new() -> Self {
        Scratch {
            stack: [0; ON_STACK],
            heap: Vec::new(),
        }
    }

    fn of(&mut self, length: usize) -> &mut [u8] {
        if length <= ON_STACK {
            &mut self.stack
        } else {
            self.heap.resize(length, 0);
            &mut self.heap
        }
    }
}

impl<'a> Token<'a> {
    /// Splits and decodes a token strictly: no padding, no other alphabet, no
    /// stray bits (RFC 7515 §2, RFC 4648 §3.5).
    pub(crate) fn read(
        token: &'a [u8],
        decoder: &PayloadDecoder,
        scratch: &'a mut Scratch,
    ) -> Result<Self, VerifyError> {
        if token.len() > MAX_LENGTH {
            return Err(malformed("it is longer than 8 KiB"));
        }
        // Taken from both ends: what is in between is most of the token.
        let mut around = token.rsplitn(2, is_dot);
        let (Some(signature), Some(signing_input)) = (around.next(), around.next()) else {
            return Err(NOT_THREE_PARTS);
        };
        let mut around = signing_input.splitn(2, is_dot);
        let (Some(header), Some(payload)) = (around.next(), around.next()) else {
            return Err(NOT_THREE_PARTS);
        };
        if header.len() > MAX_HEADER_LENGTH {
            return Err(malformed("its header is longer than 1 KiB"));
        }
        // Decoded before the MAC is made, so that the shape is known as a whole;
        // a fourth part would be in here, and its dot is not base64.
        let buffer = scratch.of(payload.len() / 4 * 3 + 2);
        let Ok(length) = decoder.0.decode_slice(payload, buffer) else {
            return Err(NOT_BASE64URL);
        };
        let payload = buffer.get(..length).unwrap_or_default();

        let mac = decode_32(signature);
        if mac.is_none() && !is_base64url(signature) {
            return Err(NOT_BASE64URL);
        }
        if header != USUAL_HEADER {
            check_header(header)?;
        }
        Ok(Token {
            signing_input,
            payload,
            mac,
        })
    }
}

/// Reads the text of 32 bytes in strict base64url, such as a SHA-256.
pub(crate) fn decode_32(text: &[u8]) -> Option<[u8; 32]> {
    // Unpadded base64 of 32 bytes has 43 symbols.
    if text.len() != 43 {
        return None;
    }
    let mut bytes = [0; 32];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (length == bytes.len()).then_some(bytes)
}

/// A rare path, bounded by the size of a token.
fn is_base64url(text: &[u8]) -> bool {
    let mut buffer = vec![0; text.len()];
    URL_SAFE_NO_PAD.decode_slice(text, &mut buffer).is_ok()
}

/// Judges a header other than the usual one.
fn check_header(segment: &[u8]) -> Result<(), VerifyError> {
    let mut buffer = vec![0; segment.len()];
    let Ok(length) = URL_SAFE_NO_PAD.decode_slice(segment, &mut buffer) else {
        return Err(NOT_BASE64URL);
    };
    let json = buffer.get(..length).unwrap_or_default();
    let Some(header) = json::object(json, &["alg", "crit"]) else {
        return Err(malformed("its header is not a JSON object"));
    };
    if header.repeated.is_some() {
        return Err(malformed("its header holds a name twice"));
    }
    let [alg, crit] = header.members;
    // Nothing critical is understood here, so `crit` is refused whatever it holds.
    if crit.is_some() || alg.and_then(Value::string).as_deref() != Some("HS256") {
        return Err(VerifyError::UnsupportedAlgorithm);
    }
    Ok(())
}

const fn is_dot(byte: &u8) -> bool {
    *byte == b'.'
}

const NOT_THREE_PARTS: VerifyError = malformed("it does not have three parts");
const NOT_BASE64URL: VerifyError = malformed("it is not three parts of base64url without padding");

const fn malformed(reason: &'static str) -> VerifyError {
    VerifyError::MalformedToken { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(token: &str) -> &'static str {
        match Token::read(
            token.as_bytes(),
            &PayloadDecoder::new(),
            &mut Scratch::new(),
        ) {
            Ok(token) if token.mac.is_some() => "ok",
            Ok(_) => "no mac",
            Err(error) => error.code(),
        }
    }

    fn with_header(json: &str) -> String {
        format!("{}.e30.{}", URL_SAFE_NO_PAD.encode(json), "A".repeat(43))
    }

    #[test]
    fn three_strict_segments() {
        let usual = std::str::from_utf8(USUAL_HEADER).unwrap();
        let mac = "A".repeat(43);
        assert_eq!(code(&format!("{usual}.e30.{mac}")), "ok");
        // Other lengths than 32 bytes are base64url all the same.
        for signature in ["", "AA", &"A".repeat(42), &"A".repeat(44), &"A".repeat(86)] {
            assert_eq!(
                code(&format!("{usual}.e30.{signature}")),
                "no mac",
                "{signature}"
            );
        }
        for token in [
            String::new(),
            "a".to_owned(),
            "..".to_owned(),
            "....".to_owned(),
            format!("{usual}.e30"),
            format!("{usual}.e30.{mac}."),
            format!("{usual}.e30.{mac}.x"),
            format!("{usual}.e30=.{mac}"),
            format!("{usual}.e30.{mac}="),
            format!("{usual}=.e30.{mac}"),
            format!("{usual}.e31.{mac}"), // a stray bit
            format!("{usual}.e.{mac}"),
            format!("{usual}.e3+A.{mac}"),
            format!("{usual}.e3/A.{mac}"),
            format!("{usual}.e30.{}B", "A".repeat(42)), // a stray bit
            format!("{usual}.e30.{}+", "A".repeat(42)),
            format!("{usual}.e30.A"),
            format!(" {usual}.e30.{mac}"),
            format!("{usual}.e30.{mac} "),
            format!("{usual}.\u{ff}30.{mac}"),
        ] {
            assert_eq!(code(&token), "malformed_token", "{token}");
        }
    }

    #[test]
    fn a_token_has_8_kib_at_most() {
        let usual = std::str::from_utf8(USUAL_HEADER).unwrap();
        let rest = MAX_LENGTH - usual.len() - 2 - 43;
        for (length, expected) in [(rest, "ok"), (rest + 1, "malformed_token")] {
            let token = format!("{usual}.{}.{}", "A".repeat(length), "A".repeat(43));
            // `rest` is no multiple of 4 plus 1, which no base64 is.
            assert_ne!(length % 4, 1);
            assert_eq!(code(&token), expected, "{}", token.len());
        }
    }

    #[test]
    fn payloads_of_any_size_are_decoded() {
        let usual = std::str::from_utf8(USUAL_HEADER).unwrap();
        for length in [
            0,
            1,
            2,
            3,
            ON_STACK - 3,
            ON_STACK - 2,
            ON_STACK,
            ON_STACK + 1,
            5 * ON_STACK,
        ] {
            let payload = vec![b'x'; length];
            let text = format!(
                "{usual}.{}.{}",
                URL_SAFE_NO_PAD.encode(&payload),
                "A".repeat(43)
            );
            let mut scratch = Scratch::new();
            let token = Token::read(text.as_bytes(), &PayloadDecoder::new(), &mut scratch).unwrap();
            assert_eq!(token.payload, payload);
            assert_eq!(token.signing_input, &text.as_bytes()[..text.len() - 44]);
        }
    }

    #[test]
    fn the_shape_is_judged_before_the_algorithm() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        assert_eq!(code(&format!("{header}.e30.")), "unsupported_algorithm");
        for rest in ["e30", "e30.e30.", "e30.e30.e30.e30", "e30=.", "e30.="] {
            assert_eq!(
                code(&format!("{header}.{rest}")),
                "malformed_token",
                "{rest}"
            );
        }
    }

    #[test]
    fn headers_are_read_as_jose() {
        for (json, expected) in [
            (r#"{"alg":"HS256"}"#, "ok"),
            (r#"{"typ":"JWT", "alg":"HS\u003256","kid":"1"}"#, "ok"),
            (r#"{"alg":"HS384"}"#, "unsupported_algorithm"),
            (r#"{"alg":"none"}"#, "unsupported_algorithm"),
            (r#"{"alg":"hs256"}"#, "unsupported_algorithm"),
            (r#"{"alg":["HS256"]}"#, "unsupported_algorithm"),
            (r#"{"alg":null}"#, "unsupported_algorithm"),
            (r#"{}"#, "unsupported_algorithm"),
            (
                r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
                "unsupported_algorithm",
            ),
            (r#"{"alg":"HS256","crit":null}"#, "unsupported_algorithm"),
            (r#"{"alg":"HS256","alg":"HS256"}"#, "malformed_token"),
            (r#"{"alg":"none","alg":"HS256"}"#, "malformed_token"),
            (r#"["HS256"]"#, "malformed_token"),
            (r#"{"alg":"HS256""#, "malformed_token"),
            ("", "malformed_token"),
        ] {
            assert_eq!(code(&with_header(json)), expected, "{json}");
        }
    }
}
