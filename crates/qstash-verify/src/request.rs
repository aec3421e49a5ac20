//! The parts of a request's head that verification reads.

use crate::region::Region;

/// The header that carries the token: `upstash-signature`.
pub const SIGNATURE_HEADER: &str = "upstash-signature";
/// The header that names the sending region: `upstash-region`. Not signed; it
/// picks among trusted keys only.
pub const REGION_HEADER: &str = "upstash-region";
const CONTENT_LENGTH_HEADER: &str = "content-length";
pub(crate) const MESSAGE_ID_HEADER: &str = "upstash-message-id";

/// The parts of a request's head that verification reads: all headers called
/// `upstash-signature`, the first called `upstash-region`, `content-length`, and
/// the path and query.
///
/// It takes what any framework calls its headers: an iterator of names and
/// values that can be seen as bytes. Names match in any case (RFC 9110 §5.1).
///
/// ```
/// use std::collections::HashMap;
/// use qstash_verify::RequestHead;
///
/// // As `http`'s HeaderMap and most frameworks hand them out:
/// let headers = [("Upstash-Signature", "eyJ…"), ("Upstash-Region", "US-EAST-1")];
/// let head = RequestHead::new(headers, "/webhook?from=qstash");
///
/// // As serverless runtimes hand them out:
/// let headers: HashMap<String, String> = HashMap::new();
/// let head = RequestHead::new(&headers, "/webhook");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    pub(crate) signature: Signature<'a>,
    pub(crate) region: Option<Region>,
    pub(crate) message_id: Option<&'a [u8]>,
    /// 0 if none is declared, or it can't be read: then the bytes that arrive
    /// count.
    pub(crate) content_length: u64,
    pub(crate) path_and_query: &'a str,
}

#[derive(Clone, Copy)]
pub(crate) enum Signature<'a> {
    Absent,
    One(&'a [u8]),
    Several,
}

/// A genuine token is worth stealing: only its length is printed.
impl std::fmt::Debug for Signature<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Signature::Absent => f.write_str("absent"),
            Signature::One(token) => write!(f, "{} bytes", token.len()),
            Signature::Several => f.write_str("several"),
        }
    }
}

impl<'a> RequestHead<'a> {
    /// The names of the headers that verification reads, in lower case. Where it
    /// is quicker to look them up than to go through all headers, these are
    /// enough for [`new`](Self::new). Each has to come with all its values: of the
    /// first alone, a second signature would go unnoticed.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use qstash_verify::RequestHead;
    ///
    /// // Of names in lower case.
    /// fn head<'a>(headers: &'a HashMap<String, Vec<String>>, target: &'a str) -> RequestHead<'a> {
    ///     let named = RequestHead::HEADERS.iter().filter_map(|name| headers.get_key_value(*name));
    ///     let each = named.flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    ///     RequestHead::new(each, target)
    /// }
    /// ```
    pub const HEADERS: &'static [&'static str] = &[
        SIGNATURE_HEADER,
        REGION_HEADER,
        MESSAGE_ID_HEADER,
        CONTENT_LENGTH_HEADER,
    ];

    /// Picks what verification reads from `headers`. `path_and_query` is the
    /// target as the request line has it, such as `/webhook?a=b`; it is
    /// compared only if the verifier was given a
    /// [`base_url`](crate::VerifierBuilder::base_url).
    #[must_use]
    pub fn new<N, V>(headers: impl IntoIterator<Item = (N, &'a V)>, path_and_query: &'a str) -> Self
    where
        N: AsRef<[u8]>,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        const SIGNATURE: usize = SIGNATURE_HEADER.len();
        const REGION: usize = REGION_HEADER.len();
        const MESSAGE_ID: usize = MESSAGE_ID_HEADER.len();
        const CONTENT_LENGTH: usize = CONTENT_LENGTH_HEADER.len();

        let mut head = RequestHead {
            signature: Signature::Absent,
            region: None,
            message_id: None,
            content_length: 0,
            path_and_query,
        };
        let mut region = None;
        for (name, value) in headers {
            let (name, value) = (name.as_ref(), value.as_ref());
            // By length first, which most names end at: a request has many.
            match name.len() {
                SIGNATURE if is(name, SIGNATURE_HEADER) => {
                    head.signature = match head.signature {
                        Signature::Absent => Signature::One(value),
                        _ => Signature::Several,
                    };
                }
                REGION if is(name, REGION_HEADER) => region = region.or(Some(value)),
                MESSAGE_ID if is(name, MESSAGE_ID_HEADER) => {
                    head.message_id = head.message_id.or(Some(value));
                }
                CONTENT_LENGTH if is(name, CONTENT_LENGTH_HEADER) => {
                    head.content_length = head.content_length.max(length(value));
                }
                _ => {}
            }
        }
        head.region = region.and_then(Region::from_bytes);
        head
    }
}

/// Whether two header names are one.
pub(crate) fn is(name: &[u8], wanted: &str) -> bool {
    // Most frameworks hand out names in lower case.
    name == wanted.as_bytes() || name.eq_ignore_ascii_case(wanted.as_bytes())
}

fn length(value: &[u8]) -> u64 {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_header_counts_and_the_first_region() {
        let head = RequestHead::new(
            [
                ("UPSTASH-signature", "a"),
                ("Upstash-Region", "eu-central-1"),
                ("upstash-region", "x"),
            ],
            "/",
        );
        assert!(matches!(head.signature, Signature::One(b"a")));
        assert_eq!(head.region, Some(Region::EuCentral1));

        let head = RequestHead::new(
            [("upstash-signature", "a"), ("Upstash-Signature", "a")],
            "/",
        );
        assert!(matches!(head.signature, Signature::Several));
    }

    #[test]
    fn the_headers_that_are_read_are_enough() {
        let all = [
            ("host", "example.com"),
            ("upstash-signature", "a"),
            ("upstash-retried", "0"),
            ("upstash-region", "eu-central-1"),
            ("upstash-message-id", "msg_1"),
            ("content-length", "7"),
        ];
        let head = RequestHead::new(all, "/");
        assert!(head.message_id.is_some() && head.content_length == 7);
        let read = all.map(|(name, value)| {
            RequestHead::HEADERS
                .contains(&name)
                .then_some((name, value))
        });
        assert_eq!(read.iter().flatten().count(), RequestHead::HEADERS.len());
        let read = RequestHead::new(read.into_iter().flatten(), "/");
        assert_eq!(format!("{read:?}"), format!("{head:?}"));
    }

    #[test]
    fn a_token_is_not_printed() {
        let head = RequestHead::new([("upstash-signature", "eyJ.secret.x")], "/");
        assert!(!format!("{head:?}").contains("secret"));
    }
}
