//! The contents of a delivery, and responses that control QStash's retries.

mod callback;
mod metadata;
mod parse;
mod retry;

pub use callback::Callback;
pub use metadata::MessageMetadata;
pub use parse::{MessageError, parse_message};
pub use retry::Retry;
