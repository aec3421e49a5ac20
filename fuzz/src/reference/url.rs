//! Which `sub` is this endpoint's.

/// What the verifier was told of its URL.
#[derive(Clone, Debug)]
pub enum Destination {
    /// `VerifierBuilder::url`.
    Url(String),
    /// `VerifierBuilder::base_url`.
    Base(String),
}

impl Destination {
    /// Whether the builder takes it.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        match self {
            Destination::Url(url) => configured(url).is_some(),
            Destination::Base(url) => {
                configured(url).is_some_and(|(_, path)| !path.contains(['?', '#']))
            }
        }
    }

    /// Whether a delivery published to `sub` arrives here with this target.
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
                // No client sends a fragment.
                let asked = rest.split('#').next().unwrap();
                let Some(arrives) = asked.strip_prefix(base_path) else {
                    return false;
                };
                // No path is the path `/`.
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

/// The parts of a URL that the builder was given, in which no white space may be.
/// Of `sub`, QStash is the judge.
fn configured(url: &str) -> Option<(String, String)> {
    let url = url.trim();
    let odd = url.chars().any(|c| c.is_whitespace() || c.is_control());
    if odd { None } else { parts(url) }
}

/// Scheme and authority in lower case, and what stands behind them.
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
