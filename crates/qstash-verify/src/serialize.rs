//! Implementations of `Serialize` and `Deserialize` (feature `serde`).

use std::time::SystemTime;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use crate::clock::unix_seconds_of;
use crate::keys::{KeySlot, KeySource};
use crate::message::MessageMetadata;
use crate::region::Region;
use crate::token::claims::Claims;

macro_rules! as_word {
    ($($type:ty),+) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

as_word!(Region, KeySlot, KeySource);

/// Accepts either spelling, in any case.
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// A date as a `NumericDate` (RFC 7519 §2): an integer unless it has a fraction.
struct Date(SystemTime);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seconds = unix_seconds_of(self.0);
        if seconds.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "of the years 1 to 9999")]
            serializer.serialize_i64(seconds as i64)
        } else {
            serializer.serialize_f64(seconds)
        }
    }
}

/// Serialises dates as `NumericDate` (RFC 7519 §2), absent claims as null.
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut claims = serializer.serialize_struct("Claims", 6)?;
        claims.serialize_field("iss", self.iss())?;
        claims.serialize_field("sub", self.sub())?;
        claims.serialize_field("exp", &Date(self.exp()))?;
        claims.serialize_field("nbf", &self.nbf().map(Date))?;
        claims.serialize_field("iat", &self.iat().map(Date))?;
        claims.serialize_field("jti", &self.jti())?;
        claims.end()
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl Serialize for MessageMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut metadata = serializer.serialize_struct("MessageMetadata", 9)?;
        metadata.serialize_field("message_id", &self.message_id())?;
        metadata.serialize_field("retried", &self.retried())?;
        metadata.serialize_field("schedule_id", &self.schedule_id())?;
        metadata.serialize_field("url_group", &self.url_group())?;
        metadata.serialize_field("caller_ip", &self.caller_ip())?;
        metadata.serialize_field("labels", self.labels())?;
        metadata.serialize_field("workflow_run_id", &self.workflow_run_id())?;
        metadata.serialize_field("flow_control_key", &self.flow_control_key())?;
        metadata.serialize_field("other_headers", self.other_headers())?;
        metadata.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::time_at;
    use crate::destination::Destinations;
    use crate::token::claims::{Checks, check};

    #[test]
    fn regions_and_keys_are_serialised_as_strings() {
        assert_eq!(json!(Region::UsEast1), "US_EAST_1");
        assert_eq!(json!(KeySlot::Next), "next");
        assert_eq!(json!(KeySource::ExplicitRegion), "explicit_region");
        assert_eq!(
            serde_json::from_value::<Region>(json!("us-east-1")).unwrap(),
            Region::UsEast1
        );
        assert!(serde_json::from_value::<Region>(json!("MARS_1")).is_err());
    }

    #[test]
    fn dates_are_integers_unless_they_have_a_fraction() {
        let text = |seconds| serde_json::to_string(&Date(time_at(seconds))).unwrap();
        assert_eq!(text(1_783_794_665.0), "1783794665");
        assert_eq!(text(-62_135_596_800.0), "-62135596800");
        assert_eq!(text(1.5), "1.5");
    }

    #[test]
    fn absent_values_are_null() {
        let metadata = MessageMetadata::from_headers([("upstash-retried", "2")]);
        let expected = json!({"message_id": null, "retried": 2, "schedule_id": null,
            "url_group": null, "caller_ip": null, "labels": [], "workflow_run_id": null,
            "flow_control_key": null, "other_headers": {}});
        assert_eq!(json!(metadata), expected);
        assert_eq!(
            serde_json::to_string(&Claims::default()).unwrap(),
            r#"{"iss":"Upstash","sub":"","exp":0,"nbf":null,"iat":null,"jti":null}"#
        );
    }

    #[test]
    fn every_claim_and_metadata_field_is_serialised() {
        let payload = json!({"body": "", "iss": "Upstash", "sub": "https://example.com/", "exp": 3,
            "nbf": 1.5, "iat": 2, "jti": "jwt_1"});
        let checks = Checks {
            now: 2.0,
            tolerance: 0.0,
            destinations: &Destinations::default(),
            path_and_query: "/",
        };
        let (claims, _) = check(payload.to_string().as_bytes(), &checks).unwrap();
        let expected = json!({"iss": "Upstash", "sub": "https://example.com/", "exp": 3,
            "nbf": 1.5, "iat": 2, "jti": "jwt_1"});
        assert_eq!(json!(claims), expected);

        let metadata = MessageMetadata::from_headers([
            ("upstash-message-id", "msg_1"),
            ("upstash-retried", "2"),
            ("upstash-schedule-id", "scd_1"),
            ("upstash-topic-name", "orders"),
            ("upstash-caller-ip", "192.0.2.1"),
            ("upstash-label", "a"),
            ("upstash-workflow-runid", "wfr_1"),
            ("upstash-flow-control-key", "key"),
            ("upstash-new", "b"),
        ]);
        let expected = json!({"message_id": "msg_1", "retried": 2, "schedule_id": "scd_1",
            "url_group": "orders", "caller_ip": "192.0.2.1", "labels": ["a"],
            "workflow_run_id": "wfr_1", "flow_control_key": "key",
            "other_headers": {"upstash-new": ["b"]}});
        assert_eq!(json!(metadata), expected);
    }
}
