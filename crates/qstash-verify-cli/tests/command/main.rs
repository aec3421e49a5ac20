//! Tests of the `qstash-verify` command as a process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

mod backend;
mod batch;
mod check;
mod directory;
mod help;
mod keys;
mod listen;
mod pages;
mod process;
#[cfg(unix)]
mod quick_start;
mod send;
mod sign;
mod tls;
mod transcript;
mod verify;
