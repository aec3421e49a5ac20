//! The servers under test.

use clap::ValueEnum;

/// A server: its framework, its variant, and how it runs.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Target {
    pub(crate) framework: Framework,
    pub(crate) variant: Variant,
    /// The core to pin it to, with one worker.
    #[arg(long)]
    pub(crate) core: Option<usize>,
    #[arg(long)]
    pub(crate) log: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Framework {
    Axum,
    Actix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Variant {
    Bare,
    /// With middleware that buffers the body and computes MAC and hash.
    Floor,
    Wrapped,
}

impl Framework {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Framework::Axum => "axum",
            Framework::Actix => "actix",
        }
    }
}

impl Variant {
    pub(crate) const ALL: [Variant; 3] = [Variant::Bare, Variant::Floor, Variant::Wrapped];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Variant::Bare => "bare",
            Variant::Floor => "floor",
            Variant::Wrapped => "wrapped",
        }
    }
}
