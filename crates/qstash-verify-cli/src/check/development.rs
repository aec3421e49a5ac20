//! Checks for keys, URLs and tokens of the development server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qstash_verify::{ConfigWarning, CredentialSource, Credentials, KeyRing, variables};

use super::finding::Findings;
use super::keys::set_keys;
use super::publishing;
use crate::environment::Environment;

pub(super) fn check(environment: &Environment, findings: &mut Findings) {
    let passed = "no key, URL or token of the development server";
    findings.check("development", passed, |found| {
        check_keys(environment, found);
    });
}

fn check_keys(environment: &Environment, found: &mut Findings) {
    let server = Credentials::from_lookup(environment.lookup())
        .ok()
        .and_then(|found| development_server(&found));
    let ring = KeyRing::from_lookup_allow_development_keys(environment.lookup());
    let warnings = ring.as_ref().map_or(&[][..], KeyRing::warnings);
    let published = warnings.iter().find_map(|warning| match warning {
        ConfigWarning::DevelopmentKeys { variables, .. } => Some((warning, variables)),
        _ => None,
    });
    match (published, server) {
        // A developer's machine.
        (Some((warning, variables)), server)
            if server.is_some() || *variables == [variables::DEVELOPMENT] =>
        {
            found.warning(warning.code(), warning.to_string());
        }
        (Some((warning, _)), _) => found.error(warning.code(), warning.to_string()),
        (None, Some(variable)) if !set_keys(environment).is_empty() => found.warning(
            "development_server",
            format!(
                "{variable} is a development server's, and the signing keys are not: the server's \
                 deliveries are refused as bad_signature; set QSTASH_DEV to true, or copy \
                 {variable} from the QStash console"
            ),
        ),
        (None, _) => {}
    }
}

/// Returns the variable that holds a URL or token of the development server.
fn development_server(credentials: &Credentials) -> Option<&'static str> {
    let is_local = publishing::is_local(credentials.url());
    let url = Some(credentials.url_source()).filter(|_| is_local);
    let is_published = is_published_token(credentials.token());
    let token = Some(credentials.token_source()).filter(|_| is_published);
    match url.or(token)? {
        CredentialSource::Variable(name) => Some(name),
        _ => None,
    }
}

/// Returns whether a token is a published one of the development server.
///
/// Its documentation prints the tokens of its users: base64 of a JSON object with one
/// of two passwords.
fn is_published_token(token: &str) -> bool {
    let json = STANDARD.decode(token).unwrap_or_default();
    let user: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
    let password = user.get("Password").and_then(serde_json::Value::as_str);
    matches!(password, Some("defaultPassword" | "testPassword"))
}
