//! The variants in turn.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::client::{Connection, Tally, Until};
use crate::delivery::{self, Request};
use crate::process::{Process, Usage};
use crate::{Failure, Framework, Server, Variant, cores, report};

/// How long an answer may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is to be measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) bounds: Bounds,
    /// To each server.
    pub(crate) connections: usize,
    /// Whether nobody has a core of its own.
    pub(crate) shared: bool,
    pub(crate) log: bool,
    /// Whether times are of interest.
    pub(crate) timed: bool,
}

/// How long it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Of one comparison, at least.
    pub(crate) comparison: Duration,
    /// How long a server has its turn: so long,
    pub(crate) round: Duration,
    /// and for no more answers than this.
    pub(crate) round_answers: usize,
    /// Answers of wrapped servers, of all comparisons.
    pub(crate) answers: usize,
}

/// All that was seen.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) memory: Vec<Memory>,
    /// Right answers of wrapped servers, those of the warm-up too.
    pub(crate) answers: usize,
    pub(crate) wrong: usize,
    pub(crate) told: Vec<String>,
}

/// One kind of traffic to one framework, bare and wrapped.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) framework: Framework,
    pub(crate) traffic: Traffic,
    /// Pair after pair.
    pub(crate) bare: Vec<Round>,
    /// None of forgeries: what it takes to refuse one depends on why.
    pub(crate) floor: Vec<Round>,
    pub(crate) wrapped: Vec<Round>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    Genuine,
    HalfForged,
}

impl Variant {
    /// What it takes to refuse a forgery depends on why, so that has no floor.
    fn takes(self, traffic: Traffic) -> bool {
        self != Variant::Floor || traffic == Traffic::Genuine
    }
}

impl Traffic {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Traffic::Genuine => "genuine",
            Traffic::HalfForged => "half of it forged",
        }
    }
}

/// One turn of one server.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) tally: Tally,
    pub(crate) elapsed: Duration,
    /// Of the server.
    pub(crate) usage: Usage,
}

/// What a server holds after the warm-up and in the end, in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) framework: Framework,
    pub(crate) variant: Variant,
    pub(crate) before: u64,
    pub(crate) after: u64,
    /// Requests between the two.
    pub(crate) requests: usize,
}

/// A server and the connections to it.
struct Opponent {
    variant: Variant,
    process: Process,
    connections: Vec<Connection>,
    warm: u64,
    requests: usize,
}

/// Measures everything, and prints each comparison when it is done.
pub(crate) fn run(plan: Plan) -> Result<Results, Failure> {
    let cores = cores::two().filter(|_| !plan.shared);
    if let Some((client, server)) = cores {
        cores::stay_on(client)?;
        println!("the client on core {client}, each server on core {server}");
    } else {
        println!("the client and each server on all cores");
    }
    let core = cores.map(|(_client, server)| server);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let traffics: [(Traffic, Arc<[Request]>); 2] = [
        (Traffic::Genuine, delivery::genuine().into()),
        (Traffic::HalfForged, delivery::half_forged().into()),
    ];
    let mut results = Results::default();
    for framework in [Framework::Axum, Framework::Actix] {
        runtime.block_on(compare(framework, core, &traffics, plan, &mut results))?;
    }
    Ok(results)
}

async fn compare(
    framework: Framework,
    core: Option<usize>,
    traffics: &[(Traffic, Arc<[Request]>)],
    plan: Plan,
    results: &mut Results,
) -> Result<(), Failure> {
    let mut opponents = Vec::new();
    for variant in Variant::ALL {
        let server = Server {
            framework,
            variant,
            core,
            log: plan.log,
        };
        let mut opponent = Opponent::start(server, plan.connections).await?;
        for (traffic, requests) in traffics {
            if !variant.takes(*traffic) {
                continue;
            }
            // Twice: the second time, memory that the first gave back is taken again.
            for _ in 0..2 {
                let round = opponent.round(requests, plan.bounds).await?;
                results.note(variant, round.tally);
            }
        }
        opponent.warm = opponent.process.memory()?;
        opponent.requests = 0;
        opponents.push(opponent);
    }
    for (traffic, requests) in traffics {
        let mut comparison = Comparison {
            framework,
            traffic: *traffic,
            bare: Vec::new(),
            floor: Vec::new(),
            wrapped: Vec::new(),
        };
        let mut turns: Vec<&mut Opponent> = opponents
            .iter_mut()
            .filter(|opponent| opponent.variant.takes(*traffic))
            .collect();
        let start = Instant::now();
        let mut answers = 0;
        // Four comparisons share what is asked for.
        while comparison.wrapped.is_empty()
            || start.elapsed() < plan.bounds.comparison
            || (answers < plan.bounds.answers.div_ceil(4)
                && start.elapsed() < plan.bounds.comparison * 3)
        {
            for opponent in &mut turns {
                let round = opponent.round(requests, plan.bounds).await?;
                match opponent.variant {
                    Variant::Bare => comparison.bare.push(round),
                    Variant::Floor => comparison.floor.push(round),
                    Variant::Wrapped => {
                        answers += round.tally.latencies.len();
                        comparison.wrapped.push(round);
                    }
                }
            }
            // Each finds the core as the one before has left it.
            turns.rotate_left(1);
        }
        if plan.timed {
            report::print(&comparison);
        }
        results.take(comparison);
    }
    for opponent in &opponents {
        if opponent.variant == Variant::Floor {
            continue;
        }
        let memory = Memory {
            framework,
            variant: opponent.variant,
            before: opponent.warm,
            after: opponent.process.memory()?,
            requests: opponent.requests,
        };
        report::print_memory(&memory);
        results.memory.push(memory);
    }
    Ok(())
}

impl Opponent {
    async fn start(server: Server, count: usize) -> Result<Self, Failure> {
        let process = Process::start(server)?;
        let mut connections = Vec::with_capacity(count);
        for number in 0..count {
            // Far apart, and as many at a forgery as at a genuine one.
            let first = number * 61;
            connections.push(Connection::open(process.port, server.variant, first).await?);
        }
        Ok(Opponent {
            variant: server.variant,
            process,
            connections,
            warm: 0,
            requests: 0,
        })
    }

    /// One turn.
    async fn round(&mut self, requests: &Arc<[Request]>, bounds: Bounds) -> Result<Round, Failure> {
        let before = self.process.usage()?;
        let start = Instant::now();
        let until = Until {
            time: start + bounds.round,
            answers: bounds.round_answers.div_ceil(self.connections.len()),
        };
        let mut driven = JoinSet::new();
        for connection in self.connections.drain(..) {
            driven.spawn(connection.drive(Arc::clone(requests), until));
        }
        let give_up = (until.time + PATIENCE).into();
        let mut tally = Tally::default();
        while let Some(done) = timeout_at(give_up, driven.join_next())
            .await
            .map_err(|_| format!("no answer for {} s", PATIENCE.as_secs()))?
        {
            let (connection, some) = done??;
            self.connections.push(connection);
            tally.add(some);
        }
        let elapsed = start.elapsed();
        self.requests += tally.latencies.len();
        Ok(Round {
            tally,
            elapsed,
            usage: self.process.usage()?.since(before),
        })
    }
}

impl Results {
    /// Takes what counts of the warm-up.
    fn note(&mut self, variant: Variant, tally: Tally) {
        if variant == Variant::Wrapped {
            self.answers += tally.latencies.len();
        }
        self.wrong += tally.wrong;
        self.told.extend(tally.told);
    }

    fn take(&mut self, comparison: Comparison) {
        for round in &comparison.wrapped {
            self.answers += round.tally.latencies.len();
        }
        let others = comparison.bare.iter().chain(&comparison.floor);
        for round in others.chain(&comparison.wrapped) {
            self.wrong += round.tally.wrong;
            self.told.extend(round.tally.told.iter().cloned());
        }
        self.comparisons.push(comparison);
    }
}
