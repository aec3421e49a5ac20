//! Fuzz targets, and a reference verifier to compare the libraries with.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "the numbers are small"
)]

pub mod authenticate;
mod compare;
pub mod delivery;
pub mod environment;
pub mod layer;
pub mod reader;
pub mod reference;
pub mod token;

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod seeds;
