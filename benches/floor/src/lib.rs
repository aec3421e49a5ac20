//! The floor of verification: what any middleware costs that buffers the body, computes
//! the MAC of the token and the hash of the body, and looks at neither.
//!
//! [`FloorLayer`] is a tower layer for axum, [`FloorMiddleware`] an actix-web
//! `Transform`. For forgeries the floor is a 401 after the MACs of both keys.

mod actix;
mod crypto;
mod tower;

pub use actix::{FloorMiddleware, FloorMiddlewareService};
pub use crypto::Floor;
pub use tower::{FloorLayer, FloorService};

/// The body of the 401.
pub const REFUSAL: &str = r#"{"error":"bad_signature"}"#;
const CHALLENGE: &str = "Upstash-Signature";
const JSON: &str = "application/json";
const SIGNATURE: &str = "upstash-signature";
