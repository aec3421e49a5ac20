//! The parts of a request's head that verification reads.

use std::borrow::Cow;

use crate::into_header::{IntoHeader, digits};
use crate::region::Region;

/// The header that carries the token: `upstash-signature`.
pub const SIGNATURE_HEADER: &str = "upstash-signature";
/// The header that names the sending region: `upstash-region`.
///
/// It is not signed; it only selects among the trusted keys.
pub const REGION_HEADER: &str = "upstash-region";
const CONTENT_LENGTH_HEADER: &str = "content-length";
pub(crate) const MESSAGE_ID_HEADER: &str = "upstash-message-id";

/// The parts of a request's head that verification reads.
///
/// These are the headers `upstash-signature`, `upstash-region`, `upstash-message-id`
/// (for logs) and `content-length`, and the path and query.
///
/// The headers of any framework will do: an iterator of names and values that are
/// bytes or text, borrowed or owned. Names match in any case (RFC 9110 §5.1).
///
/// ```
/// use std::collections::HashMap;
/// use qstash_verify::RequestHead;
///
/// // Borrowed pairs, as iterators of `http::HeaderMap` and most frameworks yield:
/// let headers = [("Upstash-Signature", "eyJ…"), ("Upstash-Region", "US-EAST-1")];
/// let head = RequestHead::new(headers, "/webhook?from=qstash");
///
/// // Collections, as serverless runtimes have them:
/// let headers: HashMap<String, String> = HashMap::new();
/// let head = RequestHead::new(&headers, "/webhook");
///
/// let headers: Vec<(String, String)> = Vec::new();
/// let head = RequestHead::new(&headers, "/webhook");
/// let head = RequestHead::new(headers, "/webhook");
/// ```
#[derive(Clone, Debug)]
pub struct RequestHead<'a> {
    pub(crate) signature: Signature<'a>,
    pub(crate) region: Option<Region>,
    pub(crate) message_id: Option<Cow<'a, [u8]>>,
    /// 0 if none is declared or readable; the limit then applies to received bytes.
    pub(crate) content_length: u64,
    pub(crate) path_and_query: &'a str,
}

#[derive(Clone)]
pub(crate) enum Signature<'a> {
    Absent,
    One(Cow<'a, [u8]>),
    Several,
}

/// Prints only the length of the token, which is a secret until it expires.
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
    /// The names of the headers that verification reads, in lower case.
    ///
    /// [`new`](Self::new) needs no others, where a look-up is faster than an iteration.
    /// Pass all values of each: a second signature must be refused.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use qstash_verify::RequestHead;
    ///
    /// // The keys of the map are in lower case.
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

    /// Reads the head of a request from its headers and its target.
    ///
    /// `path_and_query` is the target in the request line, such as `/webhook?a=b`; it is
    /// compared only if the verifier has a
    /// [`base_url`](crate::VerifierBuilder::base_url).
    #[must_use]
    pub fn new(
        headers: impl IntoIterator<Item = impl IntoHeader<'a>>,
        path_and_query: &'a str,
    ) -> Self {
        RequestHead::read(headers, path_and_query, is)
    }

    fn read(
        headers: impl IntoIterator<Item = impl IntoHeader<'a>>,
        path_and_query: &'a str,
        is: impl Fn(&[u8], &str) -> bool,
    ) -> Self {
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
        for header in headers {
            let name = header.name();
            // The length rules out most of a request's headers cheaply.
            match name.len() {
                SIGNATURE if is(name, SIGNATURE_HEADER) => {
                    head.signature = match head.signature {
                        Signature::Absent => Signature::One(header.into_value()),
                        _ => Signature::Several,
                    };
                }
                REGION if is(name, REGION_HEADER) => {
                    region.get_or_insert_with(|| header.into_value());
                }
                MESSAGE_ID if is(name, MESSAGE_ID_HEADER) => {
                    head.message_id.get_or_insert_with(|| header.into_value());
                }
                CONTENT_LENGTH if is(name, CONTENT_LENGTH_HEADER) => {
                    let length = digits(&header.into_value()).unwrap_or(0);
                    head.content_length = head.content_length.max(length);
                }
                _ => {}
            }
        }
        head.region = region.and_then(|value| Region::from_bytes(&value));
        head
    }
}

#[cfg(feature = "http")]
impl<'a> RequestHead<'a> {
    /// Reads the head of a request of the `http` crate.
    ///
    /// `uri` must be the one that the client sent: a nested router may strip a prefix.
    ///
    /// ```
    /// use http::request::Parts;
    /// use qstash_verify::{PendingDelivery, RequestHead, Verifier, VerifyError};
    ///
    /// fn check(verifier: &Verifier, parts: &Parts) -> Result<PendingDelivery, VerifyError> {
    ///     verifier.authenticate(&RequestHead::from_http(&parts.headers, &parts.uri))
    /// }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    #[must_use]
    pub fn from_http(headers: &'a http::HeaderMap, uri: &'a http::Uri) -> Self {
        let path_and_query = uri.path_and_query().map_or("/", |target| target.as_str());
        // These names are in lower case.
        RequestHead::read(headers, path_and_query, |name, wanted| {
            name == wanted.as_bytes()
        })
    }
}

/// Returns whether a header name is `wanted`, in any case.
pub(crate) fn is(name: &[u8], wanted: &str) -> bool {
    // Most frameworks have names in lower case, which compare faster.
    name == wanted.as_bytes() || name.eq_ignore_ascii_case(wanted.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_signature_is_noticed_and_first_region_counts() {
        let head = RequestHead::new(
            [
                ("UPSTASH-signature", "a"),
                ("Upstash-Region", "eu-central-1"),
                ("upstash-region", "x"),
            ],
            "/",
        );
        assert!(matches!(&head.signature, Signature::One(token) if **token == *b"a"));
        assert_eq!(head.region, Some(Region::EuCentral1));

        let head = RequestHead::new(
            [("upstash-signature", "a"), ("Upstash-Signature", "a")],
            "/",
        );
        assert!(matches!(head.signature, Signature::Several));
    }

    #[test]
    fn listed_headers_suffice() {
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
    fn debug_form_has_no_token() {
        let head = RequestHead::new([("upstash-signature", "eyJ.secret.x")], "/");
        assert!(!format!("{head:?}").contains("secret"));
    }

    #[test]
    fn names_of_the_same_length_are_other_headers() {
        let names = [
            "upstash-signatura",
            "upstash-regiom",
            "upstash-message-ib",
            "content-lenght",
        ];
        let head = RequestHead::new(names.map(|name| (name, "1")), "/");
        let none = RequestHead::new([("x", "1")], "/");
        assert_eq!(format!("{head:?}"), format!("{none:?}"));
    }

    #[test]
    fn longest_valid_content_length_counts() {
        for (lengths, expected) in [
            (&["7"][..], 7),
            (&["7", "9", "8"], 9),
            (&["x", "7"], 7),
            (&["-1"], 0),
            (&["+7"], 0),
            (&[""], 0),
            (&["\u{ff}"], 0),
            (&["18446744073709551616"], 0),
            (&[], 0),
        ] {
            let head = RequestHead::new(
                lengths.iter().map(|length| ("Content-Length", *length)),
                "/",
            );
            assert_eq!(head.content_length, expected, "{lengths:?}");
        }
    }

    #[test]
    fn first_message_id_counts() {
        let headers = ["msg_1", "msg_2"].map(|id| ("Upstash-Message-Id", id));
        let head = RequestHead::new(headers, "/");
        assert_eq!(head.message_id.as_deref(), Some(&b"msg_1"[..]));
    }

    #[cfg(feature = "http")]
    #[test]
    fn from_http_reads_all_headers_and_the_target() {
        let mut headers = http::HeaderMap::new();
        headers.append("content-length", http::HeaderValue::from_static("7"));
        headers.append("upstash-signature", http::HeaderValue::from_static("a"));
        let uris = [
            ("/hook?a=b", "/hook?a=b"),
            ("https://example.com/hook?a=b", "/hook?a=b"),
            ("https://example.com", "/"),
            // Authority form, which has no path (RFC 9112 §3.2.3).
            ("example.com:443", "/"),
        ];
        for (uri, target) in uris {
            let uri = uri.parse().unwrap();
            let head = RequestHead::from_http(&headers, &uri);
            assert_eq!(head.path_and_query, target);
            assert_eq!(head.content_length, 7);
            assert!(matches!(&head.signature, Signature::One(token) if **token == *b"a"));
        }
        headers.append("upstash-signature", http::HeaderValue::from_static("a"));
        let uri = http::Uri::from_static("/");
        let head = RequestHead::from_http(&headers, &uri);
        assert!(matches!(head.signature, Signature::Several));
    }
}
