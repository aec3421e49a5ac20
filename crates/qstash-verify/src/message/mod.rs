//! The contents of a delivery, and answers that control QStash's retries.

mod callback;
mod metadata;
mod parse;
mod retry;

pub use callback::Callback;
pub use metadata::MessageMetadata;
pub use parse::{MessageError, parse_message};
pub use retry::Retry;
