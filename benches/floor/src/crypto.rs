use std::hint::black_box;
use std::sync::LazyLock;

use hmac::{Hmac, KeyInit as _, Mac as _};
use qstash_verify::testing::{CURRENT_KEY, NEXT_KEY};
use sha2::{Digest as _, Sha256};

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
static KEYS: LazyLock<[Hmac<Sha256>; 2]> = LazyLock::new(|| {
    [CURRENT_KEY, NEXT_KEY]
        .map(|key| Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length"))
});

/// Which floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// One MAC and the hash of the body.
    Accept,
    /// Two MACs and a 401.
    Refuse,
}

impl Floor {
    /// Computes the MACs; `None` without a token, which would lack them.
    pub(crate) fn macs(self, token: Option<&[u8]>) -> Option<()> {
        let token = token?;
        let dot = token.iter().rposition(|byte| *byte == b'.')?;
        let input = token.get(..dot)?;
        let keys = match self {
            Floor::Accept => 1,
            Floor::Refuse => 2,
        };
        for key in KEYS.iter().take(keys) {
            black_box(key.clone().chain_update(black_box(input)).finalize());
        }
        Some(())
    }
}

/// Computes the hash.
pub(crate) fn hash(body: &[u8]) {
    black_box(Sha256::digest(black_box(body)));
}
