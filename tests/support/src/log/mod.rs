//! Log capture, as events with fields and spans or as formatted text.

mod events;
mod text;

pub use events::{Fields, Line, Log};
pub use text::captured;
