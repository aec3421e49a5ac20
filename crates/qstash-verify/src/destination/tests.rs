//! Tests of the comparison of `sub` with an endpoint's URLs.

use super::*;

#[test]
fn url_is_compared_exactly() {
    let destination = Destination::url(" https://example.com/hook?a=b ").unwrap();
    assert!(destination.includes(
        "https://example.com/hook?a=b",
        "/elsewhere",
        QueryOrder::Compared
    ));
    for other in [
        "https://example.com/hook",
        "https://example.com/hook?a=b#",
        "https://Example.com/hook?a=b",
    ] {
        assert!(
            !destination.includes(other, "/hook?a=b", QueryOrder::Ignored),
            "{other}"
        );
    }
}

#[test]
fn base_url_is_joined_with_path_and_query() {
    for (base, target, sub, same) in [
        (
            "https://example.com",
            "/hook?a=b",
            "https://example.com/hook?a=b",
            true,
        ),
        (
            "https://example.com/",
            "/hook",
            "https://example.com/hook",
            true,
        ),
        (
            "https://example.com",
            "/hook",
            "HTTPS://Example.COM/hook",
            true,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com/hook#top",
            true,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com/hook#to the\ttop",
            true,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com/hook ",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            " https://example.com/hook",
            false,
        ),
        ("https://example.com", "/", "https://example.com", true),
        ("https://example.com", "/", "https://example.com/", true),
        ("https://example.com", "/?a", "https://example.com?a", true),
        (
            "https://example.com:8443",
            "/hook",
            "https://example.com:8443/hook",
            true,
        ),
        (
            "https://example.com/api/",
            "/hook",
            "https://example.com/api/hook",
            true,
        ),
        (
            "https://example.com/api",
            "/",
            "https://example.com/api/",
            true,
        ),
        (
            "https://example.com/api",
            "/",
            "https://example.com/api",
            true,
        ),
        (
            "https://example.com/api",
            "/?a",
            "https://example.com/api?a",
            true,
        ),
        (
            "https://example.com/api",
            "/s",
            "https://example.com/apis",
            false,
        ),
        ("https://example.com/api", "/", "https://example.com", false),
        (
            "https://example.com/api",
            "/hook",
            "https://example.com/apihook",
            false,
        ),
        (
            "https://example.com/api",
            "/hook",
            "https://example.com/hook",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            "http://example.com/hook",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com/hook/",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com/Hook",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com/hook?a",
            false,
        ),
        (
            "https://example.com",
            "/hook?a",
            "https://example.com/hook",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com.evil/hook",
            false,
        ),
        (
            "https://example.com",
            "/hook",
            "https://example.com@evil/hook",
            false,
        ),
        ("https://example.com", "/hook", "/hook", false),
        ("https://example.com", "", "https://example.com/hook", false),
    ] {
        let destination = Destination::base(base).unwrap();
        assert_eq!(
            destination.includes(sub, target, QueryOrder::Compared),
            same,
            "{base} {target} {sub}"
        );
    }
}

#[test]
fn order_of_the_query_is_compared_unless_it_is_lost() {
    let destination = Destination::base("https://example.com/api").unwrap();
    let sub = "https://example.com/api/hook?a=1&b=%20#top";
    for (target, kept, lost) in [
        ("/hook?a=1&b=%20", true, true),
        ("/hook?b=+&a=1", false, true),
        ("/hook?b=+", false, false),
        ("/hook", false, false),
        ("/HOOK?b=+&a=1", false, false),
        ("/api/hook?b=+&a=1", false, false),
    ] {
        let included = [QueryOrder::Compared, QueryOrder::Ignored]
            .map(|order| destination.includes(sub, target, order));
        assert_eq!(included, [kept, lost], "{target}");
    }
    for (sub, target) in [
        ("https://example.com/api?b&a", "/?a&b"),
        ("https://example.com/api/?", "/"),
        ("https://example.com/api", "/?"),
    ] {
        assert!(
            destination.includes(sub, target, QueryOrder::Ignored),
            "{sub}"
        );
    }
}

#[test]
fn any_of_several_urls_may_match() {
    let mut destinations = Destinations::default();
    assert!(destinations.include("https://anywhere.example/", "/hook"));
    destinations.add(Destination::base("https://example.com/api").unwrap());
    destinations.add(Destination::url("https://other.example/x").unwrap());
    for (sub, included) in [
        ("https://example.com/api/hook", true),
        ("https://other.example/x", true),
        ("https://other.example/hook", false),
    ] {
        assert_eq!(destinations.include(sub, "/hook"), included, "{sub}");
    }
    assert_eq!(
        destinations.urls("/hook"),
        ["https://example.com/api/hook", "https://other.example/x"]
    );
}

#[test]
fn invalid_urls_are_errors() {
    for url in [
        "",
        "example.com",
        "/hook",
        "ftp://example.com",
        "https://",
        "https:///x",
        "https://a b/",
    ] {
        assert!(Destination::url(url).is_err(), "{url}");
        assert!(Destination::base(url).is_err(), "{url}");
    }
    for url in ["https://example.com/?a=b", "https://example.com/#top"] {
        assert!(Destination::base(url).is_err(), "{url}");
    }
}
