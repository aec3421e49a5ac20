//! Extractors, rejections and answers for axum.

mod answer;
mod extract;
mod message;

pub use answer::{Refusal, Steer};
pub use extract::{Delivery, Metadata, MissingLayer};
pub use message::{Message, MessageRejection};
