//! README.md and docs/: size, links, codes, and the code that they show.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "tests fail by panicking; shown code is written as in a service"
)]

mod actix;
mod axum;
mod codes;
mod cron_secret;
mod cron_secret_answers;
mod links;
mod logs;
mod page;
mod shown;
