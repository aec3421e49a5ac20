//! HMAC-SHA-256 (RFC 2104 §2).

use sha2::{Digest as _, Sha256};

/// Returns the SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Returns the MAC of `message` with `key`.
#[must_use]
pub fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&sha256(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = sha256(&[&block.map(|byte| byte ^ 0x36)[..], message].concat());
    sha256(&[&block.map(|byte| byte ^ 0x5c)[..], &inner].concat())
}

#[test]
fn hmac_passes_test_cases_2_and_6_of_rfc_4231() {
    let start = hmac(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(start[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    let long = hmac(
        &[0xaa; 131],
        b"Test Using Larger Than Block-Size Key - Hash Key First",
    );
    assert_eq!(long[..4], [0x60, 0xe4, 0x31, 0x59]);
}
