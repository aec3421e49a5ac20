//! The comparisons, and the ratio of two connections.

use std::error::Error;
use std::task::Context;
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::service::Variant;
use crate::traffic::{Framework, Traffic};

const TRAFFIC: [Traffic; 4] = [
    Traffic {
        name: "1 KiB",
        size: 1024,
        forged: false,
    },
    Traffic {
        name: "64 KiB",
        size: 64 * 1024,
        forged: false,
    },
    Traffic {
        name: "1 MiB",
        size: 1024 * 1024,
        forged: false,
    },
    Traffic {
        name: "forged",
        size: 1024,
        forged: true,
    },
];

#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison {
    pub(crate) framework: Framework,
    pub(crate) traffic: Traffic,
}

pub(crate) fn all() -> impl Iterator<Item = Comparison> {
    let frameworks = [Framework::Axum, Framework::AxumHttp2, Framework::Actix];
    frameworks
        .into_iter()
        .flat_map(|framework| TRAFFIC.map(|traffic| Comparison { framework, traffic }))
}

/// The times of a comparison.
pub(crate) struct Measured {
    /// Microseconds of a request: bare, floor, wrapped.
    pub(crate) times: [f64; 3],
    /// Wrapped over floor: the median of the rounds.
    pub(crate) ratio: f64,
    /// The half of the middle half of the rounds' ratios.
    pub(crate) spread: f64,
}

const ROUNDS: usize = 25;
const TURNS: usize = 8;
/// About how long a turn takes.
const TURN: Duration = Duration::from_millis(2);

impl Comparison {
    pub(crate) fn name(&self) -> String {
        format!("{}, {}", self.framework.name(), self.traffic.name)
    }

    /// Returns the ratio that is aimed at.
    pub(crate) fn aim(&self) -> f64 {
        match (self.framework, self.traffic) {
            (_, Traffic { forged: true, .. }) => 1.2,
            (Framework::Actix, Traffic { size: 1024, .. }) => 1.1,
            (_, Traffic { size: 1024, .. }) => 1.08,
            _ => 1.01,
        }
    }

    /// Alternates between the connections. The time of a round is that of its fastest
    /// turn, so that other load affects it little.
    pub(crate) async fn measure(&self, cx: &mut Context<'_>) -> Result<Measured, Box<dyn Error>> {
        let variants = [
            Variant::Bare,
            Variant::Floor(self.traffic.floor()),
            Variant::Wrapped,
        ];
        let mut connections = Vec::new();
        for variant in variants {
            connections.push(Connection::open(self.framework, self.traffic, variant, cx).await?);
        }
        for connection in &mut connections {
            connection.run(100, cx)?;
        }
        let start = Instant::now();
        if let Some(connection) = connections.first_mut() {
            connection.run(20, cx)?;
        }
        let one = start.elapsed() / 20;
        let requests = TURN.as_nanos() / one.as_nanos().max(1);
        let requests = u32::try_from(requests)?.clamp(2, 1000);

        let mut rounds: [Vec<f64>; 3] = Default::default();
        for _ in 0..ROUNDS {
            let mut fastest = [Duration::MAX; 3];
            for turn in 0..TURNS {
                // The order rotates, since the first has colder caches.
                for at in 0..3 {
                    let at = (at + turn) % 3;
                    if let (Some(connection), Some(fastest)) =
                        (connections.get_mut(at), fastest.get_mut(at))
                    {
                        *fastest = connection.run(requests, cx)?.min(*fastest);
                    }
                }
            }
            for (round, fastest) in rounds.iter_mut().zip(fastest) {
                round.push(fastest.as_secs_f64() * 1e6 / f64::from(requests));
            }
        }
        let [bare, floor, wrapped] = &rounds;
        let ratios = wrapped
            .iter()
            .zip(floor)
            .map(|(wrapped, floor)| wrapped / floor);
        let ratios = sorted(ratios);
        Ok(Measured {
            times: [bare, floor, wrapped].map(|of| part(&sorted(of.iter().copied()), 25)),
            ratio: part(&ratios, 50),
            spread: (part(&ratios, 75) - part(&ratios, 25)) / 2.0,
        })
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Returns the value with this percentage of sorted values before it.
fn part(sorted: &[f64], percentage: usize) -> f64 {
    let at = sorted.len() * percentage / 100;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
