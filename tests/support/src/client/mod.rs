//! An HTTP/1.1 client that sends exactly the bytes it is given.

mod answer;
mod connection;
mod request;

pub use answer::Answer;
pub use connection::Connection;
pub use request::Request;
