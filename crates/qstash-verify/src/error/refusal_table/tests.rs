//! Tests of the texts of refusals.

use std::borrow::Cow;
use std::time::Duration;

use super::*;

#[test]
fn texts_name_the_distance_in_time_and_the_variables() {
    let text = |error: VerifyError| error.to_string();
    assert!(
        text(VerifyError::Expired {
            ago: Duration::from_secs(252)
        })
        .contains("expired 4 min 12 s ago")
    );
    assert!(
        text(VerifyError::Expired {
            ago: Duration::from_millis(250)
        })
        .contains("0.250 s")
    );
    assert!(
        text(VerifyError::NotYetValid {
            ahead: Duration::from_secs(9)
        })
        .contains("another 9 s")
    );
    let eu = Some(Region::EuCentral1);
    assert!(
        text(VerifyError::BadSignature {
            source: KeySource::Region,
            region: eu
        })
        .contains("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY")
    );
    let none = text(VerifyError::NoSigningKeys {
        region: eu,
        repeated: false,
    });
    for variable in variables::signing_keys(eu)
        .into_iter()
        .chain(variables::signing_keys(None))
    {
        assert!(none.contains(variable), "{none}");
    }
}

#[test]
fn url_mismatch_names_each_expected_url() {
    let expected = ["https://a.b", "https://c.d", "https://e.f"].map(str::to_owned);
    let (sub, expected) = (String::new(), expected.to_vec());
    let text = VerifyError::UrlMismatch { sub, expected }.to_string();
    let urls = "this endpoint is `https://a.b` or `https://c.d` or `https://e.f`: ";
    assert!(text.contains(urls), "{text}");
}

#[test]
fn url_mismatch_points_out_a_trailing_slash() {
    let text = |sub: &str| {
        let (sub, expected) = (sub.to_owned(), vec!["https://a.b/c".to_owned()]);
        VerifyError::UrlMismatch { sub, expected }.to_string()
    };
    assert!(text("https://a.b/c/").contains("differ only in the trailing `/`"));
    assert!(
        text("https://a.b/d").ends_with("set the verifier's URL to the one that you publish to")
    );
}

#[test]
fn line_break_in_a_claim_name_is_escaped() {
    let claim = Cow::Borrowed("a\nERROR forged");
    let text = VerifyError::InvalidClaim { claim, reason: "x" }.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
}
