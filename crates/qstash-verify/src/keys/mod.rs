//! Signing keys, and which of them verify a delivery.

mod key_ring;
pub(crate) mod public;
mod signing_key;

pub use key_ring::{KeyRing, KeyRingBuilder, KeySource};
pub use signing_key::{KeySlot, SigningKeys};
