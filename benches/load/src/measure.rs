//! Runs the variants alternately.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::client::{Connection, Tally, Until};
use crate::delivery::{self, Request};
use crate::failure::Failure;
use crate::plan::{Bounds, Plan};
use crate::process::Process;
use crate::results::{Comparison, Memory, Results, Round, Traffic};
use crate::target::{Framework, Target, Variant};
use crate::{cores, report};

/// Timeout of a response, which ends the run.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// A server process and its connections.
struct Contender {
    variant: Variant,
    process: Process,
    connections: Vec<Connection>,
    /// Memory after the warm-up, in KiB.
    memory: u64,
    /// Requests since the warm-up.
    requests: usize,
}

/// Measures all variants, and prints each comparison when complete.
pub(crate) fn run(plan: Plan) -> Result<Results, Failure> {
    let cores = cores::two().filter(|_| !plan.shared);
    if let Some((client, server)) = cores {
        cores::stay_on(client)?;
        println!("client on core {client}, each server on core {server}");
    } else {
        println!("client and each server on all cores");
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
    let mut contenders = Vec::new();
    for variant in Variant::ALL {
        let target = Target {
            framework,
            variant,
            core,
            log: plan.log,
        };
        let mut contender = Contender::start(target, plan.connections).await?;
        for (traffic, requests) in traffics {
            if !traffic.includes(variant) {
                continue;
            }
            // The allocator returns memory after the first round and regains it in the second.
            for _ in 0..2 {
                let round = contender.round(requests, plan.bounds).await?;
                results.add_warm_up(variant, round.tally);
            }
        }
        contender.memory = contender.process.memory()?;
        contender.requests = 0;
        contenders.push(contender);
    }
    for (traffic, requests) in traffics {
        let mut comparison = Comparison {
            framework,
            traffic: *traffic,
            bare: Vec::new(),
            floor: Vec::new(),
            wrapped: Vec::new(),
        };
        let mut turns: Vec<&mut Contender> = contenders
            .iter_mut()
            .filter(|contender| traffic.includes(contender.variant))
            .collect();
        let start = Instant::now();
        let mut answers = 0;
        // Four comparisons share the number of responses.
        while comparison.wrapped.is_empty()
            || start.elapsed() < plan.bounds.comparison
            || (answers < plan.bounds.answers.div_ceil(4)
                && start.elapsed() < plan.bounds.comparison * 3)
        {
            for contender in &mut turns {
                let round = contender.round(requests, plan.bounds).await?;
                match contender.variant {
                    Variant::Bare => comparison.bare.push(round),
                    Variant::Floor => comparison.floor.push(round),
                    Variant::Wrapped => {
                        answers += round.tally.latencies.len();
                        comparison.wrapped.push(round);
                    }
                }
            }
            // The order rotates, so that CPU caches favour no variant.
            turns.rotate_left(1);
        }
        if plan.timed {
            report::print(&comparison);
        }
        results.add(comparison);
    }
    for contender in &contenders {
        if contender.variant == Variant::Floor {
            continue;
        }
        let memory = Memory {
            framework,
            variant: contender.variant,
            before: contender.memory,
            after: contender.process.memory()?,
            requests: contender.requests,
        };
        report::print_memory(&memory);
        results.memory.push(memory);
    }
    Ok(())
}

impl Contender {
    async fn start(target: Target, count: usize) -> Result<Self, Failure> {
        let process = Process::start(target)?;
        let mut connections = Vec::with_capacity(count);
        for number in 0..count {
            // An odd distance: half of the connections start at a forgery.
            let first = number * 61;
            connections.push(Connection::open(process.port, target.variant, first).await?);
        }
        Ok(Contender {
            variant: target.variant,
            process,
            connections,
            memory: 0,
            requests: 0,
        })
    }

    /// Runs one round.
    async fn round(&mut self, requests: &Arc<[Request]>, bounds: Bounds) -> Result<Round, Failure> {
        let before = self.process.usage()?;
        let start = Instant::now();
        let until = Until {
            time: start + bounds.round,
            answers: bounds.round_answers.div_ceil(self.connections.len()),
        };
        let mut tasks = JoinSet::new();
        for connection in self.connections.drain(..) {
            tasks.spawn(connection.drive(Arc::clone(requests), until));
        }
        let deadline = (until.time + ANSWER_TIMEOUT).into();
        let mut tally = Tally::default();
        while let Some(finished) = timeout_at(deadline, tasks.join_next())
            .await
            .map_err(|_| format!("no response within {} s", ANSWER_TIMEOUT.as_secs()))?
        {
            let (connection, counts) = finished??;
            self.connections.push(connection);
            tally.add(counts);
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
