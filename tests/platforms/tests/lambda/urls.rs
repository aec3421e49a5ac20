//! `PUBLIC_URL`: queries, stages and custom domains.

use qstash_verify_platform_tests::{ORIGIN, accepted, refused};
use qstash_verify_test_support::DEFAULT_VARIABLES;

use crate::event::{Request, Source};
use crate::runtime_api::Function;

fn start(variables: &[(&str, &str)]) -> Function {
    Function::start(&[&DEFAULT_VARIABLES[..], variables].concat())
}

#[test]
fn query_with_several_parameters_matches_from_every_source() {
    let function = start(&[("PUBLIC_URL", ORIGIN)]);
    for source in Source::ALL {
        for query in [
            "",
            "?a=1",
            "?a=1&b=2&c=3&d=4&e=5&f=6",
            "?from=qstash&id=4711&to=a%20b%26c+d&empty=",
        ] {
            let target = format!("/webhook{query}");
            // An order that is random would differ in some of these.
            for _ in 0..10 {
                let request = Request::genuine(&target, b"");
                let answer = function.invoke(request.event(source)).json();
                assert_eq!(answer, accepted(None, "current", 0), "{source:?} {target}");
            }
        }
    }
}

/// An ALB without multi-value headers passes on the last value of a parameter only.
#[test]
fn repeated_parameters_match_unless_the_source_drops_them() {
    let function = start(&[("PUBLIC_URL", ORIGIN)]);
    for source in Source::ALL {
        let request = Request::genuine("/webhook?a=1&b=2&a=3", b"");
        let answer = function.invoke(request.event(source)).json();
        let expected = match source {
            Source::Alb => refused("url_mismatch"),
            _ => accepted(None, "current", 0),
        };
        assert_eq!(answer, expected, "{source:?}");
    }
}

#[test]
fn other_urls_are_a_mismatch() {
    let [other, same] =
        ["https://elsewhere.example.com", ORIGIN].map(|url| start(&[("PUBLIC_URL", url)]));
    for source in Source::ALL {
        let genuine = Request::genuine("/webhook?a=1&b=2", b"");
        let answer = other.invoke(genuine.event(source)).json();
        assert_eq!(answer, refused("url_mismatch"), "{source:?}");
        for target in [
            "/webhook?a=1&b=3",
            "/webhook?a=1",
            "/webhook",
            "/webhook?b=1&a=2",
        ] {
            let moved = genuine.clone().target(target);
            let answer = same.invoke(moved.event(source)).json();
            assert_eq!(answer, refused("url_mismatch"), "{source:?} {target}");
        }
    }
}

#[test]
fn stage_of_an_execute_api_url_matches() {
    let function = start(&[("PUBLIC_URL", ORIGIN)]);
    for source in [Source::HttpApi, Source::RestApi] {
        let request = Request::genuine("/prod/webhook?a=1&b=2", b"").stage("prod");
        let answer = function.invoke(request.event(source)).json();
        assert_eq!(answer, accepted(None, "current", 0), "{source:?}");
    }
}

#[test]
fn custom_domain_matches_without_the_stage() {
    let ignored = ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "1");
    let function = start(&[("PUBLIC_URL", ORIGIN), ignored]);
    let prefixed = start(&[("PUBLIC_URL", ORIGIN)]);
    for source in [Source::HttpApi, Source::RestApi] {
        let request = Request::genuine("/webhook?a=1&b=2", b"").custom_domain("prod");
        let answer = function.invoke(request.event(source)).json();
        assert_eq!(answer, accepted(None, "current", 0), "{source:?}");
        let answer = prefixed.invoke(request.event(source)).json();
        assert_eq!(answer, refused("url_mismatch"), "{source:?}");
    }
}
