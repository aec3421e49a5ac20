//! Header fields in the types that frameworks use.

use std::borrow::Cow;
use std::str::FromStr;

/// A header field: a name, and a value that may outlive the pair.
///
/// Implemented for the items of header iterators: `(name, &value)`,
/// `&(name, value)`, and pairs with an owned value. This trait is sealed.
///
/// ```
/// use qstash_verify::MessageMetadata;
///
/// let owned = [("upstash-message-id".to_owned(), "msg_1".to_owned())];
/// let borrowed = MessageMetadata::from_headers(&owned);
/// assert_eq!(borrowed, MessageMetadata::from_headers(owned));
/// ```
pub trait IntoHeader<'a>: private::Sealed {
    /// Returns the name, as bytes.
    fn name(&self) -> &[u8];

    /// Returns the value.
    fn into_value(self) -> Cow<'a, [u8]>;
}

mod private {
    pub trait Sealed {}

    impl<N, V: ?Sized> Sealed for (N, &V) {}
    impl<N, V> Sealed for &(N, V) {}
    impl<N> Sealed for (N, String) {}
    impl<N> Sealed for (N, Vec<u8>) {}
    impl<N> Sealed for (N, std::borrow::Cow<'_, str>) {}
}

impl<'a, N: AsRef<[u8]>, V: AsRef<[u8]> + ?Sized> IntoHeader<'a> for (N, &'a V) {
    #[inline]
    fn name(&self) -> &[u8] {
        self.0.as_ref()
    }

    #[inline]
    fn into_value(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self.1.as_ref())
    }
}

impl<'a, N: AsRef<[u8]>, V: AsRef<[u8]>> IntoHeader<'a> for &'a (N, V) {
    #[inline]
    fn name(&self) -> &[u8] {
        self.0.as_ref()
    }

    #[inline]
    fn into_value(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self.1.as_ref())
    }
}

impl<'a, N: AsRef<[u8]>> IntoHeader<'a> for (N, String) {
    #[inline]
    fn name(&self) -> &[u8] {
        self.0.as_ref()
    }

    #[inline]
    fn into_value(self) -> Cow<'a, [u8]> {
        Cow::Owned(self.1.into_bytes())
    }
}

impl<'a, N: AsRef<[u8]>> IntoHeader<'a> for (N, Vec<u8>) {
    #[inline]
    fn name(&self) -> &[u8] {
        self.0.as_ref()
    }

    #[inline]
    fn into_value(self) -> Cow<'a, [u8]> {
        Cow::Owned(self.1)
    }
}

impl<'a, N: AsRef<[u8]>> IntoHeader<'a> for (N, Cow<'a, str>) {
    #[inline]
    fn name(&self) -> &[u8] {
        self.0.as_ref()
    }

    #[inline]
    fn into_value(self) -> Cow<'a, [u8]> {
        match self.1 {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }
}

/// Parses `1*DIGIT` (RFC 9110 §5.6.2), without the sign that Rust would accept.
pub(crate) fn digits<T: FromStr>(value: &[u8]) -> Option<T> {
    if matches!(value, [b'+' | b'-', ..]) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{RequestHead, Signature};

    /// Returns the name, the value, and whether the value is borrowed.
    fn read<'a>(header: impl IntoHeader<'a>) -> (Vec<u8>, Vec<u8>, bool) {
        let name = header.name().to_vec();
        let value = header.into_value();
        let borrowed = matches!(value, Cow::Borrowed(_));
        (name, value.into_owned(), borrowed)
    }

    #[test]
    fn each_kind_of_pair_is_a_header() {
        let text = || "v".to_owned();
        let (value, bytes) = (text(), b"v".to_vec());
        let pair_of_text = ("n".to_owned(), text());
        let pair_of_bytes = ("n".to_owned(), b"v".to_vec());
        for (kind, header, is_borrowed) in [
            ("&str", read(("n", "v")), true),
            ("&[u8]", read((b"n", &b"v"[..])), true),
            ("&String", read(("n".to_owned(), &value)), true),
            ("&Vec<u8>", read(("n", &bytes)), true),
            ("&(String, String)", read(&pair_of_text), true),
            ("&(String, Vec<u8>)", read(&pair_of_bytes), true),
            ("String", read(("n", text())), false),
            ("Vec<u8>", read(("n", bytes.clone())), false),
            ("Cow::Borrowed", read(("n", Cow::Borrowed("v"))), true),
            ("Cow::Owned", read(("n", Cow::<str>::Owned(text()))), false),
        ] {
            let expected = (b"n".to_vec(), b"v".to_vec(), is_borrowed);
            assert_eq!(header, expected, "{kind}");
        }
    }

    #[test]
    fn request_head_takes_any_collection_of_headers() {
        let owned = vec![("Upstash-Signature".to_owned(), "token".to_owned())];
        let cow = owned
            .iter()
            .map(|(name, value)| (name, Cow::Borrowed(value.as_str())));
        for (kind, head) in [
            ("slice", RequestHead::new(owned.as_slice(), "/")),
            ("&Vec", RequestHead::new(&owned, "/")),
            ("Vec", RequestHead::new(owned.clone(), "/")),
            ("Cow", RequestHead::new(cow, "/")),
        ] {
            let Signature::One(token) = head.signature else {
                panic!("{kind}: {head:?}")
            };
            assert_eq!(*token, *b"token", "{kind}");
        }
    }
}
