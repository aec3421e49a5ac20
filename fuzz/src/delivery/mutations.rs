//! The mutations of a delivery, and the values that they insert.

/// The initial time, in seconds since the Unix epoch.
pub const NOW: i64 = 1_783_794_365;
pub(super) const URL: &str = "https://example.com/hook?a=b";

/// The keys of the explicit or default pair, of US and of EU.
pub(super) const PAIRS: [[&str; 2]; 3] = [
    ["sig_current", "sig_next"],
    ["sig_usCurrent", "sig_usNext"],
    ["sig_euCurrent", "sig_euNext"],
];

/// The mutations, by the byte that announces them.
#[expect(missing_docs, reason = "see `Delivery::change`")]
pub mod change {
    pub const CLAIM: u8 = 0;
    pub const WITHOUT: u8 = 1;
    pub const AGAIN: u8 = 2;
    pub const OTHER_CLAIM: u8 = 3;
    pub const DATE: u8 = 4;
    pub const SWAP: u8 = 5;
    pub const JOSE: u8 = 6;
    pub const PAYLOAD: u8 = 7;
    pub const SPACE: u8 = 8;
    pub const KEY: u8 = 9;
    pub const EDIT_TOKEN: u8 = 10;
    pub const REGION: u8 = 11;
    pub const HEADER: u8 = 12;
    pub const DESTINATION: u8 = 13;
    pub const TARGET: u8 = 14;
    pub const SUB: u8 = 15;
    pub const LIMIT: u8 = 16;
    pub const CLOCK: u8 = 17;
    pub const TOLERANCE: u8 = 18;
    pub const BODY: u8 = 19;
    pub const EDIT_BODY: u8 = 20;
    pub const CHUNKS: u8 = 21;
    pub const KEYS: u8 = 22;
    pub const HASH: u8 = 23;
    pub const UNSIGNED: u8 = 24;
    pub const LONG: u8 = 25;
    pub const LENGTH: u8 = 26;
    /// Number of mutations.
    pub const COUNT: u8 = 27;
}

/// The claims in the order in which QStash writes them.
pub(super) const CLAIMS: [&str; 8] = ["aud", "body", "exp", "iat", "iss", "jti", "nbf", "sub"];
pub(super) const DATES: [&str; 3] = ["exp", "nbf", "iat"];

pub(super) const VALUES: [&str; 24] = [
    "null",
    "true",
    "\"\"",
    "\"Upstash\"",
    "\"\\u0055pstash\"",
    "\"\\ud800\"",
    "1",
    "0",
    "-0",
    "1e400",
    "-1e400",
    "1e300",
    "1.5",
    "01",
    "-62135596800",
    "9223372036854775808",
    "[]",
    "[\"a\",\"b\"]",
    "[\"a\",1]",
    "[[]]",
    "[\"\\udc00\"]",
    "{}",
    "{\"a\":1,\"a\":2}",
    "",
];
pub(super) const HEADERS: [&str; 16] = [
    r#"{"alg":"HS256","typ":"JWT"}"#,
    r#"{"typ":"JWT","alg":"HS256"}"#,
    r#" { "alg" : "HS\u003256" , "kid" : [ { } ] } "#,
    r#"{"alg":"none"}"#,
    r#"{"alg":"HS384","typ":"JWT"}"#,
    r#"{"alg":"hs256"}"#,
    r#"{"alg":["HS256"]}"#,
    r#"{"typ":"JWT"}"#,
    r#"{"alg":"HS256","crit":["exp"]}"#,
    r#"{"alg":"HS256","crit":null}"#,
    r#"{"alg":"HS256","\u0063rit":[]}"#,
    r#"{"alg":"HS256","alg":"HS256"}"#,
    r#"{"alg":"none","\u0061lg":"HS256"}"#,
    r#"{"alg":"HS256","x":"\ud800"}"#,
    r#"["alg","HS256"]"#,
    "",
];
pub(super) const NAMES: [&str; 9] = [
    "upstash-signature",
    "Upstash-Region",
    "content-length",
    "upstash-message-id",
    "upstash-retried",
    "Upstash-Schedule-Id",
    "upstash-topic-name",
    "upstash-caller-ip",
    "upstash-signature2",
];
pub(super) const REGIONS: [&str; 8] = [
    "US-EAST-1",
    "EU-CENTRAL-1",
    "us_east-1",
    "eu-central_1",
    "US-EAST-2",
    "",
    " US-EAST-1",
    "US\u{2010}EAST\u{2010}1",
];
pub(super) const URLS: [&str; 16] = [
    URL,
    "https://example.com",
    "https://example.com/",
    "HTTPS://Example.COM/hook?a=b",
    "http://example.com/hook?a=b",
    "https://example.com/hook",
    "https://example.com/hook?a=b#top",
    "https://example.com/api",
    "https://example.com/api/",
    "https://example.com/api?a=b",
    "https://example.com/api/hook?a=b",
    "https://example.com?a=b",
    "https://example.com:8443/hook?a=b",
    "https://user@example.com/hook?a=b",
    "https:///hook",
    "example.com/hook",
];
pub(super) const TARGETS: [&str; 8] = [
    "/hook?a=b",
    "/",
    "/?a=b",
    "/hook",
    "",
    "/api/hook?a=b",
    "?a=b",
    "//hook?a=b",
];
