//! The compact JWS (RFC 7515 §7.1): limits, structure, algorithm, MAC.

pub(crate) mod claims;
mod decode;
mod json;
mod json_fast;
mod limits;
mod split_fast;
mod value;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::VerifyError;
use crate::token::decode::MAC_SYMBOLS;
use crate::token::limits::{MAX_HEADER_LENGTH, MAX_TOKEN_LENGTH};
use crate::token::value::Value;

pub(crate) use decode::{Decoder, Scratch};

/// The JOSE header that QStash sends, `{"alg":"HS256","typ":"JWT"}`.
const USUAL_HEADER: &[u8] = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// A well-formed token with the right algorithm; its MAC is not verified yet.
pub(crate) struct Token<'a> {
    /// The input of the MAC: header, dot, payload (RFC 7515 §5.1).
    pub(crate) signing_input: &'a [u8],
    pub(crate) payload: &'a [u8],
    /// `None` if the signature doesn't have the length of an HS256 MAC.
    pub(crate) mac: Option<[u8; 32]>,
}

impl<'a> Token<'a> {
    /// Splits and decodes a token.
    ///
    /// Base64url is strict: no padding, no other alphabet, no stray bits (RFC 7515 §2,
    /// RFC 4648 §3.5).
    pub(crate) fn read(
        token: &'a [u8],
        decoder: &Decoder,
        scratch: &'a mut Scratch,
    ) -> Result<Self, VerifyError> {
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(malformed("it is longer than 8 KiB"));
        }
        let Some((signing_input, header, payload, signature)) =
            split_fast::parts(token).or_else(|| parts(token))
        else {
            return Err(malformed_text(token, "it does not have three parts"));
        };
        if header.len() > MAX_HEADER_LENGTH {
            return Err(malformed("its header is longer than 1 KiB"));
        }
        // A signature of another length need only be base64url.
        let (symbols_of_mac, is_mac) = match signature.try_into() {
            Ok(signature) => (signature, true),
            Err(_) if is_base64url(signature) => (&[b'A'; MAC_SYMBOLS], false),
            Err(_) => return Err(malformed_text(token, NOT_BASE64URL)),
        };
        // A token with four parts fails here: `payload` then contains a dot.
        let decoded = decoder.mac_and_payload(symbols_of_mac, payload, scratch);
        let Some((mac, payload)) = decoded else {
            return Err(malformed_text(token, NOT_BASE64URL));
        };
        let mac = is_mac.then_some(*mac);
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

/// Signing input, header, payload and signature.
type Parts<'a> = (&'a [u8], &'a [u8], &'a [u8], &'a [u8]);

fn parts(token: &[u8]) -> Option<Parts<'_>> {
    // Searching from both ends skips the payload, most of the token.
    let (signing_input, signature) = split_around(token, memchr::memrchr(b'.', token))?;
    let first_dot = memchr::memchr(b'.', signing_input);
    let (header, payload) = split_around(signing_input, first_dot)?;
    Some((signing_input, header, payload, signature))
}

/// Splits around the byte at `dot`.
fn split_around(text: &[u8], dot: Option<usize>) -> Option<(&[u8], &[u8])> {
    let (before, from_dot) = text.split_at_checked(dot?)?;
    Some((before, from_dot.get(1..)?))
}

/// Returns whether a text is base64url.
///
/// A rare path, bounded by the token's length.
fn is_base64url(text: &[u8]) -> bool {
    let mut buffer = vec![0; text.len()];
    URL_SAFE_NO_PAD.decode_slice(text, &mut buffer).is_ok()
}

/// Checks a JOSE header other than [`USUAL_HEADER`].
fn check_header(segment: &[u8]) -> Result<(), VerifyError> {
    let mut buffer = vec![0; segment.len()];
    let Ok(length) = URL_SAFE_NO_PAD.decode_slice(segment, &mut buffer) else {
        return Err(malformed_text(segment, NOT_BASE64URL));
    };
    let json = buffer.get(..length).unwrap_or_default();
    let Some(header) = json::object(json, &[r#""alg":"#, r#""crit":"#]) else {
        return Err(malformed("its header is not a JSON object"));
    };
    if header.repeated.is_some() {
        return Err(malformed("its header holds a name twice"));
    }
    let [alg, crit] = header.members;
    // No extension is supported, so any `crit` is refused.
    if crit.is_some() || alg.and_then(Value::string).as_deref() != Some(b"HS256") {
        return Err(VerifyError::UnsupportedAlgorithm);
    }
    Ok(())
}

const NOT_BASE64URL: &str = "it is not three parts of base64url without padding";

/// Names a comma or a space in a text that is no token, or else what it lacks.
fn malformed_text(text: &[u8], lacks: &'static str) -> VerifyError {
    let found = memchr::memchr2(b',', b' ', text).and_then(|at| text.get(at));
    malformed(match found {
        Some(b',') => "it contains a comma: perhaps a proxy joined two headers",
        Some(_) => "it contains a space: perhaps it follows a scheme such as `Bearer`",
        None => lacks,
    })
}

const fn malformed(reason: &'static str) -> VerifyError {
    VerifyError::MalformedToken { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::decode::ON_STACK;

    fn code(token: &str) -> &'static str {
        match Token::read(token.as_bytes(), &Decoder::new(), &mut Scratch::new()) {
            Ok(token) if token.mac.is_some() => "ok",
            Ok(_) => "no mac",
            Err(error) => error.code(),
        }
    }

    fn with_header(json: &str) -> String {
        format!("{}.e30.{}", URL_SAFE_NO_PAD.encode(json), "A".repeat(43))
    }

    #[test]
    fn token_is_three_parts_of_strict_base64url() {
        let usual = std::str::from_utf8(USUAL_HEADER).unwrap();
        let mac = "A".repeat(43);
        assert_eq!(code(&format!("{usual}.e30.{mac}")), "ok");
        // Signatures of other lengths are well-formed, but no MAC.
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
    fn token_over_8_kib_is_malformed() {
        let usual = std::str::from_utf8(USUAL_HEADER).unwrap();
        let rest = MAX_TOKEN_LENGTH - usual.len() - 2 - 43;
        for (length, expected) in [(rest, "ok"), (rest + 1, "malformed_token")] {
            let token = format!("{usual}.{}.{}", "A".repeat(length), "A".repeat(43));
            // No base64 has such a length.
            assert_ne!(length % 4, 1);
            assert_eq!(code(&token), expected, "{}", token.len());
        }
    }

    #[test]
    fn payloads_of_any_size_are_decoded() {
        let usual = std::str::from_utf8(USUAL_HEADER).unwrap();
        // The longest payload that is decoded on the stack, together with the MAC.
        let on_stack = (ON_STACK - MAC_SYMBOLS - 1) / 4 * 3;
        for length in (0..4).chain(on_stack - 3..on_stack + 4).chain([2000, 4000]) {
            let payload = vec![b'x'; length];
            let text = format!(
                "{usual}.{}.{}",
                URL_SAFE_NO_PAD.encode(&payload),
                "A".repeat(43)
            );
            let mut scratch = Scratch::new();
            let token = Token::read(text.as_bytes(), &Decoder::new(), &mut scratch).unwrap();
            assert_eq!(token.payload, payload);
            assert_eq!(token.signing_input, &text.as_bytes()[..text.len() - 44]);
        }
    }

    #[test]
    fn structure_is_checked_before_the_algorithm() {
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
    fn jose_header_must_name_hs256_without_crit() {
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
