//! What the fuzz targets run: inputs made of the fuzzer's bytes, and a reference
//! verifier to compare the libraries with.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "the numbers are small"
)]

mod agree;
pub mod authenticate;
pub mod delivery;
pub mod environment;
pub mod layer;
pub mod reader;
pub mod reference;
pub mod token;

#[cfg(test)]
mod reach;
#[cfg(test)]
mod seeds;
