//! The actix-web middleware: its contract, and composition with other middleware.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod bodies;
mod body_limit;
mod custom_response;
mod debug;
mod drain;
mod drain_limits;
mod dropped_body;
mod extractors;
mod late_body;
mod mount_points;
mod order;
mod refusals;
mod replay;
mod support;
mod with_other_middleware;
