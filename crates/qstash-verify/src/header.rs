//! A header as a framework hands it out.

use std::borrow::Cow;

/// A header field: a name and a value, of which the value may outlive the pair.
///
/// Implemented for what iterators of headers yield: `(name, &value)`,
/// `&(name, value)`, and pairs with an owned value. Not to be implemented elsewhere.
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
