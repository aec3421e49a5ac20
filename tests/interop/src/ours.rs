//! Verdicts of the library and of the command.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qstash_verify::{
    ConfigError, KeyRing, REGION_HEADER, RequestHead, SIGNATURE_HEADER, SigningKeys, Verifier,
    VerifyError,
};
use serde_json::Value;

use crate::delivery::{Delivery, Expected};

/// Code and message of a refusal.
pub(crate) type Verdict = Result<(), (String, String)>;

/// The code for published keys, which release builds refuse, but not the command.
pub(crate) const DEVELOPMENT: &str = "development_keys";

pub(crate) fn verdict(delivery: &Delivery) -> Verdict {
    judge(delivery, |verifier, head| {
        verifier.verify(head, &delivery.body).map(drop)
    })
}

/// The verdict on the token and its claims, without the body.
#[cfg(test)]
pub(crate) fn verdict_on_token(delivery: &Delivery) -> Verdict {
    judge(delivery, |verifier, head| {
        verifier.authenticate(head).map(drop)
    })
}

fn judge(
    delivery: &Delivery,
    check: impl FnOnce(&Verifier, &RequestHead<'_>) -> Result<(), VerifyError>,
) -> Verdict {
    let verifier = verifier(delivery).map_err(|error| {
        let code = match error {
            ConfigError::InvalidRegion { .. } => "invalid_region",
            ConfigError::DevelopmentKeysInRelease { .. } => DEVELOPMENT,
            ConfigError::NoSigningKeys { .. } => "no_signing_keys",
            _ => "invalid_input",
        };
        (code.to_owned(), error.to_string())
    })?;
    let target = match &delivery.expected {
        Some(Expected::Base { target, .. }) => target,
        _ => "/",
    };
    let signatures = delivery
        .signatures
        .iter()
        .map(|value| (SIGNATURE_HEADER, value));
    let regions = delivery.regions.iter().map(|value| (REGION_HEADER, value));
    let head = RequestHead::new(signatures.chain(regions), target);
    check(&verifier, &head).map_err(|refused| (refused.code().to_owned(), refused.to_string()))
}

fn verifier(delivery: &Delivery) -> Result<Verifier, ConfigError> {
    let ring = match &delivery.explicit {
        Some([current, next]) => KeyRing::from(SigningKeys::new(current, next)?),
        None => KeyRing::from_lookup(|name| {
            let found = delivery.env.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        })?,
    };
    let at = delivery.at_ms;
    let mut builder = Verifier::builder(ring)
        .tolerance(Duration::from_secs(delivery.tolerance.into()))
        .clock(move || time(at));
    match &delivery.expected {
        Some(Expected::Url(url)) => builder = builder.url(url)?,
        Some(Expected::Base { base, .. }) => builder = builder.base_url(base)?,
        None => {}
    }
    Ok(builder.build())
}

pub(crate) fn time(milliseconds: i64) -> SystemTime {
    let distance = Duration::from_millis(milliseconds.unsigned_abs());
    match milliseconds {
        0.. => UNIX_EPOCH + distance,
        _ => UNIX_EPOCH - distance,
    }
}

/// Parses an answer of `qstash-verify verify --batch`.
pub(crate) fn of_command(answer: &Value) -> Verdict {
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    match answer["ok"].as_bool() {
        Some(true) => Ok(()),
        _ => Err((text("error"), text("message"))),
    }
}
