//! The table of refusals: status, code, log level and text of each.

use std::fmt;

use tracing::Level;

use crate::config::variables;
use crate::error::VerifyError;
use crate::keys::KeySource;
use crate::region::Region;
use crate::text::{Shown, Span};

/// The one table of refusals: variant, status, code, log level, text.
macro_rules! refusals {
    ($(
        $pattern:pat => $status:literal $code:literal $level:ident, $text:expr;
    )+) => {
        impl VerifyError {
            /// Returns the stable code of the reason, such as `expired`.
            ///
            /// `no_signing_keys` is logged at `error` once in 60 s for each region, and
            /// otherwise at `info`.
            ///
            /// | code | [status](Self::status) | log level |
            /// |---|---|---|
            $(#[doc = concat!("| `", $code, "` | ", stringify!($status), " | `", stringify!($level), "` |")])+
            #[must_use]
            pub const fn code(&self) -> &'static str {
                #[allow(unused_variables, reason = "bound for the text")]
                match self { $($pattern => $code),+ }
            }

            /// Returns the status code of the response (RFC 9110 §15).
            ///
            /// The table at [`code`](Self::code) lists them.
            #[must_use]
            pub const fn status(&self) -> u16 {
                #[allow(unused_variables, reason = "bound for the text")]
                match self { $($pattern => $status),+ }
            }

            /// Returns the level at which [`log`](Self::log) writes the refusal.
            pub(crate) const fn level(&self) -> Level {
                #[allow(unused_variables, reason = "bound for the text")]
                match self { $($pattern => Level::$level),+ }
            }

            /// Returns the JSON body of the response, `{"error":"<code>"}`.
            #[must_use]
            pub const fn body(&self) -> &'static str {
                #[allow(unused_variables, reason = "bound for the text")]
                match self {
                    $($pattern => concat!("{\"error\":\"", $code, "\"}")),+
                }
            }
        }

        impl fmt::Display for VerifyError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                /// Lets the compiler infer the type of `f` in the texts.
                fn write(
                    f: &mut fmt::Formatter<'_>,
                    text: impl FnOnce(&mut fmt::Formatter<'_>) -> fmt::Result,
                ) -> fmt::Result {
                    text(f)
                }
                match self { $($pattern => write(f, $text)),+ }
            }
        }
    };
}

refusals! {
    // DEBUG, since any scanner sends such requests.
    Self::MissingSignature => 401 "missing_signature" DEBUG, |f| f.write_str(
        "the request has no upstash-signature header: it does not come from QStash, \
         or a proxy drops the header",
    );
    Self::MalformedToken { reason } => 401 "malformed_token" INFO, |f| write!(
        f,
        "the upstash-signature header is not a token of QStash: {reason}"
    );
    Self::UnsupportedAlgorithm => 401 "unsupported_algorithm" INFO, |f| f.write_str(
        "the token's header requires another algorithm or an extension (`crit`): QStash \
         signs with HS256 and no extension",
    );
    Self::BadSignature { source, region } => 401 "bad_signature" WARN,
        |f| bad_signature(f, *source, *region);
    Self::MissingClaim { claim } => 401 "missing_claim" WARN, |f| write!(
        f,
        "the token has no claim `{claim}`, which every delivery of QStash has: check what \
         else signs with this key"
    );
    // Escaped, since a repeated name may be any text.
    Self::InvalidClaim { claim, reason } => 401 "invalid_claim" WARN, |f| write!(
        f,
        "the token's claim `{}` {reason}: check what else signs with this key",
        Shown(claim)
    );
    Self::WrongIssuer => 401 "wrong_issuer" WARN, |f| f.write_str(
        "the token's claim `iss` is not `Upstash`, so QStash did not issue it: check what else \
         signs with this key",
    );
    Self::Expired { ago } => 401 "expired" WARN, |f| write!(
        f,
        "the delivery expired {} ago (claim `exp`): it was delayed or \
         replayed, or this machine's clock is fast",
        Span(*ago)
    );
    Self::NotYetValid { ahead } => 401 "not_yet_valid" WARN, |f| write!(
        f,
        "the delivery is not valid for another {} (claim `nbf`): something other \
         than QStash signs with this key, or this machine's clock is slow",
        Span(*ahead)
    );
    Self::UrlMismatch { sub, expected } => 401 "url_mismatch" WARN,
        |f| url_mismatch(f, sub, expected);
    Self::BodyMismatch { received } => 401 "body_mismatch" WARN, |f| write!(
        f,
        "the received body (length {received}) is not the one that was signed (claim `body`): \
         something before the verifier changes the body, such as decompression or a \
         JSON parser that re-serialises it"
    );
    // ERROR, since the service is misconfigured even if the request is forged.
    Self::NoSigningKeys { region, repeated: false } => 401 "no_signing_keys" ERROR,
        |f| no_signing_keys(f, *region);
    Self::NoSigningKeys { region, repeated: true } => 401 "no_signing_keys" INFO,
        |f| no_signing_keys(f, *region);
    Self::BodyTooLarge { limit } => 413 "body_too_large" WARN, |f| write!(
        f,
        "the body is longer than the limit of {limit} bytes: raise the verifier's \
         `body_limit` if such deliveries are expected"
    );
    Self::BodyUnreadable { reason } => 400 "body_unreadable" WARN, |f| write!(
        f,
        "the body ended early or could not be read ({}): the sender or a proxy closed \
         the connection, or a limit outside the verifier was hit",
        Shown(reason)
    );
    Self::Replayed => 401 "replayed" WARN, |f| f.write_str(
        "the delivery was accepted before: somebody replays a captured request, a proxy \
         repeats requests, or two middlewares share one replay store; QStash signs each \
         attempt anew",
    );
    Self::SignedBeforeReplayStore => 503 "signed_before_replay_store" WARN, |f| f.write_str(
        "the delivery was signed before the replay store's memory began, and may have been \
         accepted before: expected after the service or the store has started, and QStash \
         retries it; otherwise the clock that the store uses is fast",
    );
    // ERROR, since every delivery is refused until the store answers.
    Self::ReplayStoreUnavailable { reason } => 503 "replay_store_unavailable" ERROR, |f| write!(
        f,
        "the replay store can't tell whether the delivery was accepted before ({}): \
         QStash retries it; check the store",
        Shown(reason)
    );
}

fn bad_signature(
    f: &mut fmt::Formatter<'_>,
    source: KeySource,
    region: Option<Region>,
) -> fmt::Result {
    f.write_str("neither the current nor the next signing key made this signature; tried ")?;
    match (source, region) {
        (KeySource::Explicit, _) => f.write_str(
            "the keys given in code: compare them with the QStash console of the region that sent it",
        ),
        (KeySource::ExplicitRegion, region) => write!(
            f,
            "the keys given in code for {}: compare them with that region's QStash console",
            region.map_or("its region", Region::as_str)
        ),
        (KeySource::Replaced | KeySource::ReplacedRegion, region) => write!(
            f,
            "the keys fetched with {} or given to `set_keys`: if they were rolled a moment ago, \
             QStash's retry is signed with a new one; otherwise check that they are of the \
             account and region that sent it",
            variables::token(region.filter(|_| source.is_regional()))
        ),
        (KeySource::Region, region) => {
            let [current, next] = variables::signing_keys(region);
            write!(f, "{current} and {next}: compare them with that region's QStash console")
        }
        (KeySource::Default, Some(region)) => {
            let [current, next] = variables::signing_keys(None);
            write!(
                f,
                "{current} and {next} for a delivery whose upstash-region header names {region}: \
                 compare them with the QStash console, and to receive from both regions set \
                 QSTASH_REGION and each region's keys"
            )
        }
        (KeySource::Default, None) => {
            let [current, next] = variables::signing_keys(None);
            write!(
                f,
                "{current} and {next} for a delivery without a known upstash-region header: \
                 compare them with the QStash console"
            )
        }
    }
}

fn url_mismatch(f: &mut fmt::Formatter<'_>, sub: &str, expected: &[String]) -> fmt::Result {
    write!(
        f,
        "the delivery was meant for `{}` (claim `sub`), and this endpoint is ",
        Shown(sub)
    )?;
    for (count, url) in expected.iter().enumerate() {
        let or = if count == 0 { "" } else { " or " };
        write!(f, "{or}`{}`", Shown(url))?;
    }
    f.write_str(": ")?;
    let sub = sub.trim_end_matches('/');
    if expected.iter().any(|url| url.trim_end_matches('/') == sub) {
        f.write_str(
            "they differ only in the trailing `/`; publish to this endpoint's exact URL, or remove \
             the middleware in front of the verifier that rewrites it, such as `NormalizePath`",
        )
    } else {
        f.write_str("set the verifier's URL to the one that you publish to")
    }
}

fn no_signing_keys(f: &mut fmt::Formatter<'_>, region: Option<Region>) -> fmt::Result {
    let [current, next] = variables::signing_keys(None);
    if let Some(region) = region {
        let [regional_current, regional_next] = variables::signing_keys(Some(region));
        write!(
            f,
            "there are no signing keys for a request whose upstash-region header names {region}: \
             set {regional_current} and {regional_next}, or {current} and {next}"
        )
    } else {
        write!(
            f,
            "there are no default signing keys for a request without a known upstash-region \
             header: set {current} and {next}"
        )
    }
}

#[cfg(test)]
mod tests;
