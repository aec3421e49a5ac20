//! CPU affinity.

use crate::failure::Failure;

/// Returns a core for the client and one for the server, if two are available.
pub(crate) fn two() -> Option<(usize, usize)> {
    let mut cores = available().into_iter();
    cores.next().zip(cores.next())
}

#[cfg(target_os = "linux")]
fn available() -> Vec<usize> {
    use rustix::thread::{CpuSet, sched_getaffinity};

    sched_getaffinity(None).map_or_else(
        |_| Vec::new(),
        |set| {
            let cores = 0..CpuSet::MAX_CPU;
            cores.filter(|core| set.is_set(*core)).collect()
        },
    )
}

/// Pins this thread and its child threads to a core.
#[cfg(target_os = "linux")]
pub(crate) fn stay_on(core: usize) -> Result<(), Failure> {
    use rustix::thread::{CpuSet, sched_setaffinity};

    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).map_err(|error| {
        format!("can't pin the process to a core: {core}: {error}; run with --shared").into()
    })
}

#[cfg(not(target_os = "linux"))]
fn available() -> Vec<usize> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn stay_on(_core: usize) -> Result<(), Failure> {
    Err("can't pin a process to a core: not Linux; run with --shared".into())
}
