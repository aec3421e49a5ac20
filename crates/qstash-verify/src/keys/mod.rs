//! Signing keys, and which of them verify a delivery.

mod key_ring;
mod key_source;
pub(crate) mod missing;
pub(crate) mod published;
mod roll;
pub(crate) mod signing_key;
pub(crate) mod stale;

pub(crate) use key_ring::NewPair;
pub use key_ring::{KeyRing, KeyRingBuilder};
pub use key_source::KeySource;
pub use signing_key::{KeySlot, SigningKeys};
pub use stale::StaleKeys;
