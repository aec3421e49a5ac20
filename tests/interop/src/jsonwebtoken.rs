//! `jsonwebtoken` as a reference for tokens and claims, in this process.

use std::collections::BTreeMap;

use ::jsonwebtoken::errors::{Error, ErrorKind};
use ::jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, get_current_timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::delivery::{Delivery, Expected};
use crate::differences::{self, Differences};
use crate::generate::RANDOM;
use crate::generate::tests::CASES;
use crate::scene::{DEFAULT, REGION};
use crate::{SEED, ours, signed};

/// The claims that a service can't do without.
#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "sub")]
    _sub: String,
    #[serde(rename = "body")]
    _body: String,
    nbf: Option<Value>,
}

impl Claims {
    fn nbf_is_negative(&self) -> bool {
        let nbf = self.nbf.as_ref().and_then(Value::as_f64);
        nbf.is_some_and(|nbf| nbf < 0.0)
    }
}

/// Returns the keys of a receiver with one pair; the choice of a pair is not compared.
fn pair(delivery: &Delivery) -> Option<[&str; 2]> {
    let value = |wanted: &str| {
        let mut variables = delivery.env.iter();
        let found = variables.find(|(name, _)| *name == wanted);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    };
    match &delivery.explicit {
        Some(keys) => Some(keys.each_ref().map(|key| key.trim())),
        None if value(REGION).or(value("QSTASH_DEV")).is_some() => None,
        None => Some([value(DEFAULT[0])?, value(DEFAULT[1])?]),
    }
}

/// Whether the dates of a token are in the range of `jsonwebtoken`.
#[derive(PartialEq)]
enum Dates {
    Unsigned,
    /// As in genuine deliveries of 2026. A `u64` can't hold it.
    NbfBefore1970,
}

/// Returns the verdict, or `None` if the delivery can't be compared.
fn verdict(delivery: &Delivery) -> Option<(Result<(), Error>, Dates)> {
    let keys = pair(delivery)?;
    let mut settings = Validation::new(Algorithm::HS256);
    settings.set_required_spec_claims(&["exp", "iss", "sub"]);
    settings.set_issuer(&["Upstash"]);
    settings.validate_aud = false;
    settings.sub = match &delivery.expected {
        Some(Expected::Url(url)) => Some(url.clone()),
        Some(Expected::Base { .. }) => return None,
        None => None,
    };
    let token = delivery.signatures.join(", ");
    let mut verdict = None;
    for key in keys {
        let key = DecodingKey::from_secret(key.as_bytes());
        let (judged, dates) = judge(&token, &key, delivery, settings.clone())?;
        let forged = matches!(&judged, Err(error) if *error.kind() == ErrorKind::InvalidSignature);
        verdict = Some((judged, dates));
        if !forged {
            break;
        }
    }
    verdict
}

/// Verifies with one key. `jsonwebtoken` reads the system's clock, so the settings shift
/// the dates by as much as the delivery's time lies ahead.
fn judge(
    token: &str,
    key: &DecodingKey,
    delivery: &Delivery,
    mut settings: Validation,
) -> Option<(Result<(), Error>, Dates)> {
    let at = u64::try_from(delivery.at_ms.div_euclid(1000)).ok()?;
    let tolerance = u64::from(delivery.tolerance);
    loop {
        let now = get_current_timestamp();
        let ahead = at.checked_sub(now)?;
        settings.validate_exp = true;
        settings.validate_nbf = false;
        settings.leeway = tolerance;
        settings.reject_tokens_expiring_in_less_than = ahead;
        let exp = decode::<Claims>(token, key, &settings);
        settings.validate_exp = false;
        settings.validate_nbf = true;
        settings.leeway = tolerance + ahead;
        settings.reject_tokens_expiring_in_less_than = 0;
        let nbf = decode::<Claims>(token, key, &settings);
        // Another second would be another clock.
        if get_current_timestamp() != now {
            continue;
        }
        let before_1970 = exp
            .as_ref()
            .is_ok_and(|token| token.claims.nbf_is_negative());
        return Some(match before_1970 {
            true => (exp.map(drop), Dates::NbfBefore1970),
            false => (exp.and(nbf).map(drop), Dates::Unsigned),
        });
    }
}

#[test]
fn verdicts_differ_from_jsonwebtoken_only_as_listed() {
    let mut listed = Differences::of_jsonwebtoken(differences::FILE).unwrap();
    let (mut judged, mut accepted, mut before_1970) = (0, 0, 0);
    let mut faults = BTreeMap::<_, (usize, String)>::new();
    for case in CASES.iter().cloned().chain(signed::by_kit(SEED)) {
        let Some((theirs, dates)) = verdict(&case.delivery) else {
            continue;
        };
        let ours = ours::verdict_on_token(&case.delivery);
        if matches!(&ours, Err((code, _)) if code == "invalid_input") {
            continue;
        }
        judged += 1;
        before_1970 += usize::from(dates == Dates::NbfBefore1970);
        accepted += usize::from(ours.is_ok() && theirs.is_ok());
        let random = RANDOM.contains(&case.label);
        let fine = match (&ours, &theirs) {
            (Ok(()), Err(_)) if random => listed.any_laxer(&[]),
            (Ok(()), Err(_)) => listed.laxer(case.label, &[]),
            (Err((code, _)), Ok(())) if random => listed.any_stricter(code, &[]),
            (Err((code, _)), Ok(())) => listed.stricter(case.label, code, &[]),
            _ => true,
        };
        if !fine {
            let code = ours.err().map_or("ok".to_owned(), |(code, _)| code);
            let detail = format!("{} {theirs:?}", case.detail);
            let fault = faults.entry((case.label, code)).or_insert((0, detail));
            fault.0 += 1;
        }
    }
    assert!(faults.is_empty(), "not in DIFFERENCES.md: {faults:#?}");
    assert_eq!(listed.unused(), [""; 0], "no delivery matches");
    assert!(judged > 10_000, "{judged}");
    assert!(
        accepted > 3_000 && before_1970 > 1_000,
        "{accepted}, {before_1970}"
    );
}
