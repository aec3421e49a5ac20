//! Deliveries signed as QStash signs them, with keys given in code.

mod content_type;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::keys::{KeyRing, KeySlot, SigningKeys};
use crate::region::Region;
use crate::request::{MESSAGE_ID_HEADER, REGION_HEADER, SIGNATURE_HEADER};
use crate::signing::content_type::content_type;

impl KeyRing {
    /// Returns the pair of keys that verifies a delivery of `region`, for signing.
    ///
    /// `None` if there is none for it.
    #[must_use]
    pub fn signing_keys(&self, region: Option<Region>) -> Option<SigningKeys> {
        self.resolve(region).map(|(pair, _)| pair.keys.clone())
    }
}

/// A delivery, by default signed as QStash signs deliveries in 2026.
///
/// The claims of its token are `aud` (empty), `body` (the hash of the body), `exp`
/// (`iat` + 300 s), `iat` (the time of issue), `iss` (`Upstash`), `jti` (always the
/// same), `nbf` (the year 1) and `sub` (the URL). A later call of a method replaces an
/// earlier one.
///
/// ```
/// use std::time::SystemTime;
/// use qstash_verify::SigningKeys;
/// use qstash_verify::signing::SignedDelivery;
///
/// let keys = SigningKeys::new("sig_current", "sig_next")?;
/// let url = "https://example.com/orders";
/// let delivery = SignedDelivery::new(url, "hello", &keys, SystemTime::now());
/// for (name, value) in delivery.headers() {
///     println!("{name}: {value}");
/// }
/// # Ok::<_, qstash_verify::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct SignedDelivery {
    url: String,
    path_and_query: String,
    body: Vec<u8>,
    keys: SigningKeys,
    slot: KeySlot,
    region: Option<Region>,
    issued_at: SystemTime,
    expires_in: Duration,
    /// Values that replace claims; `None` removes the claim.
    claims: BTreeMap<String, Option<Value>>,
    /// Names in lower case.
    headers: BTreeMap<String, String>,
}

impl SignedDelivery {
    /// Creates a delivery of `body` to `url`, signed with the current key.
    ///
    /// It is signed at `issued_at`, rounded down to the second, and valid for 300 s.
    pub fn new(
        url: impl Into<String>,
        body: impl Into<Vec<u8>>,
        keys: &SigningKeys,
        issued_at: SystemTime,
    ) -> Self {
        let url = url.into();
        SignedDelivery {
            path_and_query: path_and_query(&url),
            url,
            body: body.into(),
            keys: keys.clone(),
            slot: KeySlot::Current,
            region: None,
            issued_at,
            expires_in: Duration::from_secs(300),
            claims: BTreeMap::new(),
            headers: BTreeMap::new(),
        }
    }

    /// Signs with the current or the next key.
    pub fn key_slot(mut self, slot: KeySlot) -> Self {
        self.slot = slot;
        self
    }

    /// Signs with any other key.
    ///
    /// White space around it is removed, as by [`SigningKeys::new`].
    pub fn key(mut self, key: impl AsRef<str>) -> Self {
        self.keys = SigningKeys::prepare([key.as_ref().trim(); 2]);
        self
    }

    /// Adds an `upstash-region` header with this region.
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Sets the time of issue, rounded down to the second: `iat`.
    ///
    /// `exp` moves with it.
    pub fn issued_at(mut self, time: SystemTime) -> Self {
        self.issued_at = time;
        self
    }

    /// Sets the lifetime from the time of issue: `exp`.
    ///
    /// `exp` is rounded down to the second.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = lifetime;
        self
    }

    /// Sets a claim, in preference to the other methods.
    ///
    /// Lists and objects are [`Value`]s of `serde_json` 1.
    ///
    /// ```
    /// use qstash_verify::testing::delivery;
    ///
    /// let delivery = delivery("https://example.com/orders", "hello")
    ///     .claim("iss", "Mallory")
    ///     .claim("nbf", 4_102_444_800_u64);
    /// ```
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), Some(value.into()));
        self
    }

    /// Removes a claim; a later [`claim`](Self::claim) adds it again.
    pub fn without(mut self, claim: &str) -> Self {
        self.claims.insert(claim.to_owned(), None);
        self
    }

    /// Adds a header, or replaces the one of that name, in any case.
    ///
    /// It can replace the signature too.
    ///
    /// ```
    /// use qstash_verify::testing::delivery;
    ///
    /// let delivery = delivery("https://example.com/orders", "{}")
    ///     .header("Content-Type", "application/cloudevents+json")
    ///     .header("Upstash-Retried", "2");
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into().to_ascii_lowercase();
        self.headers.insert(name, value.into());
        self
    }

    /// Returns the headers of the request, each name once and in lower case.
    ///
    /// They are `upstash-signature`, `upstash-message-id` (always the same),
    /// `upstash-retried` (0), `user-agent`, `content-type`, `upstash-region` if
    /// [`region`](Self::region) is set, and those set by [`header`](Self::header). QStash
    /// forwards the publisher's content type; here it is `application/json` if the body is
    /// JSON, else `text/plain; charset=utf-8` if it is UTF-8, else
    /// `application/octet-stream`. To repeat a header, add it to the request itself.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        let region = self.region.map(|region| region.as_str().replace('_', "-"));
        let mut headers = BTreeMap::from([
            (SIGNATURE_HEADER, self.token()),
            (
                MESSAGE_ID_HEADER,
                "msg_testMessage00000000000000000".to_owned(),
            ),
            ("upstash-retried", "0".to_owned()),
            ("user-agent", "Upstash-QStash".to_owned()),
            ("content-type", content_type(&self.body).to_owned()),
        ]);
        headers.extend(region.map(|region| (REGION_HEADER, region)));
        let given = self.headers.iter();
        headers.extend(given.map(|(name, value)| (name.as_str(), value.clone())));
        let headers = headers.into_iter();
        headers
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Returns the path and query of the URL, as in the request line.
    ///
    /// An empty path is `/`; the fragment is omitted.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the delivery as a POST request of the `http` crate.
    ///
    /// The URI is the path and query.
    ///
    /// ```
    /// use qstash_verify::testing::delivery;
    ///
    /// let delivery = delivery("https://example.com/orders?a=b", "hello");
    /// let request: http::Request<Vec<u8>> = delivery.request()?;
    /// assert_eq!(request.uri(), "/orders?a=b");
    /// assert!(request.headers().contains_key("upstash-signature"));
    /// # Ok::<_, http::Error>(())
    /// ```
    ///
    /// # Errors
    /// The path and query are not a valid URI, or a header is invalid.
    #[cfg(feature = "http")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    pub fn request<B: From<Vec<u8>>>(&self) -> Result<http::Request<B>, http::Error> {
        let mut request = http::Request::post(self.path_and_query());
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        request.body(B::from(self.body.clone()))
    }
}

/// Omits the key, and the token, which a service with this key would accept.
impl fmt::Debug for SignedDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedDelivery")
            .field("url", &self.url)
            .field("body", &self.body)
            .field("region", &self.region)
            .field("issued_at", &self.issued_at)
            .field("expires_in", &self.expires_in)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

fn path_and_query(url: &str) -> String {
    let sent = url.split_once('#').map_or(url, |(sent, _fragment)| sent);
    let behind = sent.split_once("://").map_or(sent, |(_scheme, rest)| rest);
    match behind.find(['/', '?']).and_then(|at| behind.get(at..)) {
        Some(target) if target.starts_with('/') => target.to_owned(),
        Some(query) => format!("/{query}"),
        None => "/".to_owned(),
    }
}
