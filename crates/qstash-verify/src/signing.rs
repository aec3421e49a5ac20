//! Deliveries signed as QStash signs them, with keys that the caller gives.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::VerifyError;
use crate::keys::{KeyRing, KeySlot, SigningKeys};
use crate::region::Region;
use crate::request::{MESSAGE_ID_HEADER, REGION_HEADER, SIGNATURE_HEADER};

impl KeyRing {
    /// Returns the pair with which a service that has this ring verifies a delivery
    /// of `region`, to sign with.
    ///
    /// # Errors
    /// [`VerifyError::NoSigningKeys`] if there is no such pair.
    pub fn signing_keys(&self, region: Option<Region>) -> Result<SigningKeys, VerifyError> {
        let resolved = self.resolve(region).map(|(pair, _)| pair.keys.clone());
        resolved.ok_or(VerifyError::NoSigningKeys {
            region,
            repeated: false,
        })
    }
}

/// A delivery, signed as QStash signs them in 2026 until something is changed.
///
/// Its token's claims are `aud` (empty), `body` (the hash of the body), `exp`
/// (`iat` + 300 s), `iat` (when it is issued), `iss` (`Upstash`), `jti` (always the same),
/// `nbf` (the year 1) and `sub` (the URL). Of two calls of one method the later
/// one counts.
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
    /// Claims with another value than their own; `None` is left out.
    claims: BTreeMap<String, Option<Value>>,
    /// Names in lower case.
    headers: BTreeMap<String, String>,
}

impl SignedDelivery {
    /// Creates a delivery of `body` to `url`, signed with the current one of `keys` at
    /// `issued_at` (rounded down to the second) and valid for 300 s.
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

    /// Signs with any other key. White space around it is dropped, as
    /// [`SigningKeys::new`] does.
    pub fn key(mut self, key: impl AsRef<str>) -> Self {
        self.keys = SigningKeys::prepare([key.as_ref().trim(); 2]);
        self
    }

    /// Sends it from this region: adds an `upstash-region` header.
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Signs it at this time, rounded down to the second: `iat`, and `exp` with
    /// it.
    pub fn issued_at(mut self, time: SystemTime) -> Self {
        self.issued_at = time;
        self
    }

    /// Lets it expire this long after it was signed, rounded down to the second:
    /// `exp`.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = lifetime;
        self
    }

    /// Gives a claim this value, whatever the other methods make of it. Lists and
    /// objects are those of `serde_json` 1.
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

    /// Leaves a claim out, until [`claim`](Self::claim) brings it back.
    pub fn without(mut self, claim: &str) -> Self {
        self.claims.insert(claim.to_owned(), None);
        self
    }

    /// Adds a header, or replaces the one of that name in any case, be it the
    /// signature.
    ///
    /// ```
    /// use qstash_verify::testing::delivery;
    ///
    /// let delivery = delivery("https://example.com/orders", "{}")
    ///     .header("Content-Type", "application/json")
    ///     .header("Upstash-Retried", "2");
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into().to_ascii_lowercase();
        self.headers.insert(name, value.into());
        self
    }

    /// The token of the `upstash-signature` header, unless
    /// [`header`](Self::header) replaces that.
    #[must_use]
    pub fn token(&self) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let payload = URL_SAFE_NO_PAD.encode(self.claims().to_string());
        let input = format!("{header}.{payload}");
        let mac = self.keys.mac(self.slot, input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    fn claims(&self) -> Value {
        let issued_at = unix_nanos(self.issued_at);
        let expires = issued_at.saturating_add(nanos(self.expires_in));
        let mut claims = BTreeMap::from([
            ("aud", Value::from("")),
            ("body", URL_SAFE.encode(Sha256::digest(&self.body)).into()),
            ("exp", seconds(expires).into()),
            ("iat", seconds(issued_at).into()),
            ("iss", "Upstash".into()),
            ("jti", "jwt_testDelivery0000000000000000".into()),
            // The year 1: the zero time of Go.
            ("nbf", (-62_135_596_800_i64).into()),
            ("sub", self.url.as_str().into()),
        ]);
        for (name, value) in &self.claims {
            match value {
                Some(value) => claims.insert(name, value.clone()),
                None => claims.remove(name.as_str()),
            };
        }
        // In alphabetical order here, and so even if the application lets
        // `serde_json` preserve the order.
        let claims = claims.into_iter();
        Value::Object(
            claims
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>(),
        )
    }

    /// The headers of the request, each name once (add a second of a name to the
    /// request itself) and in lower case:
    /// `upstash-signature`, `upstash-message-id`, `upstash-retried` (0),
    /// `user-agent`, `upstash-region` if there is one, and what
    /// [`header`](Self::header) added. The message's id is always the same.
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
        ]);
        headers.extend(region.map(|region| (REGION_HEADER, region)));
        let given = self.headers.iter();
        headers.extend(given.map(|(name, value)| (name.as_str(), value.clone())));
        let headers = headers.into_iter();
        headers
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// The path and the query of the URL, as the request line has them: `/` if
    /// it has no path, and no fragment.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The whole as a POST request of the `http` crate, with the path and query
    /// for its URI.
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
    /// The URL is none, or a header that was added can't be one.
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

/// Without the key, and without the token, which may be worth something where
/// the key is.
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

/// Nanoseconds since the Unix epoch.
fn unix_nanos(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}

/// An `i128` has room for any duration.
fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

/// Whole seconds, rounded down, of the range that JSON integers have.
fn seconds(nanos: i128) -> i64 {
    let seconds = nanos.div_euclid(1_000_000_000);
    i64::try_from(seconds).unwrap_or(if seconds.is_negative() {
        i64::MIN
    } else {
        i64::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Verified;
    use crate::request::RequestHead;
    use crate::verifier::Verifier;

    const CURRENT_KEY: &str = "sig_a";
    const NEXT_KEY: &str = "sig_b";
    const URL: &str = "https://example.com/orders?a=b#c";

    fn keys() -> SigningKeys {
        SigningKeys::new(CURRENT_KEY, NEXT_KEY).unwrap()
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_783_794_365)
    }

    fn genuine() -> SignedDelivery {
        SignedDelivery::new(URL, "hello", &keys(), now())
    }

    fn check(delivery: &SignedDelivery, body: &[u8]) -> Result<Verified, VerifyError> {
        let verifier = Verifier::builder(keys()).clock(now);
        let verifier = verifier.base_url("https://example.com").unwrap().build();
        let head = RequestHead::new(delivery.headers(), delivery.path_and_query());
        verifier.verify(&head, body)
    }

    fn code(delivery: &SignedDelivery) -> &'static str {
        check(delivery, delivery.body()).map_or_else(|refused| refused.code(), |_| "ok")
    }

    fn payload(delivery: &SignedDelivery) -> String {
        let token = delivery.token();
        let payload = token.split('.').nth(1).unwrap();
        String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }

    fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
        let mut values = headers.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        assert_eq!(values.next(), None, "{name}");
        Some(value)
    }

    #[test]
    fn it_is_signed_as_qstash_does() {
        let verified = check(&genuine(), b"hello").unwrap();
        assert_eq!(verified.key_slot(), KeySlot::Current);
        assert_eq!(verified.claims().sub(), URL);
        assert_eq!(
            payload(&genuine()),
            "{\"aud\":\"\",\"body\":\"LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\",\
             \"exp\":1783794665,\"iat\":1783794365,\"iss\":\"Upstash\",\
             \"jti\":\"jwt_testDelivery0000000000000000\",\"nbf\":-62135596800,\
             \"sub\":\"https://example.com/orders?a=b#c\"}"
        );
        let token = genuine().token();
        assert!(
            token.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."),
            "{token}"
        );
    }

    #[test]
    fn other_keys_sign_too() {
        let next = check(&genuine().key(NEXT_KEY), b"hello").unwrap();
        assert_eq!(next.key_slot(), KeySlot::Next);
        assert_eq!(code(&genuine().key("sig_other")), "bad_signature");
        assert_eq!(code(&genuine().key("")), "bad_signature");
        assert_eq!(
            code(&genuine().key("x").key(format!(" {CURRENT_KEY}\n"))),
            "ok"
        );
    }

    #[test]
    fn another_body_is_not_the_signed_one() {
        let refused = check(&genuine(), b"hullo").unwrap_err();
        assert_eq!(refused.code(), "body_mismatch");
        let other = URL_SAFE.encode(Sha256::digest(b"hullo"));
        assert!(check(&genuine().claim("body", other), b"hullo").is_ok());
    }

    #[test]
    fn it_lives_as_long_as_it_is_told() {
        let second = Duration::from_secs(1);
        for (delivery, expected) in [
            (genuine().issued_at(now() - second * 299), "ok"),
            (genuine().issued_at(now() - second * 300), "expired"),
            (genuine().expires_in(second), "ok"),
            (genuine().expires_in(Duration::ZERO), "expired"),
            (genuine().expires_in(Duration::MAX), "ok"),
            (genuine().claim("nbf", 1_783_794_366), "not_yet_valid"),
            (
                genuine().claim("exp", 1_783_794_365).expires_in(second),
                "expired",
            ),
        ] {
            assert_eq!(code(&delivery), expected, "{delivery:?}");
        }
    }

    #[test]
    fn any_time_can_be_signed() {
        let half = Duration::from_millis(500);
        for (time, iat, exp) in [
            (UNIX_EPOCH - half, "\"iat\":-1,", "\"exp\":0,"),
            (UNIX_EPOCH + half, "\"iat\":0,", "\"exp\":1,"),
            (
                now() - Duration::from_secs(2_000_000_000),
                "\"iat\":-216205635,",
                "-216205634,",
            ),
        ] {
            let payload = payload(&genuine().issued_at(time).expires_in(half * 2));
            assert!(payload.contains(iat) && payload.contains(exp), "{payload}");
        }
        assert_eq!(seconds(i128::MIN), i64::MIN);
        assert_eq!(seconds(i128::MAX), i64::MAX);
    }

    #[test]
    fn claims_can_be_changed_and_left_out() {
        for claim in ["iss", "sub", "exp", "body"] {
            assert_eq!(code(&genuine().without(claim)), "missing_claim", "{claim}");
            let back = payload(&genuine().without(claim).claim(claim, "a \"quote\""));
            assert!(
                back.contains(&format!(r#""{claim}":"a \"quote\"""#)),
                "{back}"
            );
        }
        for claim in ["aud", "iat", "jti", "nbf"] {
            assert_eq!(code(&genuine().without(claim)), "ok", "{claim}");
        }
        assert_eq!(code(&genuine().claim("iss", "Mallory")), "wrong_issuer");
        assert_eq!(code(&genuine().claim("exp", "soon")), "invalid_claim");
        assert_eq!(
            code(&genuine().claim("sub", "https://example.com/")),
            "url_mismatch"
        );
        assert_eq!(code(&genuine().claim("new", Value::Null)), "ok");
    }

    #[test]
    fn headers_can_be_changed() {
        let headers = genuine().headers();
        assert_eq!(
            value(&headers, "upstash-signature"),
            Some(&*genuine().token())
        );
        assert_eq!(value(&headers, "upstash-retried"), Some("0"));
        assert_eq!(value(&headers, "user-agent"), Some("Upstash-QStash"));
        assert!(
            value(&headers, "upstash-message-id")
                .unwrap()
                .starts_with("msg_")
        );
        assert_eq!(value(&headers, "upstash-region"), None);
        assert_eq!(value(&headers, "content-type"), None);

        let changed = genuine()
            .region(Region::EuCentral1)
            .header("Content-Type", "text/plain")
            .header("Upstash-Retried", "2")
            .header("upstash-RETRIED", "3");
        let headers = changed.headers();
        assert_eq!(value(&headers, "upstash-region"), Some("EU-CENTRAL-1"));
        assert_eq!(value(&headers, "content-type"), Some("text/plain"));
        assert_eq!(value(&headers, "upstash-retried"), Some("3"));
        let region = check(&changed, b"hello").unwrap().region();
        assert_eq!(region, Some(Region::EuCentral1));
        assert_eq!(
            code(&changed.header("Upstash-Signature", "x")),
            "malformed_token"
        );
    }

    #[test]
    fn the_target_is_what_a_client_sends() {
        for (url, expected) in [
            (URL, "/orders?a=b"),
            ("https://example.com", "/"),
            ("https://example.com#/x", "/"),
            ("https://example.com?a=/", "/?a=/"),
            ("https://example.com/?a=://b", "/?a=://b"),
            ("/orders", "/orders"),
            ("", "/"),
            ("://", "/"),
        ] {
            assert_eq!(
                SignedDelivery::new(url, "", &keys(), now()).path_and_query(),
                expected,
                "{url}"
            );
        }
    }

    #[test]
    fn no_key_is_printed() {
        let text = format!("{:?}", genuine().key("sig_secret"));
        assert!(!text.contains("sig_") && text.contains("/orders"), "{text}");
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_request_is_made_or_refused() {
        let request: http::Request<Vec<u8>> = genuine().request().unwrap();
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.uri(), "/orders?a=b");
        assert_eq!(request.headers().len(), genuine().headers().len());
        assert_eq!(request.body(), b"hello");
        for odd in [
            genuine().header("a b", "c"),
            genuine().header("a", "b\r\nc: d"),
            SignedDelivery::new("https://example.com/a b", "", &keys(), now()),
        ] {
            assert!(odd.request::<Vec<u8>>().is_err(), "{odd:?}");
        }
    }

    #[test]
    fn a_ring_signs_with_the_pair_of_the_region() {
        let lookup = |name: &str| match name {
            "QSTASH_REGION" => Some("EU_CENTRAL_1".to_owned()),
            "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY" => Some(CURRENT_KEY.to_owned()),
            "US_EAST_1_QSTASH_NEXT_SIGNING_KEY" => Some(NEXT_KEY.to_owned()),
            _ => None,
        };
        let ring = KeyRing::from_lookup(lookup).unwrap();
        for (slot, key) in [(KeySlot::Current, CURRENT_KEY), (KeySlot::Next, NEXT_KEY)] {
            let keys = ring.signing_keys(Some(Region::UsEast1)).unwrap();
            let delivery = SignedDelivery::new(URL, "hello", &keys, now()).key_slot(slot);
            assert_eq!(delivery.token(), genuine().key(key).token());
        }
        for region in [None, Some(Region::EuCentral1)] {
            let refused = ring.signing_keys(region).unwrap_err();
            assert_eq!(
                refused,
                VerifyError::NoSigningKeys {
                    region,
                    repeated: false
                }
            );
        }
    }
}
