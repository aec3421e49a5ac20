//! Tests of key rings.

use super::*;
use crate::keys::published::{DEVELOPMENT_KEYS, TESTING_KEYS};

#[test]
fn keys_given_in_code_are_chosen_by_region() {
    let keys = SigningKeys::development;
    let builder = KeyRing::builder().region(Region::EuCentral1, keys());
    let sources = |ring: &KeyRing| {
        let regions = [Some(Region::UsEast1), Some(Region::EuCentral1), None];
        regions.map(|region| ring.key_source(region))
    };
    let (explicit, of_region) = (Some(KeySource::Explicit), Some(KeySource::ExplicitRegion));
    let ring = builder.clone().build().unwrap();
    assert_eq!(sources(&ring), [None, of_region, None]);
    let ring = builder.default_keys(keys()).build().unwrap();
    assert_eq!(sources(&ring), [explicit, of_region, explicit]);
    let ring = KeyRing::builder().region(Region::UsEast1, keys());
    assert_eq!(sources(&ring.build().unwrap()), [of_region, None, None]);
    assert_eq!(
        KeyRing::builder().build().unwrap_err(),
        ConfigError::EmptyKeyRing
    );
}

#[test]
fn where_the_keys_for_a_region_come_from() {
    let ring = KeyRing::multi_region(Some(SigningKeys::development()), None, None, Vec::new());
    assert_eq!(
        ring.key_source(Some(Region::UsEast1)),
        Some(KeySource::Region)
    );
    assert_eq!(ring.key_source(Some(Region::EuCentral1)), None);
    assert_eq!(ring.key_source(None), None);
}

#[test]
fn builder_gives_each_region_its_own_keys() {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let pairs = [
        (Some(Region::UsEast1), "sig_us"),
        (Some(Region::EuCentral1), "sig_eu"),
        (None, "sig_default"),
    ];
    let mut builder = KeyRing::builder();
    for (region, key) in pairs {
        let keys = SigningKeys::new(key, "sig_next").unwrap();
        builder = match region {
            Some(region) => builder.region(region, keys),
            None => builder.default_keys(keys),
        };
    }
    let ring = builder.build().unwrap();
    for (region, key) in pairs {
        let mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
        let mac = mac.chain_update(b"message").finalize().into_bytes();
        let (pair, _) = ring.resolve(region).unwrap();
        assert!(pair.keys.which_made(b"message", &mac).is_some(), "{key}");
    }
}

#[test]
fn default_keys_alone_make_a_ring() {
    let ring = KeyRing::builder().default_keys(SigningKeys::development());
    let source = ring.build().unwrap().key_source(Some(Region::UsEast1));
    assert_eq!(source, Some(KeySource::Explicit));
}

#[test]
fn warnings_are_kept_in_order() {
    let half = ConfigWarning::HalfPair {
        region: None,
        missing: "A",
    };
    let mut ring = KeyRing::single_region(SigningKeys::development(), vec![half.clone()]);
    let on = ConfigWarning::DevelopmentKeys {
        variables: vec!["QSTASH_DEV"],
    };
    ring.push_warning(on.clone());
    assert_eq!(ring.warnings(), [half, on]);
    assert_eq!(KeyRing::from(SigningKeys::development()).warnings(), []);
}

#[test]
fn published_keys_given_in_code_are_a_warning() {
    let warning = [ConfigWarning::DevelopmentKeys {
        variables: Vec::new(),
    }];
    let genuine = SigningKeys::new("sig_current", "sig_next").unwrap();
    for [current, next] in [
        [DEVELOPMENT_KEYS[0], "sig_next"],
        ["sig_current", DEVELOPMENT_KEYS[1]],
        TESTING_KEYS,
    ] {
        let keys = SigningKeys::new(current, next).unwrap();
        assert_eq!(KeyRing::from(keys.clone()).warnings(), warning);
        let builder = || KeyRing::builder().default_keys(genuine.clone());
        for region in Region::ALL {
            let ring = builder().region(*region, keys.clone()).build();
            assert_eq!(ring.unwrap().warnings(), warning);
        }
        let ring = builder().default_keys(keys).build();
        assert_eq!(ring.unwrap().warnings(), warning);
    }
    let ring = KeyRing::from(genuine.clone());
    let with = |keys| ring.with_pair(None, &NewPair::new(keys));
    assert_eq!(with(genuine).warnings(), []);
    let [current, next] = TESTING_KEYS;
    let public = SigningKeys::new(current, next).unwrap();
    assert_eq!(with(public).warnings(), warning);
    assert_eq!(KeyRing::from(SigningKeys::development()).warnings(), []);
}
