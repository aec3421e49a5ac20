//! The core's answers: to genuine deliveries, and to everything that is wrong
//! with the others.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests: what goes wrong here is to fail"
)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use qstash_verify::{
    CHALLENGE, DEFAULT_BODY_LIMIT, KeySlot, KeySource, REGION_HEADER, RequestHead,
    SIGNATURE_HEADER, Verified, Verifier, VerifierBuilder, VerifyError,
};
use qstash_verify_test_support::{
    Capture, DEFAULT, Token, base64url, captures, pinned, signing_keys,
};

/// The time this many seconds after the Unix epoch.
fn at(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}

const IAT: i64 = 1_783_794_355;
const EXP: i64 = IAT + 300;
const URL: &str = "https://api.example.com/hooks/qstash?from=qstash";
const TARGET: &str = "/hooks/qstash?from=qstash";
const BODY: &[u8] = br#"{"message":"hello world"}"#;

/// The longest token that is looked at.
const MAX_TOKEN: usize = 8 * 1024;

fn token() -> Token {
    Token::new(URL, BODY, IAT)
}

fn builder() -> VerifierBuilder {
    Verifier::builder(signing_keys(&DEFAULT)).clock(pinned(IAT + 10))
}

fn verifier() -> Verifier {
    builder().build()
}

fn verify(verifier: &Verifier, token: &str, body: &[u8]) -> Result<Verified, VerifyError> {
    let headers = [(SIGNATURE_HEADER, token)];
    verifier.verify(&RequestHead::new(headers, TARGET), body)
}

/// The code of the answer, or which key signed. The rest of a refusal is
/// checked against its code, wherever one comes from.
fn answer(result: Result<Verified, VerifyError>) -> &'static str {
    match result {
        Ok(verified) => verified.key_slot().as_str(),
        Err(refused) => {
            let status = match refused.code() {
                "body_too_large" => 413,
                "body_unreadable" => 400,
                _ => 401,
            };
            assert_eq!(refused.status(), status, "{refused:?}");
            let body = format!("{{\"error\":\"{}\"}}", refused.code());
            assert_eq!(refused.body(), body, "{refused:?}");
            let text = refused.to_string();
            assert!(!text.is_empty() && text.lines().count() == 1, "{text}");
            refused.code()
        }
    }
}

/// The answer to a token of which only the claims may be wrong.
fn to(token: &Token) -> &'static str {
    answer(verify(&verifier(), &token.sign(DEFAULT[0]), BODY))
}

fn at_the_time(capture: &Capture) -> VerifierBuilder {
    Verifier::builder(signing_keys(&capture.keys)).clock(pinned(capture.at))
}

// Genuine deliveries.

#[test]
fn genuine_deliveries_are_accepted() {
    assert_eq!(captures().len(), 2);
    for capture in captures() {
        let name = &capture.name;
        let verifier = at_the_time(&capture).build();
        let verified = verify(&verifier, &capture.signature, &capture.body).unwrap();
        assert_eq!(verified.key_slot(), KeySlot::Current, "{name}");
        assert_eq!(verified.key_source(), KeySource::Explicit, "{name}");
        assert_eq!(verified.region(), None, "{name}");

        let claims = verified.claims();
        assert_eq!(claims.iss(), "Upstash", "{name}");
        assert_eq!(claims.sub(), capture.url, "{name}");
        assert_eq!(claims.exp(), at(capture.expires));
        // In 2022 and 2024 `nbf` was `iat`.
        assert_eq!(
            claims.iat(),
            Some(claims.exp() - Duration::from_secs(300)),
            "{name}"
        );
        assert_eq!(claims.nbf(), claims.iat(), "{name}");
        assert!(claims.jti().unwrap().starts_with("jwt_"), "{name}");
    }
}

#[test]
fn our_tokens_are_made_as_genuine_ones_are() {
    for capture in captures() {
        let verifier = at_the_time(&capture).build();
        let verified = verify(&verifier, &capture.signature, &capture.body).unwrap();
        let iat = capture.expires - 300;
        let jti = format!("\"{}\"", verified.claims().jti().unwrap());
        let token = Token::new(&capture.url, &capture.body, iat)
            .claim("jti", &jti)
            .claim("nbf", &iat.to_string());
        assert_eq!(token.sign(&capture.keys[0]), capture.signature);
    }
}

#[test]
fn genuine_deliveries_are_accepted_at_their_url() {
    for capture in captures() {
        let (signature, body) = (&capture.signature, &capture.body);
        let here = at_the_time(&capture).url(&capture.url).unwrap().build();
        assert_eq!(answer(verify(&here, signature, body)), "current");

        let elsewhere = format!("{}/x", capture.url);
        let elsewhere = at_the_time(&capture).url(&elsewhere).unwrap().build();
        assert_eq!(answer(verify(&elsewhere, signature, body)), "url_mismatch");

        let (origin, path) = capture.url.split_at(capture.url.rfind('/').unwrap());
        let based = at_the_time(&capture).base_url(origin).unwrap().build();
        for (target, expected) in [(path, "current"), ("/other", "url_mismatch")] {
            let head = RequestHead::new([(SIGNATURE_HEADER, signature)], target);
            assert_eq!(answer(based.verify(&head, body)), expected, "{target}");
        }
    }
}

#[test]
fn genuine_deliveries_expire() {
    for capture in captures() {
        for (now, expected) in [
            (capture.expires - 1, "current"),
            (capture.expires, "expired"),
            (capture.expires + 1, "expired"),
            // Before `nbf`, which is `exp` minus 300 here.
            (capture.expires - 300, "current"),
            (capture.expires - 301, "not_yet_valid"),
        ] {
            let verifier = at_the_time(&capture).clock(pinned(now)).build();
            let result = verify(&verifier, &capture.signature, &capture.body);
            assert_eq!(answer(result), expected, "{now}");
        }
        // The real clock.
        let today = Verifier::new(signing_keys(&capture.keys));
        let result = verify(&today, &capture.signature, &capture.body);
        assert_eq!(answer(result), "expired");
    }
}

#[test]
fn genuine_deliveries_with_another_body_are_refused() {
    for capture in captures() {
        let verifier = at_the_time(&capture).build();
        let space = [&capture.body[..], b"\n"].concat();
        for other in [&b""[..], b"hello", &space, &capture.body[1..]] {
            let result = verify(&verifier, &capture.signature, other);
            assert_eq!(answer(result), "body_mismatch", "{other:?}");
        }
    }
}

#[test]
fn genuine_deliveries_need_the_keys_of_their_receiver() {
    let [one, other] = <[Capture; 2]>::try_from(captures()).unwrap();
    for (capture, other) in [(&one, &other), (&other, &one)] {
        let with = |current: &String, next: &String| {
            let keys = signing_keys(&[current, next]);
            let verifier = Verifier::builder(keys).clock(pinned(capture.at)).build();
            answer(verify(&verifier, &capture.signature, &capture.body))
        };
        let [current, next] = &capture.keys;
        let [foreign_current, foreign_next] = &other.keys;
        assert_eq!(with(foreign_current, foreign_next), "bad_signature");
        assert_eq!(with(next, foreign_next), "bad_signature");
        assert_eq!(with(foreign_current, current), "next");
        assert_eq!(with(next, current), "next");
        assert_eq!(with(current, foreign_next), "current");
    }
}

#[test]
fn genuine_deliveries_are_accepted_in_chunks() {
    for capture in captures() {
        let verifier = at_the_time(&capture).build();
        let head = RequestHead::new([(SIGNATURE_HEADER, &capture.signature)], TARGET);
        for size in [1, 7, capture.body.len()] {
            let mut pending = verifier.authenticate(&head).unwrap();
            pending.declare_length(capture.body.len() as u64).unwrap();
            for chunk in capture.body.chunks(size) {
                pending.update(chunk).unwrap();
                pending.update(b"").unwrap();
            }
            assert_eq!(answer(pending.finish()), "current", "{size}");
        }

        let mut short = verifier.authenticate(&head).unwrap();
        short.update(&capture.body[1..]).unwrap();
        assert_eq!(answer(short.finish()), "body_mismatch");
        let nothing = verifier.authenticate(&head).unwrap();
        assert_eq!(answer(nothing.finish()), "body_mismatch");
    }
}

#[test]
fn the_shape_of_2026_is_accepted() {
    assert_eq!(token().value("aud"), Some("\"\""));
    assert_eq!(token().value("nbf"), Some("-62135596800"));
    for (key, slot) in DEFAULT.iter().zip([KeySlot::Current, KeySlot::Next]) {
        let verified = verify(&verifier(), &token().sign(key), BODY).unwrap();
        assert_eq!(verified.key_slot(), slot);
        assert_eq!(verified.claims().nbf(), Some(at(-62_135_596_800)));
        assert_eq!(verified.claims().iat(), Some(at(1_783_794_355)));
        assert_eq!(verified.claims().sub(), URL);
    }
    let empty = Token::new(URL, b"", IAT).sign(DEFAULT[0]);
    assert_eq!(answer(verify(&verifier(), &empty, b"")), "current");
}

// The header of the request.

#[test]
fn there_must_be_one_signature_header() {
    let token = token().sign(DEFAULT[0]);
    let token = token.as_str();
    let verify = |headers: &[(&str, &str)]| {
        let head = RequestHead::new(headers.iter().copied(), TARGET);
        answer(verifier().verify(&head, BODY))
    };
    assert_eq!(verify(&[]), "missing_signature");
    assert_eq!(verify(&[("authorization", token)]), "missing_signature");
    assert_eq!(
        verify(&[("upstash-signature2", token)]),
        "missing_signature"
    );
    for name in [SIGNATURE_HEADER, "Upstash-Signature", "UPSTASH-SIGNATURE"] {
        assert_eq!(verify(&[("host", "x"), (name, token)]), "current");
        for other in [token, "", "x"] {
            let both = [(name, token), (SIGNATURE_HEADER, other)];
            assert_eq!(verify(&both), "malformed_token");
            assert_eq!(verify(&[both[1], both[0]]), "malformed_token");
        }
    }
    let joined = format!("{token}, {token}");
    for value in ["", " ", &joined] {
        assert_eq!(verify(&[(SIGNATURE_HEADER, value)]), "malformed_token");
    }
    let head = RequestHead::new([(SIGNATURE_HEADER, &[0x80, 0xff][..])], TARGET);
    assert_eq!(answer(verifier().verify(&head, BODY)), "malformed_token");
}

// The token.

#[test]
fn a_token_has_three_strict_parts() {
    let token = token().sign(DEFAULT[0]);
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, mac] = parts[..] else {
        panic!("{token}")
    };
    for malformed in [
        format!("{header}.{payload}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{mac}"),
        format!("{token}="),
        format!("{token} "),
        format!(" {token}"),
        format!("{token}\n"),
        format!("Bearer {token}"),
        format!("{header}=.{payload}.{mac}"),
        format!("{header}.{payload}=.{mac}"),
        format!("{header}.{payload}.{mac}!"),
        format!("{header}.{payload}.{mac}+"),
        format!("{header}..."),
        format!("..{mac}"),
        "..".to_owned(),
    ] {
        assert_eq!(
            answer(verify(&verifier(), &malformed, BODY)),
            "malformed_token",
            "{malformed}"
        );
    }
}

/// A good token of exactly this length.
fn of_length(length: usize) -> String {
    let shortest = token().claim("x", "\"\"").sign(DEFAULT[0]).len();
    let most = (length - shortest) / 4 * 3 + 3;
    // Base64 has no texts of some lengths: another header shifts them.
    for spaces in 0..3 {
        let header = format!(
            "{{\"alg\":\"HS256\",\"typ\":\"JWT\"{}}}",
            " ".repeat(spaces)
        );
        for filler in most - 9..=most {
            let x = format!("\"{}\"", "x".repeat(filler));
            let token = token().header(&header).claim("x", &x).sign(DEFAULT[0]);
            if token.len() == length {
                return token;
            }
        }
    }
    panic!("no token has {length} bytes");
}

#[test]
fn a_token_has_8_kib_at_most() {
    for (length, expected) in [
        (2000, "current"),
        (MAX_TOKEN - 1, "current"),
        (MAX_TOKEN, "current"),
        (MAX_TOKEN + 1, "malformed_token"),
        (MAX_TOKEN + 2, "malformed_token"),
        (4 * MAX_TOKEN, "malformed_token"),
    ] {
        let token = of_length(length);
        assert_eq!(
            answer(verify(&verifier(), &token, BODY)),
            expected,
            "{length}"
        );
    }
}

#[test]
fn the_header_of_a_token_asks_for_hs256_and_nothing_else() {
    for (header, expected) in [
        (r#"{"alg":"HS256","typ":"JWT"}"#, "current"),
        (r#"{"typ":"JWT","alg":"HS256"}"#, "current"),
        (r#" { "alg" : "HS256" } "#, "current"),
        (r#"{"alg":"HS256","kid":"1","x":[{}]}"#, "current"),
        (r#"{"\u0061lg":"HS\u003256"}"#, "current"),
        (r#"{"alg":"none"}"#, "unsupported_algorithm"),
        (r#"{"alg":"None"}"#, "unsupported_algorithm"),
        (r#"{"alg":""}"#, "unsupported_algorithm"),
        (r#"{"alg":"hs256"}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS256 "}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS384"}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS512"}"#, "unsupported_algorithm"),
        (r#"{"alg":"RS256"}"#, "unsupported_algorithm"),
        (r#"{"alg":null}"#, "unsupported_algorithm"),
        (r#"{"alg":["HS256"]}"#, "unsupported_algorithm"),
        (r#"{"ALG":"HS256"}"#, "unsupported_algorithm"),
        ("{}", "unsupported_algorithm"),
        (r#"{"alg":"HS256","crit":["exp"]}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS256","crit":[]}"#, "unsupported_algorithm"),
        (r#"{"alg":"HS256","crit":null}"#, "unsupported_algorithm"),
        (
            r#"{"alg":"HS256","cri\u0074":["b64"],"b64":true}"#,
            "unsupported_algorithm",
        ),
        (r#"{"alg":"HS256","alg":"HS256"}"#, "malformed_token"),
        (r#"{"alg":"HS256","\u0061lg":"none"}"#, "malformed_token"),
        (r#"{"alg":"HS256","x":1,"x":1}"#, "malformed_token"),
        (r#"["HS256"]"#, "malformed_token"),
        (r#""HS256""#, "malformed_token"),
        (r#"{"alg":"HS256"}{}"#, "malformed_token"),
        (r#"{"alg":"HS256""#, "malformed_token"),
        ("", "malformed_token"),
    ] {
        assert_eq!(to(&token().header(header)), expected, "{header}");
    }
}

#[test]
fn other_algorithms_are_refused_even_with_the_right_key() {
    let key = DEFAULT[0].as_bytes();
    let input = |alg: &str| {
        token()
            .header(&format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#))
            .signing_input()
    };
    let hs384 = |input: &str| {
        let mac = Hmac::<sha2::Sha384>::new_from_slice(key).unwrap();
        base64url(mac.chain_update(input).finalize().into_bytes())
    };
    let hs512 = |input: &str| {
        let mac = Hmac::<sha2::Sha512>::new_from_slice(key).unwrap();
        base64url(mac.chain_update(input).finalize().into_bytes())
    };
    let answer_to =
        |input: &str, mac: &str| answer(verify(&verifier(), &format!("{input}.{mac}"), BODY));

    let (none, hs256) = (input("none"), input("HS256"));
    let (input_384, input_512) = (input("HS384"), input("HS512"));
    assert_eq!(answer_to(&none, ""), "unsupported_algorithm");
    assert_eq!(
        answer_to(&input_384, &hs384(&input_384)),
        "unsupported_algorithm"
    );
    assert_eq!(
        answer_to(&input_512, &hs512(&input_512)),
        "unsupported_algorithm"
    );
    // And under a false flag.
    assert_eq!(answer_to(&hs256, ""), "bad_signature");
    assert_eq!(answer_to(&hs256, &hs384(&hs256)), "bad_signature");
    assert_eq!(answer_to(&hs256, &hs512(&hs256)), "bad_signature");
    assert_eq!(answer_to(&hs256, &hs512(&hs256)[..43]), "malformed_token");
}

#[test]
fn a_mac_must_be_whole() {
    let token = token();
    let input = token.signing_input();
    let signed = token.sign(DEFAULT[0]);
    let mac = URL_SAFE_NO_PAD.decode(&signed[input.len() + 1..]).unwrap();
    let with = |mac: &[u8]| {
        let token = format!("{input}.{}", base64url(mac));
        answer(verify(&verifier(), &token, BODY))
    };
    assert_eq!(with(&mac), "current");
    for length in 0..mac.len() {
        assert_eq!(with(&mac[..length]), "bad_signature", "{length}");
    }
    for more in [&[0][..], &mac] {
        assert_eq!(with(&[&mac, more].concat()), "bad_signature");
    }
    for bit in 0..256 {
        let mut flipped = mac.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(with(&flipped), "bad_signature", "{bit}");
    }
    assert_eq!(with(&[0; 32]), "bad_signature");
    // The stray bits of the last symbol: another text of the same bytes.
    let last = *signed.as_bytes().last().unwrap();
    let stray = format!("{}{}", &signed[..signed.len() - 1], char::from(last + 1));
    assert_eq!(answer(verify(&verifier(), &stray, BODY)), "malformed_token");
}

#[test]
fn no_bit_of_a_token_may_change() {
    let genuine = token().sign(DEFAULT[0]);
    for at in 0..genuine.len() {
        for bit in 0..8 {
            let mut token = genuine.clone().into_bytes();
            token[at] ^= 1 << bit;
            let head = RequestHead::new([(SIGNATURE_HEADER, &token)], TARGET);
            let code = answer(verifier().verify(&head, BODY));
            assert!(
                ["bad_signature", "malformed_token", "unsupported_algorithm"].contains(&code),
                "{at} {bit}: {code}"
            );
        }
    }
}

#[test]
fn a_key_is_its_text_as_written() {
    for other in [
        DEFAULT[0].trim_start_matches("sig_").to_owned(),
        DEFAULT[0].to_uppercase(),
        format!("{}\n", DEFAULT[0]),
        format!("{}x", DEFAULT[0]),
        String::new(),
    ] {
        let token = token().sign(&other);
        assert_eq!(
            answer(verify(&verifier(), &token, BODY)),
            "bad_signature",
            "{other}"
        );
    }
    let padded = signing_keys(&[" sig_a\n", "\tsig_b "]);
    let verifier = Verifier::builder(padded).clock(pinned(IAT)).build();
    for (key, slot) in [("sig_a", "current"), ("sig_b", "next")] {
        assert_eq!(answer(verify(&verifier, &token().sign(key), BODY)), slot);
    }
    let umlaut = signing_keys(&["s\u{fc}g", "sig_b"]);
    let verifier = Verifier::builder(umlaut).clock(pinned(IAT)).build();
    assert_eq!(
        answer(verify(&verifier, &token().sign("s\u{fc}g"), BODY)),
        "current"
    );
}

// The claims.

#[test]
fn the_payload_is_a_json_object() {
    for payload in [
        &b""[..],
        b"null",
        b"[]",
        b"\"\"",
        b"{",
        b"{}{}",
        b"{\"iss\":\"Upstash\",}",
        b"{\"iss\":\"\xff\"}",
        b"{\"\\ud800\":1}",
        b"\xef\xbb\xbf{}",
    ] {
        assert_eq!(
            to(&token().payload(payload)),
            "malformed_token",
            "{payload:?}"
        );
    }
    assert_eq!(to(&token().payload("{}")), "missing_claim");
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(2500), "]".repeat(2500));
    assert_eq!(to(&token().payload(deep)), "missing_claim");
}

#[test]
fn required_claims_must_be_there() {
    for name in ["iss", "sub", "exp", "body"] {
        assert_eq!(to(&token().without(name)), "missing_claim", "{name}");
        // Another name is another claim.
        let shouted = token().without(name).claim(&name.to_uppercase(), "1");
        assert_eq!(to(&shouted), "missing_claim", "{name}");
        let refused = verify(&verifier(), &token().without(name).sign(DEFAULT[0]), BODY);
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(&format!("`{name}`")), "{text}");
    }
    for name in ["nbf", "iat", "jti", "aud"] {
        assert_eq!(to(&token().without(name)), "current", "{name}");
    }
    let bare = token()
        .without("nbf")
        .without("iat")
        .without("jti")
        .without("aud");
    let verified = verify(&verifier(), &bare.sign(DEFAULT[0]), BODY).unwrap();
    let claims = verified.claims();
    assert_eq!(
        (claims.nbf(), claims.iat(), claims.jti()),
        (None, None, None)
    );
}

#[test]
fn claims_of_the_wrong_type_are_refused() {
    let others = ["null", "true", "false", "[]", "{}", "[null]", "{\"a\":1}"];
    for name in ["iss", "sub", "body", "jti"] {
        for json in others.iter().chain(&["1", "[\"Upstash\"]", r#""\ud800""#]) {
            assert_eq!(
                to(&token().claim(name, json)),
                "invalid_claim",
                "{name} {json}"
            );
        }
    }
    for name in ["exp", "nbf", "iat"] {
        let quoted = format!("\"{EXP}\"");
        let good = format!("[{EXP}]");
        for json in others
            .iter()
            .copied()
            .chain(["\"\"", &quoted, &good, "1e400", "-1e400"])
        {
            assert_eq!(
                to(&token().claim(name, json)),
                "invalid_claim",
                "{name} {json}"
            );
        }
    }
    for json in others.iter().chain(&["1", "[1]", "[\"\",null]"]) {
        // An empty list holds nothing but strings.
        let expected = if *json == "[]" {
            "current"
        } else {
            "invalid_claim"
        };
        assert_eq!(to(&token().claim("aud", json)), expected, "aud {json}");
    }
    for json in ["\"\"", "\"x\"", "[\"x\",\"\"]", r#""\u0041""#] {
        assert_eq!(to(&token().claim("aud", json)), "current", "aud {json}");
    }
    for json in others {
        assert_eq!(to(&token().claim("x", json)), "current", "x {json}");
    }
}

#[test]
fn no_claim_may_stand_twice() {
    for name in ["iss", "sub", "exp", "body", "nbf", "iat", "jti", "aud"] {
        let value = token().value(name).unwrap().to_owned();
        let escaped = format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]);
        for again in [name, &escaped] {
            for json in [&value, "null", "1"] {
                let twice = token().again(again, json);
                assert_eq!(to(&twice), "invalid_claim", "{again} {json}");
            }
            // As the one and only one it is fine, however it is written.
            let once = token().without(name).again(again, &value);
            assert_eq!(to(&once), "current", "{again}");
        }
    }
    let unknown = token().again("x", "1");
    assert_eq!(to(&unknown), "current");
    for again in ["x", r"\u0078", r"\u0078"] {
        assert_eq!(
            to(&unknown.clone().again(again, "1")),
            "invalid_claim",
            "{again}"
        );
    }
    assert_eq!(to(&unknown.again("X", "1").again("", "1")), "current");
    // In a member they are no claims.
    assert_eq!(
        to(&token().again("x", r#"{"iss":1,"a":1,"a":2}"#)),
        "current"
    );

    let forged = token().again(r"a\nb", "1").again(r"a\u000ab", "1");
    let refused = verify(&verifier(), &forged.sign(DEFAULT[0]), BODY).unwrap_err();
    assert_eq!(refused.code(), "invalid_claim");
    assert_eq!(refused.to_string().lines().count(), 1);
}

#[test]
fn the_issuer_is_upstash() {
    for issuer in [
        "",
        "upstash",
        "UPSTASH",
        "Upstash ",
        "Upstash\u{0}",
        "Mallory",
        "Upstas",
    ] {
        let json = format!("{issuer:?}").replace("\\0", "\\u0000");
        assert_eq!(to(&token().claim("iss", &json)), "wrong_issuer", "{json}");
    }
    assert_eq!(to(&token().claim("iss", r#""\u0055pstash""#)), "current");
}

#[test]
fn a_delivery_expires_in_the_second_of_exp_plus_tolerance() {
    for tolerance in [0_i64, 5] {
        for (past, expected) in [(-1, "current"), (0, "expired"), (1, "expired")] {
            let verifier = builder()
                .tolerance(Duration::from_secs(tolerance.unsigned_abs()))
                .clock(pinned(EXP + tolerance + past))
                .build();
            for key in DEFAULT {
                let found = answer(verify(&verifier, &token().sign(key), BODY));
                let slot = if key == DEFAULT[0] { "current" } else { "next" };
                let expected = if past < 0 { slot } else { expected };
                assert_eq!(found, expected, "{tolerance} {past}");
            }
        }
    }
    // Between two seconds.
    let late = move || pinned(EXP - 1)() + Duration::from_millis(999);
    let verifier = builder().clock(late).build();
    assert_eq!(
        answer(verify(&verifier, &token().sign(DEFAULT[0]), BODY)),
        "current"
    );

    let late = builder().clock(pinned(EXP + 252)).build();
    let refused = verify(&late, &token().sign(DEFAULT[0]), BODY).unwrap_err();
    assert!(refused.to_string().contains("252 s"), "{refused}");
}

#[test]
fn a_delivery_is_valid_from_the_second_of_nbf_minus_tolerance() {
    for tolerance in [0_i64, 5] {
        let verifier = builder()
            .tolerance(Duration::from_secs(tolerance.unsigned_abs()))
            .build();
        let now = IAT + 10;
        for (ahead, expected) in [
            (-1, "current"),
            (0, "current"),
            (1, "not_yet_valid"),
            (3600, "not_yet_valid"),
        ] {
            let nbf = (now + tolerance + ahead).to_string();
            for key in DEFAULT {
                let found = answer(verify(
                    &verifier,
                    &token().claim("nbf", &nbf).sign(key),
                    BODY,
                ));
                let slot = if key == DEFAULT[0] { "current" } else { "next" };
                let expected = if ahead <= 0 { slot } else { expected };
                assert_eq!(found, expected, "{tolerance} {ahead}");
            }
        }
    }

    let early = token().claim("nbf", &(IAT + 10 + 252).to_string());
    let verifier = builder().clock(pinned(IAT + 10)).build();
    let refused = verify(&verifier, &early.sign(DEFAULT[0]), BODY).unwrap_err();
    assert!(refused.to_string().contains("252 s"), "{refused}");
}

#[test]
fn dates_are_any_finite_numbers() {
    for exp in [
        "1783794365.5",
        "1783794365.0000005",
        "1.8e9",
        "1.8E+9",
        "17837946550e-1",
        "9223372036854775808",
        "18446744073709551616",
        "99999999999999999999999999999999",
        "1e300",
        "1.7976931348623157e308",
    ] {
        assert_eq!(to(&token().claim("exp", exp)), "current", "exp {exp}");
        let nbf = to(&token().claim("nbf", exp));
        assert_eq!(nbf, "not_yet_valid", "nbf {exp}");
        // What lies in the future may have been signed there.
        assert_eq!(to(&token().claim("iat", exp)), "current", "iat {exp}");
    }
    for exp in [
        "1783794364.5",
        "1783794365",
        "1783794365.0",
        "1.7e9",
        "0",
        "-0",
        "-1",
        "0.5",
        "-62135596800",
        "-9223372036854775809",
        "-1e300",
        "1e-400",
    ] {
        assert_eq!(to(&token().claim("exp", exp)), "expired", "exp {exp}");
        assert_eq!(to(&token().claim("nbf", exp)), "current", "nbf {exp}");
        assert_eq!(to(&token().claim("iat", exp)), "current", "iat {exp}");
    }
    // What JSON has no numbers for is no JSON, so the whole payload isn't.
    for exp in [
        "NaN",
        "Infinity",
        "-Infinity",
        "inf",
        "+1",
        "01",
        "1.",
        ".5",
        "0x10",
        "1_0",
    ] {
        assert_eq!(
            to(&token().claim("exp", exp)),
            "malformed_token",
            "exp {exp}"
        );
    }
    // A clock before 1970 is compared like any other.
    let old = builder().clock(pinned(-10)).build();
    let with = |exp: &str| {
        answer(verify(
            &old,
            &token().claim("exp", exp).sign(DEFAULT[0]),
            BODY,
        ))
    };
    assert_eq!(with("-9.5"), "current");
    assert_eq!(with("-10"), "expired");
}

#[test]
fn the_url_is_compared() {
    let fixed = builder().url(URL).unwrap().build();
    let base = builder()
        .base_url("https://api.example.com")
        .unwrap()
        .build();
    let below = builder()
        .base_url("https://api.example.com/hooks/")
        .unwrap()
        .build();
    let code = |verifier: &Verifier, sub: &str, target: &str| {
        let token = Token::new(sub, BODY, IAT).sign(DEFAULT[0]);
        let head = RequestHead::new([(SIGNATURE_HEADER, &token)], target);
        answer(verifier.verify(&head, BODY))
    };
    for (verifier, sub, target, expected) in [
        (&fixed, URL, "/whatever", "current"),
        (
            &fixed,
            "https://api.example.com/hooks/qstash",
            TARGET,
            "url_mismatch",
        ),
        (&base, URL, TARGET, "current"),
        (
            &base,
            "https://API.example.com/hooks/qstash?from=qstash",
            TARGET,
            "current",
        ),
        (&base, URL, "/hooks/qstash", "url_mismatch"),
        (&base, URL, "/hooks/qstash?from=qstash&x", "url_mismatch"),
        (&base, URL, "/Hooks/qstash?from=qstash", "url_mismatch"),
        (
            &base,
            "http://api.example.com/hooks/qstash?from=qstash",
            TARGET,
            "url_mismatch",
        ),
        (
            &base,
            "https://api.example.com.evil/hooks/qstash?from=qstash",
            TARGET,
            "url_mismatch",
        ),
        (&base, "", TARGET, "url_mismatch"),
        (&below, URL, "/qstash?from=qstash", "current"),
        (&below, URL, TARGET, "url_mismatch"),
    ] {
        assert_eq!(code(verifier, sub, target), expected, "{sub} {target}");
    }
    // Without a URL any will do.
    assert_eq!(
        code(&verifier(), "https://elsewhere.example/", "/"),
        "current"
    );
    assert_eq!(code(&verifier(), "", ""), "current");
    // The later call wins.
    let both = builder()
        .url("https://x/")
        .unwrap()
        .base_url("https://api.example.com")
        .unwrap();
    assert_eq!(code(&both.build(), URL, TARGET), "current");
}

#[test]
fn claims_are_checked_in_a_fixed_order() {
    let verifier = builder().url(URL).unwrap().build();
    let mut token = Token::new("https://elsewhere.example/", b"other", IAT)
        .claim("iss", "\"Mallory\"")
        .claim("exp", "1")
        .claim("nbf", "1e300")
        .claim("jti", "1")
        .again("aud", "1");
    let mut codes = Vec::new();
    for repair in 0..7 {
        codes.push(answer(verify(&verifier, &token.sign(DEFAULT[0]), BODY)));
        token = match repair {
            0 => token.without("aud"),
            1 => token.claim("jti", "\"\""),
            2 => token.claim("iss", "\"Upstash\""),
            3 => token.claim("exp", "1e300"),
            4 => token.claim("nbf", "0"),
            _ => token.claim("sub", &format!("\"{URL}\"")),
        };
    }
    assert_eq!(
        codes,
        [
            "invalid_claim",
            "invalid_claim",
            "wrong_issuer",
            "expired",
            "not_yet_valid",
            "url_mismatch",
            "body_mismatch"
        ]
    );
}

// Which reason is told to whom.

#[test]
fn the_reason_is_that_of_the_key_that_signed() {
    for key in DEFAULT {
        for (token, expected) in [
            (token().claim("exp", "1"), "expired"),
            (token().claim("nbf", "1e300"), "not_yet_valid"),
            (token().claim("iss", "\"\""), "wrong_issuer"),
            (token().without("sub"), "missing_claim"),
            (token().claim("sub", "1"), "invalid_claim"),
            (token().payload("x"), "malformed_token"),
            (Token::new(URL, b"other", IAT), "body_mismatch"),
        ] {
            assert_eq!(
                answer(verify(&verifier(), &token.sign(key), BODY)),
                expected
            );
        }
    }
}

#[test]
fn a_forger_learns_nothing() {
    let verifier = builder().url(URL).unwrap().body_limit(10).build();
    for token in [
        token(),
        token().claim("exp", "1"),
        token().claim("nbf", "1e300"),
        token().claim("iss", "\"\""),
        token().without("sub"),
        token().claim("sub", "1"),
        token().again("sub", "1"),
        token().payload("x"),
        token().payload(""),
        Token::new("https://elsewhere.example/", b"other", 0)
            .claim("iss", "1")
            .again("x", "{}"),
    ] {
        let forged = token.sign("sig_forged");
        assert_eq!(answer(verify(&verifier, &forged, BODY)), "bad_signature");
        let head = RequestHead::new([(SIGNATURE_HEADER, &forged)], TARGET);
        assert_eq!(
            verifier.authenticate(&head).unwrap_err().code(),
            "bad_signature"
        );
    }
}

// The body.

#[test]
fn a_hash_may_have_any_padding() {
    let padded = token().value("body").unwrap().to_owned();
    let hash = padded.trim_matches(['"', '=']);
    assert_eq!(padded, format!("\"{hash}=\""));
    for padding in ["", "=", "==", "===", &"=".repeat(50)] {
        let claim = format!("\"{hash}{padding}\"");
        assert_eq!(to(&token().claim("body", &claim)), "current", "{claim}");
    }
}

#[test]
fn what_is_no_hash_is_that_of_no_body() {
    let padded = token().value("body").unwrap().to_owned();
    let hash = padded.trim_matches(['"', '=']);
    // Those that differ by alphabet need a hash that holds its symbols.
    let (odd_body, odd) = (0..)
        .map(|n: u32| n.to_string())
        .find_map(|body| {
            let token = Token::new(URL, body.as_bytes(), IAT);
            let hash = token.value("body")?.to_owned();
            (hash.contains('-') && hash.contains('_')).then_some((body, hash))
        })
        .unwrap();
    let standard = odd.replace('-', "+").replace('_', "/");
    let token_of_odd = Token::new(URL, odd_body.as_bytes(), IAT);
    let with = |claim: &str| {
        let token = token_of_odd.clone().claim("body", claim).sign(DEFAULT[0]);
        answer(verify(&verifier(), &token, odd_body.as_bytes()))
    };
    assert_eq!(with(&odd), "current");
    assert_eq!(with(&standard), "body_mismatch");

    let last = hash.as_bytes()[42];
    for wrong in [
        String::new(),
        "=".to_owned(),
        "A".to_owned(),
        hash[..42].to_owned(),
        hash[1..].to_owned(),
        format!("{hash}A"),
        format!("{hash}{hash}"),
        format!("{hash}=A"),
        format!("={hash}"),
        format!(" {hash}"),
        format!("{hash} "),
        format!("{}{}", &hash[..42], char::from(last + 1)), // a stray bit
        format!("{}!", &hash[..42]),
        format!("{}\u{fc}", &hash[..41]),
        "A".repeat(43),
        "5c2ef9a3".repeat(8),
    ] {
        let claim = format!("\"{wrong}\"");
        assert_eq!(
            to(&token().claim("body", &claim)),
            "body_mismatch",
            "{claim}"
        );
    }
    // Told when the body is there: the token as such is genuine.
    let token = token().claim("body", "\"\"").sign(DEFAULT[0]);
    let head = RequestHead::new([(SIGNATURE_HEADER, &token)], TARGET);
    let pending = verifier().authenticate(&head).unwrap();
    assert_eq!(answer(pending.finish()), "body_mismatch");
}

#[test]
fn a_body_has_the_limit_at_most() {
    const LIMIT: u64 = 25;
    assert_eq!(BODY.len() as u64, LIMIT);
    let (exact, low) = (
        builder().body_limit(LIMIT).build(),
        builder().body_limit(LIMIT - 1).build(),
    );
    let token = token().sign(DEFAULT[0]);
    let head = RequestHead::new([(SIGNATURE_HEADER, &token)], TARGET);

    assert_eq!(answer(exact.verify(&head, BODY)), "current");
    assert_eq!(answer(low.verify(&head, BODY)), "body_too_large");

    let mut pending = exact.authenticate(&head).unwrap();
    for length in [0, LIMIT - 1, LIMIT] {
        pending.declare_length(length).unwrap();
    }
    for length in [LIMIT + 1, u64::MAX] {
        let refused = pending.declare_length(length).unwrap_err();
        assert_eq!((refused.code(), refused.status()), ("body_too_large", 413));
        assert!(refused.to_string().contains("25 bytes"), "{refused}");
    }
    // A declaration is not kept: what counts is what comes.
    pending.update(&BODY[..20]).unwrap();
    pending.update(&BODY[20..]).unwrap();
    assert_eq!(answer(pending.clone().finish()), "current");
    assert_eq!(pending.update(b"x").unwrap_err().code(), "body_too_large");
    // Not heeded, it holds all the same.
    assert_eq!(answer(pending.clone().finish()), "body_too_large");
    assert!(pending.update(b"").is_err());
    assert_eq!(answer(pending.finish()), "body_too_large");

    let mut pending = low.authenticate(&head).unwrap();
    pending.update(&BODY[..24]).unwrap();
    pending.update(&BODY[24..]).unwrap_err();
    assert_eq!(answer(pending.finish()), "body_too_large");

    let nothing = builder().body_limit(0).build();
    let empty = Token::new(URL, b"", IAT).sign(DEFAULT[0]);
    assert_eq!(answer(verify(&nothing, &empty, b"")), "current");
    assert_eq!(answer(verify(&nothing, &empty, b"x")), "body_too_large");
}

#[test]
fn the_limit_is_10_mib_unless_set() {
    assert_eq!(DEFAULT_BODY_LIMIT, 10 * 1024 * 1024);
    let token = token().sign(DEFAULT[0]);
    let head = RequestHead::new([(SIGNATURE_HEADER, &token)], TARGET);
    let built = builder().build();
    for verifier in [&verifier(), &built] {
        let mut pending = verifier.authenticate(&head).unwrap();
        pending.declare_length(DEFAULT_BODY_LIMIT).unwrap();
        pending.declare_length(DEFAULT_BODY_LIMIT + 1).unwrap_err();
    }
}

#[test]
fn a_token_is_judged_before_the_length() {
    let token = token().sign("sig_forged");
    let low = builder().body_limit(0).build();
    assert_eq!(answer(verify(&low, &token, BODY)), "bad_signature");
}

#[test]
fn what_adapters_answer_with() {
    let unreadable =
        VerifyError::body_unreadable(&std::io::Error::other("connection reset\nby peer"));
    assert_eq!(unreadable.body(), r#"{"error":"body_unreadable"}"#);
    assert!(unreadable.to_string().contains("connection reset"));
    assert_eq!(answer(Err(unreadable)), "body_unreadable");
    // A header's value as RFC 9110 has it: one token.
    assert!(
        CHALLENGE
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    );
    assert_eq!(
        (SIGNATURE_HEADER, REGION_HEADER),
        ("upstash-signature", "upstash-region")
    );
}

#[test]
fn what_is_printed_says_how_far_a_delivery_is_and_no_more() {
    let token = token().sign(DEFAULT[0]);
    let signature = (SIGNATURE_HEADER, token.as_str());
    let size = format!("{} bytes", token.len());
    for (headers, expected) in [
        (vec![], "absent"),
        (vec![signature], size.as_str()),
        (vec![signature, signature], "several"),
    ] {
        let printed = format!("{:?}", RequestHead::new(headers, TARGET));
        assert!(printed.contains(expected), "{printed}");
    }

    let head = RequestHead::new([signature], TARGET);
    let pending = verifier().authenticate(&head).unwrap();
    assert_eq!(format!("{pending:?}"), "PendingDelivery { .. }");
    let mut buffered = pending.buffered();
    for (chunk, bytes) in [(&b"he"[..], 2), (b"llo", 5), (b"!", 6)] {
        buffered.update(chunk.into()).unwrap();
        let expected = format!("BufferedDelivery {{ bytes: {bytes}, .. }}");
        assert_eq!(format!("{buffered:?}"), expected);
    }
}

#[test]
fn a_declared_length_is_refused_with_the_head_and_after_the_claims() {
    let verifier = builder().body_limit(4).build();
    let answer = |token: &str, length: &str| {
        let headers = [(SIGNATURE_HEADER, token), ("Content-Length", length)];
        let head = RequestHead::new(headers, "/hook");
        verifier
            .authenticate(&head)
            .map_or_else(|refused| refused.code(), |_| "ok")
    };
    let genuine = Token::new(URL, b"body", IAT).sign(DEFAULT[0]);
    let forged = Token::new(URL, b"body", IAT).sign("sig_mallory");
    for length in ["", "0", "4", "nonsense", "-5"] {
        assert_eq!(answer(&genuine, length), "ok", "{length}");
    }
    for length in ["5", "52428800", "18446744073709551615"] {
        assert_eq!(answer(&genuine, length), "body_too_large", "{length}");
        assert_eq!(answer(&forged, length), "bad_signature", "{length}");
    }
}

#[test]
fn the_header_of_a_token_has_1_kib_at_most() {
    let verifier = builder().build();
    let answer = |padding: usize| {
        let header = format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(padding));
        let token = Token::new(URL, b"body", IAT)
            .header(&header)
            .sign(DEFAULT[0]);
        let length = token.split('.').next().unwrap().len();
        let head = RequestHead::new([(SIGNATURE_HEADER, token.as_str())], "/hook");
        (
            length,
            verifier
                .verify(&head, b"body")
                .map_or_else(|refused| refused.code(), |_| "ok"),
        )
    };
    // 768 bytes are 1024 symbols.
    let around = r#"{"alg":"HS256","x":""}"#.len();
    assert_eq!(answer(768 - around), (1024, "ok"));
    assert_eq!(answer(769 - around), (1026, "malformed_token"));
}

#[test]
fn a_body_that_could_not_be_read_tells_the_causes() {
    #[derive(Debug)]
    struct Outer(std::io::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("error reading a body")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let refused = VerifyError::body_unreadable(&Outer(std::io::Error::other("connection reset")));
    let text = refused.to_string();
    assert!(
        text.contains("(error reading a body: connection reset)"),
        "{text}"
    );
}
