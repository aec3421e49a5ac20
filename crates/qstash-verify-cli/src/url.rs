//! URLs on the command line.

use std::net::Ipv4Addr;

use http::Uri;
use qstash_verify::{ConfigError, SigningKeys, Verifier, VerifierBuilder};

use crate::output::Line;

/// The URL of a service, to send requests to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// As given, with its scheme: QStash signs a URL as it is written.
    pub(crate) text: String,
    pub(crate) uri: Uri,
}

impl Target {
    /// Parses the URL of a service. `http://` is assumed for a loopback host.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = with_scheme(text)?;
        let authority = authority(&text);
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        if let Some((_, port)) = authority.rsplit_once(':')
            && !port.ends_with(']')
            && port.parse::<u16>().is_err()
        {
            return Err("its port is not a number from 0 to 65535".to_owned());
        }
        if let Some(c) = text.chars().find(|c| !c.is_ascii()) {
            let shown = c.to_string();
            let shown = Line(&shown);
            return Err(if authority.contains(c) {
                format!("its host has the character `{shown}`; write the host in ASCII (xn--…)")
            } else {
                format!("it has the character `{shown}`; percent-encode it")
            });
        }
        match text.parse::<Uri>() {
            Ok(uri) if uri.host().is_some_and(|host| !host.is_empty()) => Ok(Target { text, uri }),
            Ok(_) => Err("it has no host".to_owned()),
            Err(error) => Err(format!("it is not a valid URL: {error}")),
        }
    }
}

/// Parses the URL that messages are published to, the claim `sub`.
pub(crate) fn published(text: &str) -> Result<String, String> {
    checked(text, VerifierBuilder::url)
}

/// Parses the base URL of a service.
pub(crate) fn base(text: &str) -> Result<String, String> {
    checked(text, VerifierBuilder::base_url)
}

/// Parses the path and query of a request.
pub(crate) fn path_and_query(text: &str) -> Result<String, String> {
    if !text.starts_with('/') {
        Err("it does not begin with `/`; give it as the request line has it".to_owned())
    } else if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        Err(SPACE.to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn checked(
    text: &str,
    core: impl Fn(VerifierBuilder, &str) -> Result<VerifierBuilder, ConfigError>,
) -> Result<String, String> {
    let text = with_scheme(text)?;
    // The core has the rules for a URL.
    match core(Verifier::builder(SigningKeys::development()), &text) {
        Ok(_) => Ok(text),
        Err(ConfigError::InvalidUrl { reason, .. }) => Err(format!("it {reason}")),
        Err(error) => Err(error.to_string()),
    }
}

const SPACE: &str = "it has a space or a control character; percent-encode it, a space as %20";

/// Returns the URL with a scheme: `http://` is assumed for a loopback host.
fn with_scheme(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty; give a URL such as http://localhost:3000/webhook".to_owned());
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(SPACE.to_owned());
    }
    let scheme = text.split_once("://");
    let Some((scheme, tail)) = scheme.filter(|(scheme, _)| !scheme.contains(['/', '?', '#']))
    else {
        return without_scheme(text);
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err("its scheme is neither http nor https; QStash delivers to no other".to_owned());
    }
    if tail.is_empty() || tail.starts_with(['/', '?', '#', ':']) {
        return Err("it has no host; write one after ://".to_owned());
    }
    Ok(text.to_owned())
}

fn without_scheme(text: &str) -> Result<String, String> {
    if is_loopback(host(text.split(['/', '?', '#']).next().unwrap_or_default())) {
        return Ok(format!("http://{text}"));
    }
    // No message quotes the text, which may be a misplaced secret.
    Err(if text.starts_with("//") {
        "it has no scheme; write https: in front of it"
    } else if text.starts_with('/') {
        "it has neither scheme nor host; write http://localhost:3000 in front of it, or another"
    } else if text.starts_with(':') {
        "it has neither scheme nor host; write http://localhost in front of it"
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        "it has neither scheme nor host; write http://localhost: in front of it"
    } else if text.starts_with("http:") || text.starts_with("https:") {
        "there is no `//` after its scheme; write http:// or https:// in front of the host"
    } else {
        "it has no scheme, which only a loopback host may omit; write https:// in front of it"
    }
    .to_owned())
}

fn authority(url: &str) -> &str {
    let tail = url.split_once("://").map_or(url, |(_, tail)| tail);
    tail.split(['/', '?', '#']).next().unwrap_or_default()
}

fn host(authority: &str) -> &str {
    if authority.starts_with('[') {
        let end = authority.find(']').map_or(authority.len(), |end| end + 1);
        return authority.get(..end).unwrap_or(authority);
    }
    authority.split(':').next().unwrap_or(authority)
}

/// Returns whether a host is this machine.
///
/// `localhost`, names below it (RFC 6761 §6.3), and loopback addresses.
fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let name = host.strip_suffix('.').unwrap_or(&host);
    name == "localhost"
        || name.ends_with(".localhost")
        || host == "[::1]"
        || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
}

/// Returns whether a host is this machine, or a container, whose name has no dot.
pub(crate) fn is_local(host: &str) -> bool {
    is_loopback(host)
        || (!host.is_empty() && !host.contains(['.', ':']))
        || CONTAINER_HOSTS
            .iter()
            .any(|name| host.eq_ignore_ascii_case(name))
}

/// The names that Docker and Podman give to the machine a container runs on.
const CONTAINER_HOSTS: [&str; 2] = ["host.docker.internal", "host.containers.internal"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_assumed_for_a_loopback_host() {
        for given in [
            "localhost",
            "localhost:3000/webhook?a=b",
            "LOCALHOST:3000",
            "app.localhost/x",
            "127.0.0.1:3000/webhook",
            "127.1.2.3",
            "[::1]:3000/webhook",
            "localhost/?next=https://a.b",
        ] {
            let with = format!("http://{given}");
            assert_eq!(Target::parse(given).unwrap().text, with);
            assert_eq!(published(&format!(" {given}\n")), Ok(with));
        }
        for given in [
            "http://localhost:3000",
            "HTTPS://a.b/c?d#e",
            "http://[::1]/",
        ] {
            assert_eq!(Target::parse(given).unwrap().text, given);
            assert_eq!(published(given), Ok(given.to_owned()));
        }
        assert_eq!(
            base("localhost:3000/api"),
            Ok("http://localhost:3000/api".to_owned())
        );
    }

    #[test]
    fn loopback_hosts_and_containers_are_local() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "app.localhost",
            "127.0.0.1",
            "127.1.2.3",
            "[::1]",
            "qstash",
            "host.docker.internal",
            "host.containers.internal",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "localhost.example.com",
            "mylocalhost.example",
            "128.0.0.1",
            "[2001:db8::1]",
            "docker.internal",
            "qstash.upstash.io",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn invalid_urls_are_explained() {
        for (given, wrong) in [
            ("", "it is empty; "),
            (" ", "it is empty; "),
            ("http://localhost/a b", "it has a space "),
            ("localhost/a b", "it has a space "),
            ("http://a.b/\u{7f}", "it has a space or a control character"),
            (
                "a.b/c",
                "it has no scheme, which only a loopback host may omit; write https:// ",
            ),
            ("localhost.example.com", "it has no scheme, "),
            (
                "a.b/?u=https://c.d",
                "it has no scheme, which only a loopback host",
            ),
            ("//a.b/c", "it has no scheme; write https: in front of it"),
            (
                "/webhook",
                "it has neither scheme nor host; write http://localhost:3000 in front",
            ),
            (
                ":3000/x",
                "it has neither scheme nor host; write http://localhost in front",
            ),
            (
                "3000",
                "it has neither scheme nor host; write http://localhost: in front",
            ),
            (
                "http:/a.b",
                "there is no `//` after its scheme; write http://",
            ),
            ("ftp://a.b/", "its scheme is neither http nor https"),
            ("http://", "it has no host"),
            ("https:///x", "it has no host"),
            ("http://:80/", "it has no host"),
        ] {
            for reason in [
                Target::parse(given).unwrap_err(),
                published(given).unwrap_err(),
                base(given).unwrap_err(),
            ] {
                assert!(reason.starts_with(wrong), "{given}: {reason}");
            }
        }
        for (given, wrong) in [
            ("http://a.b:x/", "its port is not a number"),
            ("localhost:70000", "its port is not a number"),
            (
                "http://b\u{fc}cher.example/",
                "its host has the character `\u{fc}`",
            ),
            (
                "http://a.b/\u{fc}",
                "it has the character `\u{fc}`; percent-encode it",
            ),
            ("http://a.b/<", "it is not a valid URL: "),
        ] {
            let reason = Target::parse(given).unwrap_err();
            assert!(reason.starts_with(wrong), "{given}: {reason}");
        }
        assert!(
            base("https://a.b/?c")
                .unwrap_err()
                .starts_with("it has a query")
        );
        for given in ["webhook", "https://a.b/c", "/a b"] {
            assert!(path_and_query(given).is_err(), "{given}");
        }
    }
}
