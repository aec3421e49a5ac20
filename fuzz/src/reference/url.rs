//! The model of comparing `sub` with the endpoint's URL.

/// The URL given to a verifier's builder.
#[derive(Clone, Debug)]
pub enum Destination {
    /// The argument of `VerifierBuilder::url`.
    Url(String),
    /// The argument of `VerifierBuilder::base_url`.
    Base(String),
}

impl Destination {
    /// Returns whether the builder accepts it.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        match self {
            Destination::Url(url) => configured(url).is_some(),
            Destination::Base(url) => {
                configured(url).is_some_and(|(_, path)| !path.contains(['?', '#']))
            }
        }
    }

    /// Returns whether a delivery published to `sub` arrives here with this target.
    #[must_use]
    pub fn is_met(&self, sub: &str, target: &str) -> bool {
        match self {
            Destination::Url(url) => url.trim() == sub,
            Destination::Base(base) => {
                let (Some((base_origin, base_path)), Some((origin, rest))) =
                    (configured(base), parts(sub))
                else {
                    return false;
                };
                let base_path = base_path.strip_suffix('/').unwrap_or(&base_path);
                // Clients don't send a fragment.
                let asked = rest.split('#').next().unwrap();
                let Some(arrives) = asked.strip_prefix(base_path) else {
                    return false;
                };
                // Clients send an empty path as `/`.
                let arrives = match arrives.chars().next() {
                    Some('/') => arrives.to_owned(),
                    Some('?') | None => format!("/{arrives}"),
                    Some(_) => return false,
                };
                origin == base_origin && arrives == target
            }
        }
    }
}

/// Returns the parts of a URL given to the builder; `None` if it has white space.
///
/// `sub` may have white space, if QStash accepts it.
fn configured(url: &str) -> Option<(String, String)> {
    let url = url.trim();
    let odd = url.chars().any(|c| c.is_whitespace() || c.is_control());
    if odd { None } else { parts(url) }
}

/// Splits a URL into scheme and authority, in lower case, and the rest.
fn parts(url: &str) -> Option<(String, String)> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        let start = url.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let behind = &url[scheme.len()..];
    let host = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    if host == 0 {
        return None;
    }
    let origin = format!("{scheme}{}", behind[..host].to_ascii_lowercase());
    Some((origin, behind[host..].to_owned()))
}
