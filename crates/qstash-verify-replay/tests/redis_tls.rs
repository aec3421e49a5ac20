//! The crypto provider of the process, in a process of its own.
#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use qstash_verify_replay::RedisStore;
use rustls::crypto::CryptoProvider;

#[tokio::test]
async fn valkeys_url_installs_a_crypto_provider() {
    for plain in ["redis://127.0.0.1", "valkey://127.0.0.1"] {
        let _ = RedisStore::connect(plain).unwrap();
        assert!(CryptoProvider::get_default().is_none(), "{plain}");
    }
    let _ = RedisStore::connect("VALKEYS://127.0.0.1").unwrap();
    assert!(CryptoProvider::get_default().is_some());
}
