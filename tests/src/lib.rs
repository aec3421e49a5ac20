//! Servers with the adapters, and the exports of `qstash-verify-test-support`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic fails the test"
)]

mod server;

pub use qstash_verify_test_support::*;
pub use server::Server;

/// Compiles the code on README.md and the pages of docs/.
#[cfg(doctest)]
mod pages {
    macro_rules! pages {
        ($($name:ident $path:literal;)+) => {
            $(#[doc = include_str!($path)] struct $name;)+
        };
    }
    pages! {
        Readme "../../README.md";
        Benchmarks "../../docs/benchmarks.md";
        Cli "../../docs/cli.md";
        Configuration "../../docs/configuration.md";
        Development "../../docs/development.md";
        Frameworks "../../docs/frameworks.md";
        FrameworksOnAxum "../../docs/frameworks-on-axum.md";
        KeyRotation "../../docs/key-rotation.md";
        Migration "../../docs/migration.md";
        Platforms "../../docs/platforms.md";
        Production "../../docs/production.md";
        Replay "../../docs/replay.md";
        Troubleshooting "../../docs/troubleshooting.md";
    }
}
